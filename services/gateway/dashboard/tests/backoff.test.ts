import { describe, expect, it } from "vitest";
import { Backoff } from "../src/live/backoff.js";

const POLICY = { initialMs: 500, maxMs: 4_000, factor: 2 };

describe("Backoff", () => {
  it("doubles its ceiling up to the largest wait", () => {
    const backoff = new Backoff(POLICY, () => 1);
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([500, 1000, 2000, 4000, 4000]);
  });

  it("never waits less than half of the ceiling", () => {
    const backoff = new Backoff(POLICY, () => 0);
    expect([1, 2, 3].map(() => backoff.next())).toEqual([250, 500, 1000]);
  });

  it("begins again after a success", () => {
    const backoff = new Backoff(POLICY, () => 1);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.attempt).toBe(0);
    expect(backoff.next()).toBe(500);
  });
});
