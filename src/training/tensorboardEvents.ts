import { tfRecord } from "../io/tfRecord.ts";
import type { LoggedValidation, LogRecord } from "./runDirectory.ts";

/** Numbers by the names that TensorBoard shows them under; those before the slash stand together. */
export type Scalars = Readonly<Record<string, number>>;

/** What TensorBoard shows of a line of `metrics.jsonl`. */
export function scalarsOf(record: LogRecord | LoggedValidation): Scalars {
  if ("valid" in record) {
    const { loss, perplexity, bleu, chrf, exactMatch } = record.valid;
    return {
      "valid/loss": loss,
      "valid/perplexity": perplexity,
      "valid/bleu": bleu,
      "valid/chrf": chrf,
      "valid/exact_match": exactMatch,
    };
  }
  const { loss, lr, gradNorm, tokensPerSecond } = record;
  return {
    "train/loss": loss,
    "train/learning_rate": lr,
    "train/gradient_norm": gradNorm,
    "train/tokens_per_second": tokensPerSecond,
  };
}

// Events are messages of protocol buffers (TensorFlow, `core/util/event.proto` and `core/framework/summary.proto`), as
// records of a TFRecord file. A field is its number and kind in a byte, then its content.
const KINDS = { varint: 0, sixtyFourBits: 1, bytes: 2, thirtyTwoBits: 5 } as const;

/** The first record of an event file. */
export function versionEvent(seconds: number): Uint8Array {
  return event(seconds, 0, bytesField(3, utf8("brain.Event:2")));
}

/** Says that a run goes on from here: what readers have of this step and later ones, the run will say again. */
export function restartEvent(seconds: number, step: number): Uint8Array {
  const start = [...field(1, "varint"), 1];
  return event(seconds, step, bytesField(7, start));
}

/** Numbers of a step. */
export function scalarsEvent(seconds: number, step: number, scalars: Scalars): Uint8Array {
  const summary = Object.entries(scalars).flatMap(([tag, value]) =>
    bytesField(1, [...bytesField(1, utf8(tag)), ...field(2, "thirtyTwoBits"), ...float(value)]),
  );
  return event(seconds, step, bytesField(5, summary));
}

/** @param seconds since 1970 */
function event(seconds: number, step: number, what: readonly number[]): Uint8Array {
  const time = [...field(1, "sixtyFourBits"), ...double(seconds)];
  const place = step === 0 ? [] : [...field(2, "varint"), ...varint(step)];
  return tfRecord(Uint8Array.from([...time, ...place, ...what]));
}

function field(number: number, kind: keyof typeof KINDS): number[] {
  return [(number << 3) | KINDS[kind]];
}

function bytesField(number: number, content: readonly number[]): number[] {
  return [...field(number, "bytes"), ...varint(content.length), ...content];
}

/** Seven bits a byte, the lowest first; all but the last have the eighth bit set. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

function double(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}

function float(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
