import { at, type Kernels, NONE, type Pointer } from "../kernels/kernels.ts";
import { add, type Caller, clear, type DropoutMask } from "./calls.ts";
import { Arena, type Heap } from "./heap.ts";
import type { Profile } from "./profile.ts";
import { Tape } from "./tape.ts";
import { type Parameter, type Ragged, sizeOf, type Tensor } from "./tensor.ts";
import { WeightPacks } from "./weightPacks.ts";

/** What a replica works with: its instance of the kernels and scratch in the heap, its own, and packs that all share. */
export interface Workbench extends Caller {
  readonly heap: Heap;
  readonly arena: Arena;
  /** Weights in the form that products read, as long as they stay the same. */
  readonly packs: WeightPacks;
  /** Where its time goes, when somebody wants to know. */
  readonly profile: Profile | undefined;
}

/**
 * Sets up a workbench: one for each thread.
 *
 * @param packList where another thread has the list of packed weights; by default it is a new one
 */
export function createWorkbench(
  kernels: Kernels,
  heap: Heap,
  profile?: Profile,
  packList?: Pointer,
): Workbench {
  const gemmWorkspace = heap.reserve(4 * kernels.gemmWorkspace());
  const caller: Caller = { kernels: profile?.kernels ?? kernels, gemmWorkspace, profile };
  const packs = new WeightPacks(caller, heap, packList);
  return { ...caller, heap, arena: new Arena(heap), packs, profile };
}

/** Probabilities with which dropout drops, each in [0, 1). */
export interface Dropouts {
  /** An element of the embeddings or of a sublayer's output. */
  readonly residual: number;
  /** An attention weight. */
  readonly attention: number;
  /** An element between the two layers of a feed-forward network. */
  readonly activation: number;
}

/** What a computation is for. */
export interface ComputationOptions {
  /** The gradient region: floats laid out as the parameters. Without it nothing is recorded. */
  readonly gradients?: Pointer | undefined;
  /**
   * Whether the gradients begin with this run: then what is in the region counts for nothing, and is not cleared but
   * overwritten. By default they are added to what is there.
   */
  readonly freshGradients?: boolean | undefined;
  /** The parameters, by offset, that are not learned: their gradients are 0, and as far as it saves time not computed. */
  readonly frozen?: readonly number[] | undefined;
  /** What dropout drops; needs row keys in the batches. Nothing by default. */
  readonly dropout?: Partial<Dropouts> | undefined;
  /**
   * Whether packed weights are kept for the next run over the same weights, at the cost of their memory: by default
   * only when nothing is recorded. Who keeps them has to say when weights change; see `WeightPacks.useVersion`.
   */
  readonly keepPacks?: boolean | undefined;
  /** Told of what the model computes on the way, for who wants to look inside. */
  readonly watch?: Watch | undefined;
}

/**
 * Sees a value of the model. Its name begins with that of the part whose it is, as parameters' names do, such as
 * `encoder.layers.0.self_attn.heads`; the numbers may be overwritten as soon as it returns.
 */
export type Watch = (name: string, tensor: Tensor) => void;

/** An operation's two ways, with its name given once: see {@link Computation.record}. */
export interface Operation {
  /** Computes the output. */
  forward(): void;
  /** From the output's gradient, which it may overwrite, to those of the inputs: see the contract of {@link Tape}. */
  backward(dOutput: Pointer): void;
}

/**
 * One run of the model, forward and perhaps backward: the operations of `operations/` take it first. Nothing
 * here outlives the run but what the parameters' gradients have gathered.
 */
export class Computation implements Caller {
  readonly kernels: Kernels;
  readonly gemmWorkspace: Pointer;
  readonly profile: Profile | undefined;
  readonly heap: Heap;
  readonly arena: Arena;
  readonly tape: Tape | undefined;
  /** The dropout probabilities in units of 1 / 65536, 65535 at most; 0 for none. */
  readonly dropThresholds: Dropouts;
  /** Weights packed once; without it every product packs its own, in scratch. */
  readonly packs: WeightPacks | undefined;
  readonly #gradients: Pointer;
  readonly #watch: Watch | undefined;
  /** The parameters, by offset, that have a gradient from this run; undefined where all have one from before. */
  readonly #given: Set<number> | undefined;
  readonly #frozen: ReadonlySet<number>;
  #sites = 0;

