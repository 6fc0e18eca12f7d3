import { GEMM_WORKSPACE, type Kernels, type Pointer } from "../kernels/kernels.ts";
import { Arena, type SharedMemory } from "./memory.ts";
import type { Profile } from "./profile.ts";
import { Tape } from "./tape.ts";
import type { Parameter, Tensor } from "./tensor.ts";
import { WeightPacks } from "./weightPacks.ts";

/** What a replica has for itself: its instance of the kernels, and scratch in the shared memory. */
export interface Workbench {
  readonly kernels: Kernels;
  readonly memory: SharedMemory;
  readonly arena: Arena;
  readonly gemmWorkspace: Pointer;
  /** Weights in the form that products read, as long as they stay the same. */
  readonly packs: WeightPacks;
  /** Where its time goes, when somebody wants to know. */
  readonly profile: Profile | undefined;
}

/** Sets up a workbench: one for each thread. */
export function createWorkbench(kernels: Kernels, memory: SharedMemory, profile?: Profile): Workbench {
  return {
    kernels: profile?.kernels ?? kernels,
    memory,
    arena: new Arena(memory),
    gemmWorkspace: memory.reserve(4 * GEMM_WORKSPACE),
    packs: new WeightPacks(kernels, memory),
    profile,
  };
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
  /** What dropout drops; needs row keys in the batches. Nothing by default. */
  readonly dropout?: Partial<Dropouts> | undefined;
  /**
   * Whether packed weights are kept for the next run over the same weights, at the cost of their memory: by default
   * only when nothing is recorded. Who keeps them has to say when weights change; see `WeightPacks.useVersion`.
   */
  readonly keepPacks?: boolean | undefined;
}

/**
 * One run of the model, forward and perhaps backward: the operations of `operations/` take it first. Nothing
 * here outlives the run but what the parameters' gradients have gathered.
 */
export class Computation {
  readonly kernels: Kernels;
  readonly memory: SharedMemory;
  readonly arena: Arena;
  readonly gemmWorkspace: Pointer;
  readonly tape: Tape | undefined;
  /** The dropout probabilities in units of 1 / 65536, 65535 at most; 0 for none. */
  readonly dropThresholds: Dropouts;
  /** Weights packed once; without it every product packs its own, in scratch. */
  readonly packs: WeightPacks | undefined;
  readonly #profile: Profile | undefined;
  readonly #gradients: Pointer;
  #sites = 0;

  constructor(workbench: Workbench, options: ComputationOptions = {}) {
    this.kernels = workbench.kernels;
    this.memory = workbench.memory;
    this.arena = workbench.arena;
    this.gemmWorkspace = workbench.gemmWorkspace;
    this.#profile = workbench.profile;
    this.tape = options.gradients === undefined ? undefined : new Tape(workbench.arena, workbench.profile);
    this.packs = (options.keepPacks ?? options.gradients === undefined) ? workbench.packs : undefined;
    const { residual = 0, attention = 0, activation = 0 } = options.dropout ?? {};
    const threshold = (probability: number): number => Math.min(65_535, Math.round(probability * 65_536));
    this.dropThresholds = {
      residual: threshold(residual),
      attention: threshold(attention),
      activation: threshold(activation),
    };
    this.#gradients = options.gradients ?? 0;
  }

  /** A new [rows, columns] tensor in scratch; its content is whatever was there. */
  tensor(rows: number, columns: number): Tensor {
    return { pointer: this.arena.allocate(rows * columns), rows, columns };
  }

  /** Says which operation is computed from now on, for the profile. */
  begin(operation: string): void {
    this.#profile?.begin(operation);
  }

  /** Where this run gathers the gradient of a parameter; operations add to it. */
  gradientOf(parameter: Parameter): Pointer {
    return this.#gradients + 4 * parameter.offset;
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
