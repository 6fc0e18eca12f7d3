import type { StreamedToken } from "../decoding/tokenStream.ts";
import { XformerError } from "../errors.ts";
import type { ComputingOptions } from "../loadedModel.ts";
import type { TokenizerJSON } from "../text/tokenizerJson.ts";
import type { Progress } from "./calls.ts";
import type { Engine, ModelDescription } from "./engine.ts";

// What the thread that a model is loaded in is told, and what it answers.

/** A place of a model as it can be sent: URLs as texts. */
export type SentPlace = string | ArrayBuffer | Uint8Array;

/** What the thread is started with. */
export interface ModelSeed extends ComputingOptions {
  readonly places: readonly SentPlace[];
}

/** A call of the engine; signals are told by {@link Abort}, progress by answers. */
export type Request =
  | { readonly id: number; readonly call: "translate"; readonly args: Parameters<Engine["translate"]> }
  | { readonly id: number; readonly call: "score"; readonly args: readonly [string[], string[]] }
  | { readonly id: number; readonly call: "trace"; readonly args: readonly [string, string | undefined] }
  | { readonly id: number; readonly call: "stream"; readonly args: Parameters<Engine["stream"]> }
  | {
      readonly id: number;
      readonly call: "evaluate";
      readonly args: readonly [Parameters<Engine["evaluate"]>[0], Parameters<Engine["evaluate"]>[1]];
    }
  | { readonly id: number; readonly call: "close"; readonly args: readonly [] };

/** A call that nobody waits for any more. */
export interface Abort {
  readonly id: number;
  readonly call: "abort";
}

/** What is known once a model is loaded. */
export interface Loaded {
  readonly description: ModelDescription;
  readonly sourceTokenizer: TokenizerJSON;
  readonly targetTokenizer: TokenizerJSON;
  readonly warning: string | undefined;
  readonly linesAtATime: number;
}

/** An answer to the call of that number; 0 is the loading. */
export type Answer =
  | { readonly id: number; readonly type: "progress"; readonly progress: Progress }
  | { readonly id: number; readonly type: "token"; readonly token: StreamedToken }
  | { readonly id: number; readonly type: "done"; readonly value: unknown }
  | { readonly id: number; readonly type: "failed"; readonly failure: Failure };

/** An error as it can be sent: of those of ours everything a user is told, of others what structured cloning keeps. */
export type Failure =
  | Pick<XformerError, "code" | "message" | "file" | "line" | "hint">
  | { readonly error: unknown };

export function failureOf(error: unknown): Failure {
  if (!(error instanceof XformerError)) return { error };
  const { code, message, file, line, hint } = error;
  return { code, message, file, line, hint };
}

export function errorOf(failure: Failure): unknown {
  if ("error" in failure) return failure.error;
  const { code, message, ...place } = failure;
  return new XformerError(code, message, place);
}
