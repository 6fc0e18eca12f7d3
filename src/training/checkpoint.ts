import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileSystemError, XformerError } from "../errors.ts";
import {
  type NamedTensor,
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
} from "../io/safetensors.ts";
import type { Transformer } from "../model/transformer.ts";
import type { Heap } from "../tensor/heap.ts";
import {
  type Checkpoint,
  type CheckpointDescription,
  checkpointOf,
  metadataOf,
  type Optimizer,
  parseDescription,
  tensorsOf,
} from "./checkpointFormat.ts";

/**
 * Writes a model, its tokenizers and where its training stood to one file, atomically.
 *
 * @param optimizer given when training is to go on from this file
 * @throws XformerError IO when it cannot be written; the previous file is then whole
 */
export function saveCheckpoint(
  path: string,
  model: Transformer,
  description: Omit<CheckpointDescription, "model">,
  heap: Heap,
  optimizer?: Optimizer,
): void {
  writeCheckpoint(path, tensorsOf(model, heap, optimizer), { ...description, model: model.config });
}

/** Writes tensors and what is to be said about them to one file, atomically. */
export function writeCheckpoint(
  path: string,
  tensors: readonly NamedTensor[],
  description: CheckpointDescription,
): void {
  writeSafetensors(path, tensors, metadataOf(description));
}

/**
 * The file that `--model` means: a run directory's best (its last when there is no best yet), or the file itself.
 *
 * @throws XformerError IO when there is nothing, CHECKPOINT for a directory without a checkpoint
 */
export function checkpointFile(path: string): string {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw fileSystemError(error, path);
  }
  if (!isDirectory) return path;
  const file = ["best.safetensors", "last.safetensors"]
    .map((name) => join(path, name))
    .find((name) => existsSync(name));
  if (file !== undefined) return file;
  throw new XformerError("CHECKPOINT", "no best.safetensors or last.safetensors in this directory", {
    file: path,
    hint: "Name a run directory that `xformer train` made, or a checkpoint file.",
  });
}

/**
 * Reads and verifies a checkpoint.
 *
 * @param path a file or a run directory
 * @throws XformerError CHECKPOINT or IO naming the file and what is wrong with it
 */
export function loadCheckpoint(path: string): Checkpoint {
  const file = checkpointFile(path);
  return checkpointOf(readSafetensors(file), file);
}

/** What a checkpoint says about itself, without reading its tensors. */
export function describeCheckpoint(path: string): CheckpointDescription & {
  readonly file: string;
  readonly shapes: readonly { readonly name: string; readonly shape: readonly number[] }[];
} {
  const file = checkpointFile(path);
  const { tensors, metadata } = readSafetensorsHeader(file);
  const shapes = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  return { ...parseDescription(metadata, file), file, shapes };
}
