/** How a value has moved over the time shown. */
export interface TrendHint {
  readonly direction: "rising" | "falling" | "steady";
  /** Change relative to the start, such as 0.12 for 12 %. */
  readonly ratio: number;
}

const FEWEST_VALUES = 12;
const STEADY_WITHIN = 0.05;

/** Compare the newest sixth of the values with the oldest; null without enough values. */
export function trendHint(values: readonly (number | null)[]): TrendHint | null {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < FEWEST_VALUES) return null;
  const part = Math.floor(known.length / 6);
  const before = mean(known.slice(0, part));
  const now = mean(known.slice(-part));
  if (before === 0) return null;
  const ratio = (now - before) / Math.abs(before);
  if (Math.abs(ratio) < STEADY_WITHIN) return { direction: "steady", ratio };
  return { direction: ratio > 0 ? "rising" : "falling", ratio };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * An SVG path through the values in a box of the given size, broken at gaps. At
 * most `width` / 2 places are drawn: each stands for the mean of the values there.
 */
export function sparklinePath(
  view: readonly [readonly number[], readonly (number | null)[]],
  fromS: number,
  toS: number,
  width: number,
  height: number,
): string {
  const places = Math.max(2, Math.floor(width / 2));
  const binned = binMeans(view, fromS, toS, places);
  const known = binned.filter((value): value is number => value !== null && value !== undefined);
  if (known.length === 0) return "";
  const low = Math.min(...known);
  const span = Math.max(Math.max(...known) - low, Math.abs(low) * 0.1, 1e-12);
  let path = "";
  let broken = true;
  binned.forEach((value, i) => {
    if (value === undefined) return;
    if (value === null) {
      broken = true;
      return;
    }
    const x = ((i + 0.5) / places) * width;
    const y = height - 1 - ((value - low) / span) * (height - 2);
    path += `${broken ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    broken = false;
  });
  return path;
}

/** Mean per place; undefined where nothing was due, null where there is a gap. */
function binMeans(
  [times, values]: readonly [readonly number[], readonly (number | null)[]],
  fromS: number,
  toS: number,
  places: number,
): (number | null | undefined)[] {
  const sums = new Float64Array(places);
  const counts = new Float64Array(places);
  const gaps = new Uint8Array(places);
  times.forEach((time, i) => {
    const place = Math.floor(((time - fromS) / (toS - fromS)) * places);
    if (place < 0 || place >= places) return;
    const value = values[i] ?? null;
    if (value === null) gaps[place] = 1;
    else {
      sums[place] = (sums[place] ?? 0) + value;
      counts[place] = (counts[place] ?? 0) + 1;
    }
  });
  return Array.from(sums, (sum, i) => {
    const count = counts[i] ?? 0;
    return count > 0 ? sum / count : gaps[i] ? null : undefined;
  });
}
