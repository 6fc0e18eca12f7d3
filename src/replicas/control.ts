import { at, type Pointer, pointerTo } from "../kernels/kernels.ts";
import type { Heap } from "../tensor/heap.ts";

/** A piece of work that threads share: they take its items 0 to `items` - 1 one after the other. */
export interface Job {
  readonly kind: string;
  readonly items: number;
}

/** Work that can be put down after each of its steps, and that gives something in the end. */
export type Steps<T> = Generator<void, T, void>;

/** Does all steps without a pause. */
export function doSteps<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/**
 * Does items of a job until none are left or nobody wants them any more.
 *
 * @param take gives the number of an item that nobody has taken yet
 * @param perform does an item, at once or step by step
 */
export function* doItems(
  { items }: Job,
  take: () => number,
  isCancelled: () => boolean,
  perform: (item: number) => unknown,
): Steps<void> {
  for (let item = take(); item < items && !isCancelled(); item = take()) {
    const steps = perform(item);
    if (isSteps(steps)) {
      for (const step of steps) {
        if (isCancelled()) return; // which lets the item clean up behind itself
        yield step;
      }
    }
    yield;
  }
}

function isSteps(work: unknown): work is Steps<void> {
  return typeof work === "object" && work !== null && Symbol.iterator in work;
}

/** Words of the control block. */
const TICKET = 0; // rises with every job
const NEXT_ITEM = 1;
const ARRIVED = 2; // workers that have run out of items
const STOP = 3;
const JOB_LENGTH = 4; // bytes of the job in its mailbox
const FAILURE_LENGTH = 5; // and of the first failure in its own; 0 while there is none, -1 while it is written
const CANCELLED = 6; // 1 when nobody wants the job in hand any more
const WORDS = 16;

/** Room for a job's description, and behind it for a failure's. */
const JOB_BYTES = 2 ** 20;
const FAILURE_BYTES = 2 ** 12;
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() };
/** Looks at a word this many times before going to sleep: a meeting is over sooner than a thread falls asleep. */
const SPINS = 2000;

/**
 * Where threads meet: a few words of shared memory and a mailbox with the job in hand, as JSON. The main thread
 * posts a job, everybody takes items until none are left, and the main thread goes on when all have arrived.
 */
export class Control {
  readonly pointer: Pointer;
  readonly #heap: Heap;

  /** Makes a control block, or uses the one at `pointer`. */
  constructor(heap: Heap, pointer: Pointer = heap.reserve(4 * WORDS + JOB_BYTES + FAILURE_BYTES)) {
    this.#heap = heap;
    this.pointer = pointer;
  }

  /** Main thread: describes the next job and lets the workers go. */
  post(job: Job): void {
    const words = this.#words;
    const text = utf8.encoder.encode(JSON.stringify(job));
    if (text.length > JOB_BYTES)
      throw new RangeError(`a job of ${text.length} bytes does not fit the mailbox`);
    this.#mailbox(0, text.length).set(text);
    Atomics.store(words, JOB_LENGTH, text.length);
    Atomics.store(words, NEXT_ITEM, 0);
    Atomics.store(words, CANCELLED, 0);
    Atomics.store(words, ARRIVED, 0);
    Atomics.add(words, TICKET, 1);
    Atomics.notify(words, TICKET);
  }

  /** Main thread: lets everybody drop the job in hand after the step they are at. */
  cancel(): void {
    Atomics.store(this.#words, CANCELLED, 1);
  }

  /** Main thread: waits until `workers` have arrived, or about as long as `milliseconds`. */
  allArrived(workers: number, milliseconds: number): boolean {
    const words = this.#words;
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const arrived = waitForChange(words, ARRIVED, (count) => count >= workers, deadline);
      if (arrived >= workers) return true;
      if (performance.now() >= deadline) return false;
    }
  }

  /** Main thread: what a worker failed with, if one did. */
  get failure(): string | undefined {
    const length = Atomics.load(this.#words, FAILURE_LENGTH);
    return length <= 0 ? undefined : this.#text(JOB_BYTES, length);
  }

  /** Main thread: sends the workers home. */
  stop(): void {
    const words = this.#words;
    Atomics.store(words, STOP, 1);
    Atomics.add(words, TICKET, 1);
    Atomics.notify(words, TICKET);
  }

  /** The ticket of the job in hand. */
  get ticket(): number {
    return Atomics.load(this.#words, TICKET);
  }

  /** Worker: waits for the job after `ticket`; none when there will not be another. */
  nextJob(ticket: number): Job | undefined {
    const words = this.#words;
    waitForChange(words, TICKET, (newest) => newest !== ticket, Number.POSITIVE_INFINITY);
    if (Atomics.load(words, STOP) === 1) return undefined;
    return JSON.parse(this.#text(0, Atomics.load(words, JOB_LENGTH))) as Job;
  }

  /**
   * Any thread: does items of the job until none are left or it is cancelled.
   *
   * @param perform does an item, at once or step by step
   */
  takeItems(job: Job, perform: (item: number) => unknown): Steps<void> {
    const words = this.#words;
    const take = (): number => Atomics.add(words, NEXT_ITEM, 1);
    return doItems(job, take, () => Atomics.load(words, CANCELLED) === 1, perform);
  }

  /** Worker: reports that it has no more to do. */
  arrive(): void {
    Atomics.add(this.#words, ARRIVED, 1);
    Atomics.notify(this.#words, ARRIVED);
  }

  /** Worker: reports that it cannot go on; the first report is the one that is kept. */
  fail(message: string): void {
    if (Atomics.compareExchange(this.#words, FAILURE_LENGTH, 0, -1) !== 0) return;
    const text = new Uint8Array(FAILURE_BYTES);
    const { written } = utf8.encoder.encodeInto(message || "it does not say why", text);
    this.#mailbox(JOB_BYTES, written).set(text.subarray(0, written));
    Atomics.store(this.#words, FAILURE_LENGTH, written);
  }

  get #words(): Int32Array {
    return this.#heap.integers(this.pointer, WORDS);
  }

  /** A part of the mailboxes, as a view. */
  #mailbox(first: number, bytes: number): Uint8Array {
    return this.#heap.bytes(pointerTo(at(this.pointer, WORDS) + first), bytes);
  }

  /** The text in a part of the mailboxes; decoders refuse to read from shared memory itself. */
  #text(first: number, bytes: number): string {
    return utf8.decoder.decode(this.#mailbox(first, bytes).slice());
  }
}

/** Waits, first awake and then asleep, until a word satisfies `done` or the deadline is past; returns the word. */
function waitForChange(
  words: Int32Array,
  index: number,
  done: (value: number) => boolean,
  deadline: number,
): number {
  let value = Atomics.load(words, index);
  for (let spin = 0; spin < SPINS && !done(value); spin++) value = Atomics.load(words, index);
  while (!done(value)) {
    const left = deadline - performance.now();
    if (left <= 0) return value;
    Atomics.wait(words, index, value, left);
    value = Atomics.load(words, index);
  }
  return value;
}
