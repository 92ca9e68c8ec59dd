import { describe, expect, it } from "vitest";
import { drawSpectra, thinned } from "../src/live/evidencePicture.js";

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

describe("drawSpectra", () => {
  /** Place of the highest point of a path, 0–100 across. */
  const peak = (path: string) => {
    const points = [...path.matchAll(/[ML](\S+) (\S+?)(?=[ML]|$)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
    return points.reduce((best, point) => (point[1] < best[1] ? point : best))[0];
  };
  const spectrum = (count: number, step: number, peakHz: number) => ({
    step,
    lines: Array.from({ length: count }, (_, i) => (i * step === peakHz ? 1 : 0)),
  });

  it("puts 50 Hz at one place, however far apart the lines are", () => {
    const { paths, across } = drawSpectra([spectrum(401, 0.25, 50), spectrum(101, 1, 50)], 1000, 100, 10);
    expect(across).toEqual([0, 100]);
    expect(paths.map(peak)).toEqual([50, 50]);
  });

  it("reaches as far as the highest line of any", () => {
    const { paths, across, tops } = drawSpectra([spectrum(101, 1, 50), spectrum(201, 1, 50)], 1000, 100, 10);
    expect(across).toEqual([0, 200]);
    expect(paths.map(peak)).toEqual([25, 25]);
    expect(tops).toEqual([1, 1]);
  });

  it("gives both one scale of heights", () => {
    const strong = { step: 1, lines: [0, 4, 0] };
    const weak = { step: 1, lines: [0, 1, 0] };
    const { upwards, tops } = drawSpectra([weak, strong], 1000, 100, 10);
    expect(upwards[1]).toBeGreaterThan(4);
    expect(tops).toEqual([1, 4]);
  });
});