  constructor(workbench: Workbench, options: ComputationOptions = {}) {
    this.kernels = workbench.kernels;
    this.gemmWorkspace = workbench.gemmWorkspace;
    this.profile = workbench.profile;
    this.heap = workbench.heap;
    this.arena = workbench.arena;
    this.tape = options.gradients === undefined ? undefined : new Tape(workbench.arena, workbench.profile);
    this.packs = (options.keepPacks ?? options.gradients === undefined) ? workbench.packs : undefined;
    this.#watch = options.watch;
    const { residual = 0, attention = 0, activation = 0 } = options.dropout ?? {};
    const threshold = (probability: number): number => Math.min(65_535, Math.round(probability * 65_536));
    this.dropThresholds = {
      residual: threshold(residual),
      attention: threshold(attention),
      activation: threshold(activation),
    };
    this.#gradients = options.gradients ?? NONE;
    this.#given = options.freshGradients ? new Set() : undefined;
    this.#frozen = new Set(options.frozen);
  }

  /** A new [rows, columns] tensor in scratch; its content is whatever was there. */
  tensor(rows: number, columns: number): Tensor {
    return { pointer: this.arena.allocate(rows * columns), rows, columns };
  }

  /**
   * Computes an operation's output and, when gradients are wanted, remembers the way back.
   *
   * @param name what the profile calls it, forward and backward
   * @param output what `forward` computes: a tensor of its own
   */
  record<Output extends Tensor>(name: string, output: Output, operation: Operation): Output {
    this.profile?.begin(name);
    operation.forward();
    this.tape?.record(name, output, (dOutput) => operation.backward(dOutput));
    return output;
  }

  /** Shows a value of a part of the model to whoever watches. */
  watched(part: string, name: string, value: Tensor): Tensor {
    this.#watch?.(part + name, value);
    return value;
  }

  /** Whether the gradient of a parameter is wanted. */
  learns({ offset }: Parameter): boolean {
    return !this.#frozen.has(offset);
  }

  /** Where this run gathers the gradient of a parameter, for kernels that can only add: zeros before the first. */
  gradientOf(parameter: Parameter): Tensor {
    const { gradient, accumulate } = this.gradientTarget(parameter);
    if (!accumulate) clear(this, { pointer: gradient.pointer, count: sizeOf(gradient) });
    return gradient;
  }

  /** The same for kernels that can write as well as add: whether something is there already that is to be added to. */
  gradientTarget({ offset, rows, columns }: Parameter): {
    readonly gradient: Tensor;
    readonly accumulate: boolean;
  } {
    const accumulate = this.#given?.has(offset) ?? true;
    this.#given?.add(offset);
    return { gradient: { pointer: at(this.#gradients, offset), rows, columns }, accumulate };
  }

  /** When a run is over: gradients of 0 for the parameters that had no part in it, or are not learned. */
  completeGradients(parameters: readonly Parameter[]): void {
    for (const parameter of parameters) {
      const gradient = this.gradientOf(parameter);
      if (!this.learns(parameter)) clear(this, { pointer: gradient.pointer, count: sizeOf(gradient) });
    }
  }

  /**
   * Gives tensors their gradients by a kernel that writes and cannot add: at once where nothing has been given before,
   * else through scratch. A tensor that is named twice has one gradient, which both names stand for.
   */
  giveGradients(inputs: readonly Tensor[], write: (gradients: Pointer[]) => void): void {
    const targets = new Map([...new Set(inputs)].map((input) => [input, this.tape!.target(input)]));
    this.temporarily(() => {
      const parts = new Map<Tensor, Pointer>();
      for (const [input, { pointer, accumulate }] of targets)
        parts.set(input, accumulate ? this.arena.allocate(sizeOf(input)) : pointer);
      write(inputs.map((input) => parts.get(input)!));
      for (const [input, { pointer, accumulate }] of targets)
        if (accumulate) add(this, { to: pointer, from: parts.get(input)!, count: sizeOf(input) });
    });
  }

  /** The mask of the next place where dropout is applied to the rows of `sentences`. */
  dropoutMask(kind: keyof Dropouts, sentences: Ragged, sites = 1): DropoutMask {
    const site = this.dropoutSites(sites);
    return { rowKeys: sentences.rowKeys, site, threshold: this.dropThresholds[kind] };
  }

  /**
   * Numbers `count` places where dropout is applied. The model runs in the same order every time, so that a
   * place has the same number in every step.
   */
  dropoutSites(count = 1): number {
    const first = this.#sites;
    this.#sites += count;
    return first;
  }

  /** Runs `work` and takes back the scratch that it allocated. */
  temporarily<T>(work: () => T): T {
    const mark = this.arena.mark();
    const result = work();
    this.arena.release(mark);
    return result;
  }
}
