import { Readable } from "node:stream";
import type { ReadStream } from "node:tty";

/** What Ctrl-C and Ctrl-Z send. */
const INTERRUPT = "\u0003";
const SUSPEND = "\u001a";

/**
 * The keys of a terminal, one at a time, for a line editor of Node's: up to the end of a line, and those of the next
 * when {@link nextLine} asks for them. So lines that are pasted, or typed while one is answered, are edited and answered
 * one after the other, as if they had been typed slowly. Ctrl-C and Ctrl-Z do not wait; Ctrl-C takes what waits with it.
 *
 * Single keys also keep the editor of Node 20 from its short cut for longer chunks, which puts them at the end of the
 * line wherever the cursor is; input methods send such chunks.
 */
export class Keyboard extends Readable {
  readonly isTTY = true;
  readonly #stream: ReadStream;
  #waiting: string[] = [];
  #isHeld = false;

  constructor(stream: ReadStream) {
    super({ objectMode: true });
    this.#stream = stream;
    stream.setEncoding("utf8");
    stream.on("data", this.#take);
    stream.on("end", this.#end);
  }

  get isRaw(): boolean {
    return this.#stream.isRaw;
  }

  setRawMode(mode: boolean): this {
    this.#stream.setRawMode(mode);
    return this;
  }

  /** Hands on the keys of the next line. */
  nextLine(): void {
    this.#isHeld = false;
    this.#handOn();
  }

  /** Takes no more keys. */
  close(): void {
    this.#stream.off("data", this.#take);
    this.#stream.off("end", this.#end);
    this.#stream.pause();
  }

  override _read(): void {} // keys come when they are pressed

  readonly #take = (text: string): void => {
    for (const key of text) {
      if (key === INTERRUPT) this.#waiting = [];
      if (key === INTERRUPT || key === SUSPEND) this.push(key);
      else this.#waiting.push(key);
    }
    this.#handOn();
  };

  readonly #end = (): void => {
    this.push(null);
  };

  #handOn(): void {
    let count = 0;
    while (!this.#isHeld && count < this.#waiting.length) {
      const key = this.#waiting[count++]!;
      this.push(key);
      this.#isHeld = key === "\r" || key === "\n";
      if (key === "\r" && this.#waiting[count] === "\n") count++; // one end of a line, not two
    }
    this.#waiting.splice(0, count);
  }
}
