// Runs one kernel on a memory that lies in a file, and prints its result: so that the kernels of another processor are
// tested as those of this one are.
//
//     run <memory> <kernel> <parameters>...

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "../../../src/kernels/native/bounds.h"
#include "../../../src/kernels/native/kernels.h"

namespace {

using namespace xformer;

#if defined(__AVX512F__)
const KernelSet& kernels = avx512::kernels;
#elif defined(__AVX2__)
const KernelSet& kernels = avx2::kernels;
#else
const KernelSet& kernels = neon::kernels;
#endif

/** A parameter, which is an offset in the memory where the kernel takes an address. */
template <class T>
T parameter(const char* text, uint8_t* memory) {
  const double number = strtod(text, nullptr);
  if constexpr (std::is_pointer_v<T>) return number == 0 ? nullptr : reinterpret_cast<T>(memory + static_cast<size_t>(number));
  else return static_cast<T>(number);
}

template <class Result, class... Arguments, Result (*KernelSet::*FIELD)(Arguments...),
          void (*EXTENT)(Bounds&, Arguments...), size_t... I>
void run(Kernel<FIELD, EXTENT>, char** texts, uint8_t* memory, std::index_sequence<I...>) {
  if constexpr (std::is_void_v<Result>) (kernels.*FIELD)(parameter<Arguments>(texts[I], memory)...);
  else printf("%.17g\n", static_cast<double>((kernels.*FIELD)(parameter<Arguments>(texts[I], memory)...)));
}

template <class Result, class... Arguments, Result (*KernelSet::*FIELD)(Arguments...),
          void (*EXTENT)(Bounds&, Arguments...)>
bool run(Kernel<FIELD, EXTENT> kernel, char** texts, int count, uint8_t* memory) {
  if (count != sizeof...(Arguments)) return false;
  run(kernel, texts, memory, std::index_sequence_for<Arguments...>());
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  FILE* file = count > 2 ? fopen(arguments[1], "r+b") : nullptr;
  if (!file) return 2;
  fseek(file, 0, SEEK_END);
  const size_t bytes = static_cast<size_t>(ftell(file));
  rewind(file);
  auto memory = static_cast<uint8_t*>(malloc(bytes));
  bool done = fread(memory, 1, bytes, file) == bytes, known = false;
  eachKernel([&](const char* name, auto kernel) {
    if (strcmp(name, arguments[2]) == 0) known = run(kernel, arguments + 3, count - 3, memory);
  });
  rewind(file);
  done = done && known && fwrite(memory, 1, bytes, file) == bytes;
  free(memory);
  return fclose(file) == 0 && done ? 0 : 1;
}
