import type { Replica } from "../replicas/replica.ts";
import { type CheckpointDescription, saveCheckpoint } from "./checkpoint.ts";
import type { TrainingEvent } from "./events.ts";
import type { RunDirectory } from "./runDirectory.ts";
import { keptCounts, type TrainingState } from "./state.ts";
import type { TrainingStep } from "./step.ts";

/**
 * Keeps the checkpoints of a run so that it can be killed at any moment. `last.safetensors` is what counts: it is
 * written first, in one piece, and says in its state which other checkpoints there are. Those of the present step
 * follow from it, and are written again when a run is resumed; those of no further use are removed at the end.
 */
export class Keeper {
  readonly #directory: RunDirectory;
  readonly #description: Omit<CheckpointDescription, "model" | "training">;
  readonly #replica: Replica;
  readonly #step: TrainingStep;
  readonly #emit: (event: TrainingEvent) => void;

  constructor(
    directory: RunDirectory,
    description: Omit<CheckpointDescription, "model" | "training">,
    replica: Replica,
    step: TrainingStep,
    emit: (event: TrainingEvent) => void,
  ) {
    this.#directory = directory;
    this.#description = description;
    this.#replica = replica;
    this.#step = step;
    this.#emit = emit;
  }

  /** Keeps the weights and the state of a run between two steps. */
  async save(state: TrainingState): Promise<void> {
    this.#write(this.#directory.last, state, this.#step);
    await this.follow(state);
  }

  /** Brings the other checkpoints in line with what `last.safetensors` says. */
  async follow(state: TrainingState): Promise<void> {
    const { kept, config, step } = state;
    const counts = keptCounts(config);
    const numbered = [...(counts.best > 1 ? kept.best : []), ...(counts.last > 1 ? kept.last : [])];
    const files = [
      ...(kept.best[0] === step ? [this.#directory.best] : []),
      ...(numbered.includes(step) ? [this.#directory.checkpoint(step)] : []),
    ];
    if (files.length > 0) {
      if (numbered.length > 0) this.#directory.makeCheckpoints();
      await this.#step.withAverage(async () => {
        for (const file of files) this.#write(file, state);
      });
    }
    this.#directory.keepCheckpoints(numbered);
  }

  #write(file: string, training: TrainingState, optimizer?: TrainingStep): void {
    const { model, workbench } = this.#replica;
    saveCheckpoint(file, model, { ...this.#description, training }, workbench.memory, optimizer);
    this.#emit({ type: "saved", file, step: training.step });
  }
}
