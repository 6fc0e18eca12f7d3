import type { EncodedPair } from "../data/batches.ts";
import { bindKernels, type KernelSet, type Pointer } from "../kernels/kernels.ts";
import type { ModelConfig } from "../model/config.ts";
import { Transformer } from "../model/transformer.ts";
import { createWorkbench, type Workbench } from "../tensor/computation.ts";
import type { Heap } from "../tensor/heap.ts";
import { Profile } from "../tensor/profile.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { tokenizerFromJSON } from "../text/tokenizerKinds.ts";

/** A thread's own view of the one model: the same parameters and packs of them, its own kernels and scratch. */
export interface Replica {
  readonly model: Transformer;
  readonly workbench: Workbench;
  readonly resources: Resources;
}

/** What a replica is made of. */
export interface ReplicaParts {
  readonly config: ModelConfig;
  readonly kernels: KernelSet;
  readonly heap: Heap;
  /** Where another thread has the parameters already; by default they get room of their own. */
  readonly parametersAt?: Pointer | undefined;
  /** Where another thread has the list of packed weights; by default it is a new one. */
  readonly packList?: Pointer | undefined;
  /** How corpora are opened. */
  readonly openCorpus: OpenCorpus;
  /** Whether it keeps a profile of itself. */
  readonly profiled?: boolean;
}

/** Makes a replica: the first of a model, or a further one over the parameters of the first. */
export function createReplica(parts: ReplicaParts): Replica {
  const { config, heap, parametersAt, packList, openCorpus, profiled = false } = parts;
  const kernels = bindKernels(parts.kernels, heap.wasm);
  const profile = profiled ? new Profile(kernels, heap) : undefined;
  const workbench = createWorkbench(kernels, heap, profile, packList);
  const model = new Transformer(config, heap, parametersAt);
  return { model, workbench, resources: new Resources(heap, openCorpus) };
}

/** An encoded corpus from which pairs are read. */
export interface PairSource {
  /** What {@link OpenCorpus} opens it by. */
  readonly file: string;
  /** Pairs by their numbers, in the order asked for. */
  read(pairs: ArrayLike<number>): readonly EncodedPair[];
  close(): void;
}

/** Opens an encoded corpus on the thread that wants to read from it; it may lie in the heap. */
type OpenCorpus = (file: string, heap: Heap) => PairSource;

/** JSON in UTF-8 in the heap: too long to be told anew with every job. */
export interface SharedJson {
  readonly pointer: Pointer;
  readonly bytes: number;
}

/** Puts a value where all threads can read it, for good. */
export function shareJson(heap: Heap, value: object): SharedJson {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const shared = { pointer: heap.reserve(text.length), bytes: text.length };
  heap.bytes(shared.pointer, shared.bytes).set(text);
  return shared;
}

/** What a thread opens when a job first asks for it, and keeps: corpora to read from, and tokenizers. */
class Resources {
  readonly #heap: Heap;
  readonly #open: OpenCorpus;
  readonly #corpora = new Map<string, PairSource>();
  readonly #tokenizers = new Map<Pointer, Tokenizer>();

  constructor(heap: Heap, open: OpenCorpus) {
    this.#heap = heap;
    this.#open = open;
  }

  /** Takes over a corpus that this thread has open already. */
  adopt(corpus: PairSource): void {
    this.#corpora.set(corpus.file, corpus);
  }

  /** @throws XformerError when it cannot be read */
  corpus(file: string): PairSource {
    const corpus = this.#corpora.get(file) ?? this.#open(file, this.#heap);
    this.#corpora.set(file, corpus);
    return corpus;
  }

  /** The tokenizer whose JSON was shared. */
  tokenizer({ pointer, bytes }: SharedJson): Tokenizer {
    const known = this.#tokenizers.get(pointer);
    if (known !== undefined) return known;
    const text = new TextDecoder().decode(this.#heap.bytes(pointer, bytes).slice());
    const tokenizer = tokenizerFromJSON(JSON.parse(text));
    this.#tokenizers.set(pointer, tokenizer);
    return tokenizer;
  }

  /** Closes every file. */
  close(): void {
    for (const corpus of this.#corpora.values()) corpus.close();
    this.#corpora.clear();
  }
}
