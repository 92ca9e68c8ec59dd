import type { AxisRange } from "./axisRange.js";

/** Where a trend and its limits stand in a picture of `width` by `height`. */
export interface TrendPicture {
  /** SVG path of the values; broken where there are none. */
  readonly path: string;
  /** Height of each limit, in their order; null outside the picture. */
  readonly limits: readonly (number | null)[];
  readonly low: number;
  readonly high: number;
}

const MARGIN = 0.08;

/**
 * Draw values over time with all limits in sight. `across` are the ends of the axis that they stand on; without it
 * the picture begins with the first and ends with the last of them.
 */
export function drawTrend(
  timesS: readonly number[],
  values: readonly (number | null)[],
  limits: readonly number[],
  width: number,
  height: number,
  across?: AxisRange,
): TrendPicture {
  const known = values.filter((value): value is number => value !== null);
  const all = [...known, ...limits.filter(Number.isFinite)];
  const lowest = Math.min(...all);
  const span = Math.max(Math.max(...all) - lowest, Math.abs(lowest) * 0.01, 1e-12);
  const low = all.length ? lowest - MARGIN * span : 0;
  const high = all.length ? lowest + (1 + MARGIN) * span : 1;
  const [fromS, toS] = across ?? [timesS[0] ?? 0, timesS.at(-1) ?? 0];
  const lengthS = Math.max(toS - fromS, 1e-9);
  const y = (value: number) => height * (1 - (value - low) / (high - low));
  let path = "";
  let broken = true;
  timesS.forEach((timeS, i) => {
    const value = values[i] ?? null;
    if (value !== null) {
      const x = (width * (timeS - fromS)) / lengthS;
      path += `${broken ? "M" : "L"}${x.toFixed(1)} ${y(value).toFixed(1)}`;
    }
    broken = value === null;
  });
  return { path, limits: limits.map((limit) => (Number.isFinite(limit) ? y(limit) : null)), low, high };
}
