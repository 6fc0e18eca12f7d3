import type { Answered, LessonEvent, QuestionName, Questions } from "../protocol.ts";

/** What waits for an answer. */
interface Waiting {
  readonly resolve: (gives: never) => void;
  readonly reject: (error: Error) => void;
}

/** The page's side of its engine, which computes in a worker, so that the page stays quick to the touch. */
export class Client {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  /** Told of what happens without being asked for. */
  onEvent: (event: LessonEvent) => void = () => {};

  /** @param script the engine's program, as text: a page that is one file has no other place for it */
  constructor(script: string) {
    // The address stays good: the engine starts its other threads from it.
    this.#worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answered>) => {
      if ("event" in data) {
        this.onEvent(data.event);
        return;
      }
      const { resolve, reject } = this.#waiting.get(data.id)!;
      this.#waiting.delete(data.id);
      if ("error" in data) reject(new Error(data.error));
      else resolve(data.gives as never);
    });
    this.#worker.addEventListener("error", ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(message));
      this.#waiting.clear();
    });
  }

  /**
   * Asks the engine, which answers one question after the other.
   *
   * @param transfer buffers that the engine may keep
   * @throws Error with what the engine says is wrong
   */
  ask<Name extends QuestionName>(
    name: Name,
    takes: Questions[Name]["takes"],
    transfer: Transferable[] = [],
  ): Promise<Questions[Name]["gives"]> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, takes }, transfer);
    });
  }
}
