import { describe, expect, it } from "vitest";
import { sparklinePath, trendHint } from "../src/live/trendHint.js";

const ramp = (from: number, to: number, n = 60) =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

describe("trendHint", () => {
  it("tells rising, falling and steady values apart", () => {
    expect(trendHint(ramp(1, 2))?.direction).toBe("rising");
    expect(trendHint(ramp(2, 1))?.direction).toBe("falling");
    expect(trendHint(ramp(1, 1.01))?.direction).toBe("steady");
  });

  it("compares the end with the start", () => {
    const stepped = [...Array<number>(30).fill(2), ...Array<number>(30).fill(3)];
    expect(trendHint(stepped)?.ratio).toBeCloseTo(0.5);
  });

  it("passes over gaps and says nothing of too few values", () => {
    const values = ramp(1, 2, 24).flatMap((value) => [value, null]);
    expect(trendHint(values)?.direction).toBe("rising");
    expect(trendHint(ramp(1, 2, 11))).toBeNull();
    expect(trendHint(Array<null>(50).fill(null))).toBeNull();
  });
});

describe("sparklinePath", () => {
  it("runs from left to right, the largest value on top", () => {
    const path = sparklinePath([ramp(0, 59), ramp(1, 2)], 0, 60, 20, 22);
    const points = path.match(/[ML][\d.]+ [\d.]+/g) ?? [];
    expect(points).toHaveLength(10);
    expect(path).toMatch(/^M1\.0 21\.0/);
    expect(path).toMatch(/L19\.0 1\.0$/);
  });

  it("breaks at gaps", () => {
    const values = ramp(1, 2).map((value, i) => (i >= 20 && i < 40 ? null : value));
    expect(sparklinePath([ramp(0, 59), values], 0, 60, 20, 22).match(/M/g)).toHaveLength(2);
  });

  it("is empty without values", () => {
    expect(sparklinePath([[], []], 0, 60, 20, 22)).toBe("");
  });
});
