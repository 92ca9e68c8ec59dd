import { describe, expect, it } from "vitest";
import { drawTrend } from "../src/live/trendPath.js";

describe("drawTrend", () => {
  it("keeps values and limits inside the picture", () => {
    const { path, limits } = drawTrend([0, 1, 2], [1, 3, 2], [5], 100, 50);
    const heights = [...path.matchAll(/ ([\d.]+)/g)].map((match) => Number(match[1]));
    expect(heights).toHaveLength(3);
    for (const y of [...heights, limits[0] ?? NaN]) {
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(50);
    }
    expect(limits[0]).toBeLessThan(Math.min(...heights));
    expect(heights[1]).toBeLessThan(heights[0] ?? NaN);
  });

  it("spans the width from the first to the last value", () => {
    const { path } = drawTrend([10, 20], [1, 2], [], 100, 50);
    expect(path).toMatch(/^M0\.0 .*L100\.0 /);
  });

  it("breaks the line where values are missing", () => {
    const { path } = drawTrend([0, 1, 2, 3], [1, null, 2, 3], [], 100, 50);
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path.match(/L/g)).toHaveLength(1);
  });

  it("draws nothing of nothing", () => {
    expect(drawTrend([], [], [], 100, 50).path).toBe("");
    expect(drawTrend([0], [null], [], 100, 50).path).toBe("");
  });

  it("draws a steady value inside the picture", () => {
    const { path } = drawTrend([0, 1], [0, 0], [], 100, 50);
    expect(path).not.toContain("NaN");
  });
});
