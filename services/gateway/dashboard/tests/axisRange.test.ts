import { describe, expect, it } from "vitest";
import { nextRange, niceStep } from "../src/live/axisRange.js";

describe("nextRange", () => {
  it("covers the data with room on both sides", () => {
    const [bottom, top] = nextRange(undefined, 2, 4);
    expect(bottom).toBeLessThan(2);
    expect(top).toBeGreaterThan(4);
    expect(top - bottom).toBeLessThan(6);
  });

  it("stays as it is while the data fit, and grows at once when they don't", () => {
    const first = nextRange(undefined, 2, 4);
    expect(nextRange(first, 2.2, 3.9)).toBe(first);
    expect(nextRange(first, 2, 9)[1]).toBeGreaterThan(9);
  });

  it("shrinks when the data need far less", () => {
    const wide = nextRange(undefined, 0, 100);
    const [bottom, top] = nextRange(wide, 10, 12);
    expect(top - bottom).toBeLessThan(10);
  });

  it("never goes below zero for values that don't", () => {
    expect(nextRange(undefined, 0.01, 5)[0]).toBe(0);
    expect(nextRange(undefined, -1, 5)[0]).toBeLessThan(-1);
  });

  it("does not blow up the noise on a steady value", () => {
    const [bottom, top] = nextRange(undefined, 99.9, 100.1);
    expect(top - bottom).toBeGreaterThan(9);
  });

  it("has an answer without any value and for zeros", () => {
    expect(nextRange(undefined, Infinity, -Infinity)).toEqual([0, 1]);
    expect(nextRange([3, 4], Infinity, -Infinity)).toEqual([3, 4]);
    const [bottom, top] = nextRange(undefined, 0, 0);
    expect(bottom).toBe(0);
    expect(top).toBeGreaterThan(0);
  });
});

describe("niceStep", () => {
  it.each([
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [4, 5],
    [7, 10],
    [120, 200],
  ])("rounds %d up to %d", (value, step) => expect(niceStep(value)).toBeCloseTo(step));
});
