import { XformerError } from "../errors.ts";
import type { Replica } from "../replicas/replica.ts";
import { saveCheckpoint } from "./checkpoint.ts";
import { type CheckpointDescription, isFiniteAll, tensorsOf } from "./checkpointFormat.ts";
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

  constructor(
    directory: RunDirectory,
    description: Omit<CheckpointDescription, "model" | "training">,
    replica: Replica,
    step: TrainingStep,
  ) {
    this.#directory = directory;
    this.#description = description;
    this.#replica = replica;
    this.#step = step;
  }

  /**
   * Keeps the weights and the state of a run between two steps.
   *
   * @param onSaved told of every file when it is written
   * @throws XformerError DIVERGED, with nothing written, when they are not finite numbers
   */
  async save(state: TrainingState, onSaved: (file: string) => void = () => {}): Promise<void> {
    this.#write(this.#directory.last, state, this.#step);
    onSaved(this.#directory.last);
    await this.follow(state, onSaved);
  }

  /** Brings the other checkpoints in line with what `last.safetensors` says. */
  async follow(state: TrainingState, onSaved: (file: string) => void = () => {}): Promise<void> {
    const { kept, config, step } = state;
    const counts = keptCounts(config);
    const numbered = [...(counts.best > 1 ? kept.best : []), ...(counts.last > 1 ? kept.last : [])];
    const files = [
      ...(kept.best[0] === step ? [this.#directory.best] : []),
      ...(numbered.includes(step) ? [this.#directory.checkpoint(step)] : []),
    ];
    if (files.length > 0) {
      if (numbered.length > 0) this.#directory.makeCheckpoints();
      await this.#step.withMovingAverage(async () => {
        for (const file of files) {
          this.#write(file, state);
          onSaved(file);
        }
      });
    }
    this.#directory.keepCheckpoints(numbered);
  }

  #write(file: string, training: TrainingState, optimizer?: TrainingStep): void {
    const { model, workbench } = this.#replica;
    const spoilt = tensorsOf(model, workbench.heap, optimizer).find(({ data }) => !isFiniteAll(data));
    if (spoilt !== undefined) {
      const problem = `step ${training.step}: tensor ${spoilt.name} has numbers that are not finite`;
      const hint = "The last good checkpoint is kept. Begin again with a lower --lr or --weight-decay.";
      throw new XformerError("DIVERGED", problem, { hint });
    }
    saveCheckpoint(file, model, { ...this.#description, training }, workbench.heap, optimizer);
  }
}
