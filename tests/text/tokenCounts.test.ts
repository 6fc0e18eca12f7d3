import { describe, expect, it } from "vitest";
import { TokenCounts } from "../../src/text/tokenCounts.ts";

describe("TokenCounts", () => {
  it("counts exactly below the bound", () => {
    const counts = new TokenCounts(3);
    for (const token of "b a b c b".split(" ")) counts.add(token);
    expect([...counts]).toEqual([
      ["b", 3],
      ["a", 1],
      ["c", 1],
    ]);
  });

  it("stays within the bound and keeps what is frequent", () => {
    const counts = new TokenCounts(100);
    for (let i = 0; i < 10_000; i++) {
      counts.add("frequent");
      counts.add(`rare ${i}`);
      expect(counts.size).toBeLessThanOrEqual(100);
    }
    expect(new Map(counts).get("frequent")).toBe(10_000);
  });
});
