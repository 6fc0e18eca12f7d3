import { describe, expect, it } from "vitest";
import { Control, doSteps, type Steps } from "../../src/replicas/control.ts";
import { Heap } from "../../src/tensor/heap.ts";

/** The control block as the main thread sees it, and as a worker does. */
function meet(): { main: Control; worker: Control } {
  const heap = Heap.shared();
  const main = new Control(heap);
  return { main, worker: new Control(new Heap(heap.wasm), main.pointer) };
}

describe("Control", () => {
  it("hands a job over as it was, whatever is in it and however long the one before was", () => {
    const { main, worker } = meet();
    const jobs = [
      {
        kind: "long",
        items: 3,
        numbers: Array.from({ length: 100_000 }, (_, i) => i),
        text: "好".repeat(1e5),
      },
      { kind: "short", items: 1, nothing: null },
    ];
    for (const job of jobs) {
      const { ticket } = worker;
      main.post(job);
      expect(worker.nextJob(ticket)).toEqual(job);
    }
  });

  it("takes a job of 1 MiB, and none of a byte more", () => {
    const { main, worker } = meet();
    const sized = (bytes: number) => {
      const empty = JSON.stringify({ kind: "sized", items: 1, text: "" }).length;
      return { kind: "sized", items: 1, text: "x".repeat(bytes - empty) };
    };
    const { ticket } = worker;
    main.post(sized(2 ** 20));
    expect(worker.nextJob(ticket)).toEqual(sized(2 ** 20));
    expect(() => main.post(sized(2 ** 20 + 1))).toThrow(
      new RangeError("a job of 1048577 bytes does not fit the mailbox"),
    );
  });

  it("gives every item of a job to one thread, and begins anew with the next", () => {
    const { main, worker } = meet();
    for (const items of [7, 0, 3]) {
      const job = { kind: "count", items };
      const taken: number[] = [];
      main.post(job);
      const steps = main.takeItems(job, (item) => {
        taken.push(item);
        if (item === 2) doSteps(worker.takeItems(job, (other) => taken.push(other)));
      });
      doSteps(steps);
      expect(taken).toEqual(Array.from({ length: items }, (_, i) => i));
    }
  });

  it("drops a job that is cancelled, in the middle of an item, which cleans up; the next one is done", () => {
    const { main, worker } = meet();
    const told: string[] = [];
    function* perform(item: number): Steps<void> {
      try {
        for (let step = 0; step < 3; step++) {
          told.push(`item ${item} step ${step}`);
          yield;
        }
      } finally {
        told.push(`item ${item} over`);
      }
    }
    const job = { kind: "steps", items: 2 };
    main.post(job);
    const mine = main.takeItems(job, perform);
    mine.next();
    main.cancel();
    doSteps(mine);
    doSteps(worker.takeItems(job, perform));
    expect(told).toEqual(["item 0 step 0", "item 0 step 1", "item 0 over"]);
    main.post({ ...job, items: 1 });
    doSteps(main.takeItems({ ...job, items: 1 }, perform));
    expect(told.slice(3)).toEqual(["item 0 step 0", "item 0 step 1", "item 0 step 2", "item 0 over"]);
  });

  it("waits for workers no longer than told, and not at all for those that have arrived", () => {
    const { main, worker } = meet();
    main.post({ kind: "none", items: 0 });
    expect(main.allArrived(0, 0)).toBe(true);
    expect(main.allArrived(1, 30)).toBe(false);
    worker.arrive();
    expect(main.allArrived(1, 0)).toBe(true);
    expect(main.allArrived(2, 0)).toBe(false);
    worker.arrive();
    expect(main.allArrived(2, 0)).toBe(true);
    main.post({ kind: "none", items: 0 });
    expect(main.allArrived(1, 0)).toBe(false);
  });

  it.each([
    ["", "it does not say why"],
    ["zu groß", "zu groß"],
    ["好".repeat(5000), "好".repeat(Math.floor(4096 / 3))],
  ])("tells what a worker failed with, cut to what fits", (message, told) => {
    const { main, worker } = meet();
    expect(main.failure).toBeUndefined();
    worker.fail(message);
    expect(main.failure).toBe(told);
  });

  it("keeps the first failure", () => {
    const { main, worker } = meet();
    worker.fail("the cause");
    worker.fail("what came of it");
    expect(main.failure).toBe("the cause");
  });

  it("sends workers home", () => {
    const { main, worker } = meet();
    const { ticket } = worker;
    main.stop();
    expect(worker.nextJob(ticket)).toBeUndefined();
  });
});
