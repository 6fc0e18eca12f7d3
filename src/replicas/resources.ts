import { EncodedCorpus } from "../data/encodedCorpus.ts";
import type { Pointer } from "../kernels/kernels.ts";
import type { SharedMemory } from "../tensor/memory.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { tokenizerFromJSON } from "../text/tokenizerKinds.ts";

/** JSON in UTF-8 in the shared memory: too long to be told anew with every job. */
export interface SharedJson {
  readonly pointer: Pointer;
  readonly bytes: number;
}

/** Puts a value where all threads can read it, for good. */
export function shareJson(memory: SharedMemory, value: object): SharedJson {
  const text = Buffer.from(JSON.stringify(value));
  const shared = { pointer: memory.reserve(text.length), bytes: text.length };
  bytesOf(memory, shared).set(text);
  return shared;
}

/** What a thread opens when a job first asks for it, and keeps: corpora to read from, and tokenizers. */
export class Resources {
  readonly #memory: SharedMemory;
  readonly #corpora = new Map<string, EncodedCorpus>();
  readonly #tokenizers = new Map<Pointer, Tokenizer>();

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  /** Takes over a corpus that this thread has open already. */
  adopt(corpus: EncodedCorpus): void {
    this.#corpora.set(corpus.file, corpus);
  }

  /** @throws XformerError when it cannot be read */
  corpus(file: string): EncodedCorpus {
    const known = this.#corpora.get(file);
    if (known !== undefined) return known;
    const corpus = EncodedCorpus.open(file);
    this.#corpora.set(file, corpus);
    return corpus;
  }

  /** The tokenizer whose JSON was shared. */
  tokenizer(json: SharedJson): Tokenizer {
    const known = this.#tokenizers.get(json.pointer);
    if (known !== undefined) return known;
    const tokenizer = tokenizerFromJSON(JSON.parse(Buffer.from(bytesOf(this.#memory, json)).toString()));
    this.#tokenizers.set(json.pointer, tokenizer);
    return tokenizer;
  }

  /** Closes every file. */
  close(): void {
    for (const corpus of this.#corpora.values()) corpus.close();
    this.#corpora.clear();
  }
}

function bytesOf(memory: SharedMemory, { pointer, bytes }: SharedJson): Uint8Array {
  const { buffer } = memory.integers(pointer, Math.ceil(bytes / 4));
  return new Uint8Array(buffer, pointer, bytes);
}
