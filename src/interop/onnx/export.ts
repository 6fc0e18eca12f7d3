import { join } from "node:path";
import { XformerError } from "../../errors.ts";
import { atomicWrite } from "../../io/atomicWrite.ts";
import type { Checkpoint } from "../../training/checkpointFormat.ts";
import { ANY_SIZE, type Expressible, refuseInexpressible, STANDARD_KINDS } from "../expressible.ts";
import { type Exported, makeFolder, writeJSON } from "../folder.ts";
import { writeTokenizers } from "../huggingface/export.ts";
import { generationConfig, onnxConfig, positionsOf } from "../huggingface/model.ts";
import type { Graph } from "./graph.ts";
import { decoderGraph, encoderGraph } from "./transformer.ts";

/** What {@link encoderGraph} and {@link decoderGraph} are written for. */
const EXPRESSIBLE: Expressible = {
  ...ANY_SIZE,
  ...STANDARD_KINDS,
  norm: ["post", "pre"],
  activation: ["relu", "gelu"],
  positions: ["sinusoidal", "learned"],
  tie: "any",
};

/** A message of Protocol Buffers is smaller. */
const MOST_BYTES = 2 ** 31;

/** The folder and the names under which transformers.js and Optimum look for the graphs. */
const FILES = { encoder: "onnx/encoder_model.onnx", decoder: "onnx/decoder_model_merged.onnx" } as const;

/**
 * Writes the encoder and the decoder of a model as ONNX graphs with their weights, and beside them the tokenizers and what
 * the libraries of Hugging Face want to know.
 *
 * @throws XformerError CHECKPOINT when it is too large for a file of that kind; IO where the file system refuses
 */
export function exportOnnx(checkpoint: Checkpoint, directory: string): Exported {
  refuseInexpressible(
    checkpoint,
    EXPRESSIBLE,
    "the graphs of this export",
    "Use xformer itself for this model.",
  );
  const positions = positionsOf(checkpoint);
  makeFolder(join(directory, "onnx"));
  const graphs = { encoder: encoderGraph, decoder: decoderGraph };
  for (const side of ["encoder", "decoder"] as const)
    writeGraph(join(directory, FILES[side]), graphs[side](checkpoint, positions), checkpoint);
  writeJSON(join(directory, "config.json"), onnxConfig(checkpoint));
  writeJSON(join(directory, "generation_config.json"), generationConfig(checkpoint));
  const tokenizers = writeTokenizers(checkpoint, directory, 0);
  return {
    files: [...Object.values(FILES), "config.json", "generation_config.json", ...tokenizers.files],
    notes: tokenizers.notes,
  };
}

function writeGraph(path: string, graph: Graph, { file, sourceLanguage, targetLanguage }: Checkpoint): void {
  const { parts, length } = graph.model({ source_language: sourceLanguage, target_language: targetLanguage });
  if (length >= MOST_BYTES) {
    const size = (length / 2 ** 30).toFixed(1);
    throw new XformerError(
      "CHECKPOINT",
      `as ONNX it takes ${size} GiB, and a file with its weights inside less than 2`,
      {
        file,
        hint: "Use a smaller model, or `xformer export huggingface`.",
      },
    );
  }
  atomicWrite(path, (write) => {
    for (const part of parts) write(part);
  });
}
