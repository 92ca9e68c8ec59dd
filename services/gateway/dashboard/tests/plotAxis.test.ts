import { describe, expect, it } from "vitest";
import { clockTicks, ticks } from "../src/live/plotAxis.js";

describe("ticks", () => {
  it("stand at round values, each at its place", () => {
    expect(ticks([0, 10_000], 5)).toEqual([0, 2000, 4000, 6000, 8000, 10_000].map((value) => ({ value, share: value / 10_000 })));
  });

  it("stay inside the axis and do not add up rounding", () => {
    expect(ticks([-0.25, 0.35], 6).map(({ value }) => value)).toEqual([-0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  });

  it("are none on an axis without length", () => {
    expect(ticks([1, 1], 4)).toEqual([]);
    expect(ticks([NaN, NaN], 4)).toEqual([]);
  });
});

describe("clockTicks", () => {
  it("stand at full seconds, minutes and hours", () => {
    expect(clockTicks([100, 190], 4).map(({ value }) => value)).toEqual([120, 150, 180]);
    expect(clockTicks([0, 12 * 3600], 4).map(({ value }) => value / 3600)).toEqual([0, 4, 8, 12]);
  });

  it("go on beyond a day", () => {
    expect(clockTicks([0, 864_000 * 4], 4).length).toBeLessThanOrEqual(5);
  });
});
