// The addon: chooses a level by what the processor has, and binds its kernels to a memory. Plain Node-API, no state but
// what a binding holds, so that many threads and memories can have their own.
//
//     levels(): string[]                                    the levels that this processor has, the best first
//     bind(memory, level?, refresh?): Kernels               kernels over the bytes of a Uint8Array
//
// Built with XFORMER_CHECKED, every call is held to the bounds of the memory first and throws a RangeError instead of
// reaching past them; `refresh` returns a Uint8Array over the memory as it is now, should it have grown meanwhile.

#include <node_api.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "bounds.h"
#include "kernels.h"

namespace xformer {
namespace {

#ifdef XFORMER_CHECKED
constexpr bool CHECKED = true;
#else
constexpr bool CHECKED = false;
#endif

/** What `../native.ts` expects to find: to be raised whenever a kernel or its parameters change. */
constexpr int32_t VERSION = 2;

/** The levels of this processor (and of its operating system, which has to save the registers), the best first. */
struct Levels {
  const KernelSet* of[2] = {};
  int count = 0;

  Levels() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
      of[count++] = &avx512::kernels;
    }
    if (avx2) of[count++] = &avx2::kernels;
#else
    of[count++] = &neon::kernels;
#endif
  }

  const KernelSet* named(const char* name) const {
    for (int i = 0; i < count; i++) {
      if (strcmp(of[i]->level, name) == 0) return of[i];
    }
    return nullptr;
  }
};

/** A memory and the kernels that work on it; as many functions hold it as `users` says. */
struct Binding {
  uint8_t* base;
  size_t bytes;
  const KernelSet* kernels;
  /** Keeps the memory where it is. */
  napi_ref memory;
  napi_ref refresh;
  int users;
};

void release(napi_env env, void* data, void*) {
  auto binding = static_cast<Binding*>(data);
  if (--binding->users > 0) return;
  napi_delete_reference(env, binding->memory);
  if (binding->refresh) napi_delete_reference(env, binding->refresh);
  free(binding);
}

/** The address of a Uint8Array. */
bool bytesOf(napi_env env, napi_value array, uint8_t*& base, size_t& bytes) {
  void* data = nullptr;
  bool isTypedArray = false;
  if (napi_is_typedarray(env, array, &isTypedArray) != napi_ok || !isTypedArray) return false;
  napi_typedarray_type type;
  if (napi_get_typedarray_info(env, array, &type, &bytes, &data, nullptr, nullptr) != napi_ok) return false;
  base = static_cast<uint8_t*>(data);
  return type == napi_uint8_array && base;
}

/** A parameter of a kernel from its JavaScript number; of an address, from its offset in the memory. */
template <class T>
struct Parameter;

template <>
struct Parameter<int32_t> {
  static int32_t from(napi_env env, napi_value value, const Binding&) {
    int32_t result = 0;
    napi_get_value_int32(env, value, &result);
    return result;
  }
};

template <>
struct Parameter<float> {
  static float from(napi_env env, napi_value value, const Binding&) {
    double result = 0;
    napi_get_value_double(env, value, &result);
    return static_cast<float>(result);
  }
};

template <class T>
struct Parameter<T*> {
  static T* from(napi_env env, napi_value value, const Binding& binding) {
    uint32_t offset = 0;
    napi_get_value_uint32(env, value, &offset);
    return offset ? reinterpret_cast<T*>(binding.base + offset) : nullptr;
  }
};

napi_value numberOf(napi_env env, int32_t x) {
  napi_value result = nullptr;
  napi_create_int32(env, x, &result);
  return result;
}

napi_value numberOf(napi_env env, double x) {
  napi_value result = nullptr;
  napi_create_double(env, x, &result);
  return result;
}

/** Whether the memory has grown: asks `refresh`, if there is one. */
[[maybe_unused]] bool hasGrown(napi_env env, Binding& binding) {
  napi_value refresh, undefined, array;
  uint8_t* base;
  size_t bytes;
  if (!binding.refresh || napi_get_reference_value(env, binding.refresh, &refresh) != napi_ok) return false;
  if (napi_get_undefined(env, &undefined) != napi_ok) return false;
  if (napi_call_function(env, undefined, refresh, 0, nullptr, &array) != napi_ok) return false;
  if (!bytesOf(env, array, base, bytes) || base != binding.base || bytes <= binding.bytes) return false;
  binding.bytes = bytes;
  return true;
}

const char* nameOf(napi_callback method);

