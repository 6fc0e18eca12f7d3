import { nextCandidates } from "../../decoding/candidates.ts";
import { generate } from "../../decoding/generate.ts";
import { lengthLimit } from "../../decoding/options.ts";
import { DecodingSession } from "../../decoding/session.ts";
import { JOBS } from "../../jobs.ts";
import type { KernelSet } from "../../kernels/kernels.ts";
import { layOut, type PairBatch } from "../../model/batch.ts";
import { teacherForcedLoss } from "../../model/teacherForcing.ts";
import { type Matrix, rowOf, type Trace, trace } from "../../model/trace.ts";
import { SinglePool } from "../../replicas/pool.ts";
import { Computation } from "../../tensor/computation.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";
import { type Checkpoint, restore } from "../../training/checkpointFormat.ts";
import type {
  BeamTree,
  DecodingStep,
  Lesson,
  ModelFacts,
  Neighbour,
  Questions,
  Side,
  Token,
  Walk,
} from "../protocol.ts";
import { WatchedBeam } from "./beamTree.ts";
import { principalComponents } from "./principalComponents.ts";

/** What a question takes. */
type Takes<Name extends keyof Questions> = Questions[Name]["takes"];

/** A model on one thread that answers whatever a page wants to know of it. */
export class Explorer {
  readonly #checkpoint: Checkpoint;
  readonly #pool: SinglePool;

