import { describe, expect, it } from "vitest";
import { thinned } from "../src/live/evidencePicture.js";

describe("thinned", () => {
  it("keeps short curves as they are", () => {
    expect(thinned([3, 1, 2], 0.5, 10)).toEqual({ places: [0, 0.5, 1], values: [3, 1, 2] });
  });

  it("keeps the lowest and the highest value of each stretch in their order", () => {
    const values = Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    values[777] = 99;
    values[778] = -99;
    const curve = thinned(values, 1, 10);
    expect(curve.values.length).toBeLessThanOrEqual(20);
    expect(curve.values[curve.places.indexOf(777)]).toBe(99);
    expect(curve.values[curve.places.indexOf(778)]).toBe(-99);
    expect([...curve.places].sort((a, b) => a - b)).toEqual(curve.places);
  });

  it("breaks where nothing is", () => {
    expect(thinned([1, NaN, NaN, 2], 1, 4).values).toEqual([1, null, null, 2]);
  });

  it("draws nothing of nothing", () => {
    expect(thinned([], 1, 10).values).toEqual([]);
  });
});
