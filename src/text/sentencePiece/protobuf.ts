import { damaged, show } from "../jsonFields.ts";

/** A value as it is written: a number, or bytes that are a text, a message or whatever the field's number says. */
type Value = number | Uint8Array;

/** How a value is written (Protocol Buffers, Encoding: Message Structure). */
const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A message of Protocol Buffers, taken apart without a schema: whoever reads a field knows its number and what it is.
 * Whole numbers beyond 53 bits lose their lowest ones.
 */
export class Message {
  readonly #fields = new Map<number, Value[]>();
  readonly #name: string;
  readonly #file: string | undefined;

  /**
   * @param name what it is, for error messages
   * @throws XformerError CHECKPOINT when it is no message
   */
  constructor(bytes: Uint8Array, name: string, file: string | undefined) {
    this.#name = name;
    this.#file = file;
    const input = new Input(bytes, (problem) => damaged(`${name} ${problem}`, file));
    while (!input.isAtEnd) {
      const tag = input.varint();
      const [field, value] = [Math.floor(tag / 8), input.value(tag % 8)];
      const values = this.#fields.get(field);
      if (values === undefined) this.#fields.set(field, [value]);
      else values.push(value);
    }
  }

  /** A number, or a truth as 0 or 1; of several the last. */
  number(field: number, name: string, usual: number): number {
    const value = this.#fields.get(field)?.at(-1) ?? usual;
    return typeof value === "number" ? value : this.#wrong(name, "a number");
  }

  bytes(field: number, name: string): Uint8Array {
    const value = this.#fields.get(field)?.at(-1) ?? new Uint8Array(0);
    return typeof value === "number" ? this.#wrong(name, "bytes") : value;
  }

  text(field: number, name: string): string {
    const bytes = this.bytes(field, name);
    try {
      return DECODER.decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return this.#wrong(name, "UTF-8");
    }
  }

  message(field: number, name: string): Message {
    return new Message(this.bytes(field, name), name, this.#file);
  }

  messages(field: number, name: string): Message[] {
    return (this.#fields.get(field) ?? []).map((value, i) => {
      const one = `${name}[${i}]`;
      return new Message(typeof value === "number" ? this.#wrong(one, "a message") : value, one, this.#file);
    });
  }

  #wrong(name: string, expected: string): never {
    return damaged(`${show(name)} of ${this.#name} is not ${expected}`, this.#file);
  }
}

/** Bytes that are read from the first to the last. */
class Input {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: (problem: string) => never;
  #at = 0;

  constructor(bytes: Uint8Array, fail: (problem: string) => never) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A whole number, seven bits a byte, the lowest first; the last byte is below 128. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return this.#fail("has a number of more than ten bytes");
  }

  value(type: number): Value {
    if (type === VARINT) return this.varint();
    if (type === FIXED64) return this.#view.getFloat64(this.#take(8), true);
    if (type === FIXED32) return this.#view.getFloat32(this.#take(4), true);
    if (type !== LENGTH) return this.#fail(`has a field of the unknown type ${type}`);
    const length = this.varint();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Goes on by so many bytes, and says where they begin. */
  #take(length: number): number {
    if (length > this.#bytes.length - this.#at) this.#fail("ends in the middle of a field");
    this.#at += length;
    return this.#at - length;
  }
}