  constructor(checkpoint: Checkpoint, kernels: KernelSet) {
    this.#checkpoint = checkpoint;
    this.#pool = new SinglePool(checkpoint.model, kernels, JOBS);
    restore(checkpoint, this.#pool.main.model, this.#pool.main.workbench.heap);
    this.#pool.weightsChanged();
  }

  get facts(): ModelFacts {
    const { model, sourceLanguage, targetLanguage, sourceTokenizer, targetTokenizer, training } =
      this.#checkpoint;
    const texts = (tokenizer: Tokenizer): string[] =>
      tokenizer.vocabulary.tokens.map((_, id) => textOf(tokenizer, id));
    return {
      config: model,
      sourceLanguage,
      targetLanguage,
      sourceVocabulary: texts(sourceTokenizer),
      targetVocabulary: texts(targetTokenizer),
      tokenizer: sourceTokenizer.kind,
      parameters: this.#pool.main.model.parameters.list.map(({ name, shape }) => ({ name, shape })),
      steps: training.step,
      epochs: training.epoch,
      kernels: this.#pool.kernels.name,
    };
  }

  /** A greedy translation, step by step; it begins with `prefix`. */
  walk({ source, prefix, candidates }: Takes<"walk">): Walk {
    const began = performance.now();
    const { model, workbench } = this.#pool.main;
    const { heap } = workbench;
    const { bosId, eosId } = this.#target.vocabulary;
    const ids = this.#idsOf(this.#source, source);
    const steps: DecodingStep[] = [];
    if (ids.length > 0) {
      const { source: sentences } = this.#batch(ids, []);
      const session = new DecodingSession(model, workbench, sentences);
      const limit = Math.max(
        prefix.length + 1,
        lengthLimit({ factor: 0, plus: this.#checkpoint.outputLimit }, ids.length),
      );
      for (let newest = bosId; newest !== eosId && steps.length < limit; newest = steps.at(-1)!.chosen.id) {
        const step = session.step(Int32Array.of(0), Int32Array.of(newest), (logits) => {
          const row = heap.floats(logits.pointer, logits.columns);
          return this.#choose(row, prefix[steps.length], candidates);
        });
        steps.push(step);
      }
      session.close();
    }
    const found = steps.map(({ chosen }) => chosen.id).filter((id) => id !== eosId);
    return {
      source: [...ids, this.#source.vocabulary.eosId].map((id) => this.#token("source", id)),
      unknown: this.#source.vocabulary.countUnknown(ids),
      text: this.#target.decode(found),
      steps,
      milliseconds: performance.now() - began,
    };
  }

  /** Every value of the model on a pair of ids, neither with END. */
  trace({ source, target }: Takes<"trace">): Trace {
    const { model, workbench } = this.#pool.main;
    return trace(model, workbench, this.#batch(source, target));
  }

  /** A beam search with everything it looked at. */
  beam({ source, beam, lengthPenalty: alpha }: Takes<"beam">): BeamTree {
    const { model, workbench } = this.#pool.main;
    const { bosId, eosId } = this.#target.vocabulary;
    const { source: sentences } = this.#batch(this.#idsOf(this.#source, source), []);
    let watched: WatchedBeam | undefined;
    const steps = generate([{ model, source: sentences }], workbench, {
      bosId,
      eosId,
      width: beam,
      constraints: { noRepeatNgram: 0, repetitionPenalty: 1, banned: [] },
      prefixes: [new Int32Array(0)],
      fewest: [0],
      search: (_, start) => {
        const limit = this.#checkpoint.outputLimit;
        watched = new WatchedBeam(start, { eosId, limit, beam, nBest: 1, alpha });
        return watched;
      },
    });
    while (!steps.next().done);
    const best = watched!.found[0]!;
    return {
      nodes: watched!.nodes.map((node) => ({ ...node, text: textOf(this.#target, node.id) })),
      best: watched!.numberOf(best),
      text: this.#target.decode(best.tokens()),
    };
  }

  /** Rows of an embedding table, as they are stored: times the square root of dModel they enter the model. */
  embeddings({ side, ids }: Takes<"embeddings">): Matrix {
    const table = this.#pool.main.model.embeddingTable(side);
    const { dModel: columns } = this.#checkpoint.model;
    const values = new Float32Array(ids.length * columns);
    for (const [i, id] of ids.entries())
      values.set(table.subarray(id * columns, (id + 1) * columns), i * columns);
    return { rows: ids.length, columns, values };
  }

  /** The tokens whose embeddings point in the most similar directions. */
  neighbours({ side, id, count }: Takes<"neighbours">): Neighbour[] {
    const table = this.#pool.main.model.embeddingTable(side);
    const { dModel } = this.#checkpoint.model;
    const row = (i: number): Float32Array => table.subarray(i * dModel, (i + 1) * dModel);
    const own = row(id);
    const length = Math.sqrt(dot(own, own));
    return Array.from({ length: table.length / dModel }, (_, other) => {
      const theirs = row(other);
      const similarity = dot(own, theirs) / (length * Math.sqrt(dot(theirs, theirs)) || 1);
      return { ...this.#token(side, other), similarity };
    })
      .filter((token) => token.id !== id)
      .sort((a, b) => b.similarity - a.similarity || a.id - b.id)
      .slice(0, count);
  }

  /** The embeddings of the first `most` tokens in their two directions of largest variance. */
  map({ side, most }: Takes<"map">): (Token & { x: number; y: number })[] {
    const table = this.#pool.main.model.embeddingTable(side);
    const { dModel: columns } = this.#checkpoint.model;
    const rows = Math.min(most, table.length / columns);
    const points = principalComponents({ rows, columns, values: table.subarray(0, rows * columns) }, 2);
    return Array.from({ length: rows }, (_, id) => ({
      ...this.#token(side, id),
      x: points.values[2 * id]!,
      y: points.values[2 * id + 1]!,
    }));
  }

  /** The first rows of the positional encodings of a side. */
  positions({ side, count }: Takes<"positions">): Matrix {
    const values = this.#pool.main.model.positionRows(side, count).slice();
    const { dModel: columns } = this.#checkpoint.model;
    return { rows: values.length / columns, columns, values };
  }

  /** What the model would learn from a pair: the loss of each token and the gradient of each parameter. */
  lesson({ source, target, smoothing }: Takes<"lesson">): Lesson {
    const { model, workbench } = this.#pool.main;
    const { heap, arena } = workbench;
    const ids = this.#idsOf(this.#target, target);
    const sourceIds = this.#idsOf(this.#source, source);
    const labels = [...ids, this.#target.vocabulary.eosId];
    const logits = this.trace({ source: [...sourceIds], target: [...ids] }).get("logits")!;
    const { size } = model.parameters;
    const gradients = arena.allocate(size);
    const run = new Computation(workbench, { gradients, freshGradients: true });
    const batch = this.#batch(sourceIds, ids);
    const rows = teacherForcedLoss(model, run, batch, { smoothing, scale: 1 / labels.length });
    const losses = labels.map((_, i) => rows[3 * i]!);
    run.tape!.backward();
    run.completeGradients(model.parameters.list);
    const norms = model.parameters.list.map((parameter) => {
      const values = run.gradientOf(parameter);
      const floats = heap.floats(values.pointer, sizeOf(values));
      return { name: parameter.name, norm: Math.sqrt(dot(floats, floats)) };
    });
    arena.release();
    const steps = labels.map((label, i) => {
      const { candidates, chosen } = this.#choose(rowOf(logits, i), label, 1);
      return { label: chosen, loss: losses[i]!, guess: candidates[0]! };
    });
    const input = [this.#target.vocabulary.bosId, ...ids].map((id) => this.#token("target", id));
    return { input, steps, gradients: norms };
  }

  get #source(): Tokenizer {
    return this.#checkpoint.sourceTokenizer;
  }

  get #target(): Tokenizer {
    return this.#checkpoint.targetTokenizer;
  }

  /** A sentence as ids, without END, cut to what the model can take. */
  #idsOf(tokenizer: Tokenizer, sentence: string): Int32Array {
    return tokenizer.encode(sentence).subarray(0, this.#checkpoint.model.maxLength);
  }

  /** A pair of ids, laid out for the model. */
  #batch(source: ArrayLike<number>, target: ArrayLike<number>): PairBatch {
    const { heap, arena } = this.#pool.main.workbench;
    const pair = { source: Int32Array.from(source), target: Int32Array.from(target) };
    return layOut(heap, arena, [pair], this.#target.vocabulary);
  }

  #token(side: Side, id: number): Token {
    return { id, text: textOf(side === "source" ? this.#source : this.#target, id) };
  }

  /** The most probable tokens of a row of logits, and the one that is taken: the best unless another is asked for. */
  #choose(logits: Float32Array, wanted: number | undefined, count: number): DecodingStep {
    const { candidates, probability } = nextCandidates(logits, count);
    const named = candidates.map(({ id, ...one }) => ({ ...this.#token("target", id), ...one }));
    const chosen = wanted ?? candidates[0]!.id;
    return {
      chosen: { ...this.#token("target", chosen), probability: probability(chosen) },
      candidates: named,
    };
  }
}

/** A token as people read it. */
function textOf(tokenizer: Tokenizer, id: number): string {
  const token = tokenizer.vocabulary.token(id);
  return tokenizer.vocabulary.isSpecial(id) ? token : (tokenizer.readable?.(token) ?? token);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