/** Whether a call stays within the memory; else throws. */
template <class... Arguments>
bool isWithin(napi_env env, Binding& binding, napi_callback method, void (*extent)(Bounds&, Arguments...),
              Arguments... arguments) {
  while (true) {
    Bounds in(binding.base, binding.bytes, *binding.kernels);
    extent(in, arguments...);
    if (!in.wrong) return true;
    if (hasGrown(env, binding)) continue;
    char message[128];
    snprintf(message, sizeof message, "%s: \"%s\" is not within the memory of %zu bytes", nameOf(method), in.wrong,
             binding.bytes);
    napi_throw_range_error(env, "XFORMER_BOUNDS", message);
    return false;
  }
}

/** A kernel as JavaScript calls it. */
template <class Kernel>
struct Method;

template <class Result, class... Arguments, Result (*KernelSet::*FIELD)(Arguments...),
          void (*EXTENT)(Bounds&, Arguments...)>
struct Method<Kernel<FIELD, EXTENT>> {
  static napi_value call(napi_env env, napi_callback_info info) {
    return convert(env, info, std::index_sequence_for<Arguments...>());
  }

 private:
  template <size_t... I>
  static napi_value convert(napi_env env, napi_callback_info info, std::index_sequence<I...>) {
    size_t count = sizeof...(I);
    napi_value values[sizeof...(I) + 1];
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    auto& binding = *static_cast<Binding*>(data);
    return run(env, binding, Parameter<Arguments>::from(env, values[I], binding)...);
  }

  static napi_value run(napi_env env, Binding& binding, Arguments... arguments) {
    if constexpr (CHECKED) {
      if (!isWithin(env, binding, call, EXTENT, arguments...)) return nullptr;
    }
    const auto kernel = binding.kernels->*FIELD;
    if constexpr (std::is_void_v<Result>) {
      kernel(arguments...);
      return nullptr;
    } else {
      return numberOf(env, kernel(arguments...));
    }
  }
};

[[maybe_unused]] const char* nameOf(napi_callback method) {
  const char* found = "";
  eachKernel([&](const char* name, auto kernel) {
    if (Method<decltype(kernel)>::call == method) found = name;
  });
  return found;
}

napi_value levels(napi_env env, napi_callback_info) {
  const Levels levels;
  napi_value names = nullptr;
  napi_create_array_with_length(env, levels.count, &names);
  for (int i = 0; i < levels.count; i++) {
    napi_value name;
    napi_create_string_utf8(env, levels.of[i]->level, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, i, name);
  }
  return names;
}

/**
 * Asks the system for large pages, of which fewer addresses have to be looked up. The memory will grow in place, within
 * the 4 GiB of addresses that are reserved for it: all of them are told at once. It is advice: where it is not taken,
 * nothing fails.
 */
void adviseLargePages([[maybe_unused]] uint8_t* base) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  madvise(base, size_t{1} << 32, MADV_HUGEPAGE);
#endif
}

napi_value bind(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Binding found = {};
  if (count < 1 || !bytesOf(env, arguments[0], found.base, found.bytes)) {
    napi_throw_type_error(env, "XFORMER_MEMORY", "bind takes a Uint8Array over the memory");
    return nullptr;
  }
  const Levels levels;
  napi_valuetype type = napi_undefined;
  if (count > 1) napi_typeof(env, arguments[1], &type);
  char name[16] = "";
  if (type == napi_string) napi_get_value_string_utf8(env, arguments[1], name, sizeof name, nullptr);
  found.kernels = type == napi_string ? levels.named(name) : levels.count ? levels.of[0] : nullptr;
  if (!found.kernels) {
    napi_throw_error(env, "XFORMER_LEVEL", "this processor has no such level");
    return nullptr;
  }
  adviseLargePages(found.base);
  auto binding = static_cast<Binding*>(malloc(sizeof(Binding)));
  if (!binding) abort();
  *binding = found;
  napi_create_reference(env, arguments[0], 1, &binding->memory);
  if (count > 2) napi_typeof(env, arguments[2], &type);
  if (count > 2 && type == napi_function) napi_create_reference(env, arguments[2], 1, &binding->refresh);
  napi_value kernels = nullptr;
  napi_create_object(env, &kernels);
  eachKernel([&](const char* name, auto kernel) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, Method<decltype(kernel)>::call, binding, &function);
    napi_add_finalizer(env, function, binding, release, nullptr, nullptr);
    binding->users++;
    napi_set_named_property(env, kernels, name, function);
  });
  return kernels;
}

}  // namespace
}  // namespace xformer

NAPI_MODULE_INIT() {
  using namespace xformer;
  napi_value function;
  napi_create_function(env, "levels", NAPI_AUTO_LENGTH, levels, nullptr, &function);
  napi_set_named_property(env, exports, "levels", function);
  napi_create_function(env, "bind", NAPI_AUTO_LENGTH, bind, nullptr, &function);
  napi_set_named_property(env, exports, "bind", function);
  napi_set_named_property(env, exports, "version", numberOf(env, VERSION));
  return exports;
}
