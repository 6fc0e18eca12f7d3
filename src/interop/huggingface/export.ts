import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../io/safetensors.ts";
import type { Checkpoint } from "../../training/checkpointFormat.ts";
import { areOne } from "../../training/origin.ts";
import { refuseInexpressible } from "../expressible.ts";
import { type Exported, makeFolder, writeJSON } from "../folder.ts";
import {
  EXPRESSIBLE,
  generationConfig,
  modelConfig,
  modelTensors,
  positionsOf,
  sourceOffset,
} from "./model.ts";
import { type ExportedTokenizer, exportTokenizer } from "./tokenizer.ts";

/** Where the tokenizer of the targets is, when it is not that of the sources. */
export const TARGET_FOLDER = "target";

/**
 * Writes a model so that `AutoModelForSeq2SeqLM` and `AutoTokenizer` of transformers open the directory.
 *
 * @throws XformerError CHECKPOINT when transformers has no model like it; IO where the file system refuses
 */
export function exportHuggingFace(checkpoint: Checkpoint, directory: string): Exported {
  refuseInexpressible(
    checkpoint,
    EXPRESSIBLE,
    "Marian and Pegasus of transformers",
    "Export it with `xformer export onnx`, or read its safetensors in PyTorch as examples/pytorch/score.py does.",
  );
  makeFolder(directory);
  writeJSON(join(directory, "config.json"), modelConfig(checkpoint));
  writeJSON(join(directory, "generation_config.json"), generationConfig(checkpoint));
  // transformers asks for the framework that tensors are to be read by.
  writeSafetensors(join(directory, "model.safetensors"), modelTensors(checkpoint), { format: "pt" });
  const tokenizers = writeTokenizers(checkpoint, directory, sourceOffset(checkpoint.model));
  return {
    files: ["config.json", "generation_config.json", "model.safetensors", ...tokenizers.files],
    notes: tokenizers.notes,
  };
}

/**
 * Writes the tokenizer of the sources, and in a directory of its own that of the targets where it is another one.
 *
 * @param offset what the ids of the sources begin from
 */
export function writeTokenizers(checkpoint: Checkpoint, directory: string, offset: number): Exported {
  const { sourceTokenizer, targetTokenizer } = checkpoint;
  const { eosId } = targetTokenizer.vocabulary; // ends the sources too
  const positions = positionsOf(checkpoint);
  const source = exportTokenizer(sourceTokenizer, { offset, eosId, positions });
  const files = writeTokenizer(source, directory, "");
  const isOne = offset === 0 && areOne(sourceTokenizer, targetTokenizer);
  const target = exportTokenizer(targetTokenizer, { offset: 0, eosId, positions });
  if (!isOne) files.push(...writeTokenizer(target, directory, TARGET_FOLDER));
  const notes = (
    isOne
      ? [["its", source] as const]
      : [["the source's", source] as const, ["the target's", target] as const]
  )
    .filter(([, { note }]) => note !== undefined)
    .map(([whose, { note }]) => `${whose} ${note}`);
  return { files, notes };
}

function writeTokenizer({ json, config }: ExportedTokenizer, directory: string, folder: string): string[] {
  mkdirSync(join(directory, folder), { recursive: true });
  const files = ["tokenizer.json", "tokenizer_config.json"].map((name) => join(folder, name));
  for (const [i, content] of [json, config].entries()) writeJSON(join(directory, files[i]!), content);
  return files;
}
