/** Ends of an axis. */
export type AxisRange = readonly [number, number];

const PADDING = 0.12;
const SHRINK_BELOW = 0.55;
const LEAST_SPAN_RATIO = 0.1;

/**
 * Choose the ends of a value axis that shows [low, high].
 *
 * The axis grows at once and shrinks only when the data need much less of it: an
 * axis that moves ten times a second cannot be read. Values that are never
 * negative never get a negative axis, and noise on a steady value is not blown
 * up to the full height.
 */
export function nextRange(current: AxisRange | undefined, low: number, high: number): AxisRange {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return current ?? [0, 1];
  if (current && covers(current, low, high)) return current;
  const least = Math.max(Math.abs(high), Math.abs(low)) * LEAST_SPAN_RATIO || 1;
  const span = Math.max(high - low, least);
  const middle = (low + high) / 2;
  const bottom = middle - span * (0.5 + PADDING);
  const step = niceStep(span / 4);
  const floor = Math.floor(bottom / step) * step;
  const ceiling = Math.ceil((middle + span * (0.5 + PADDING)) / step) * step;
  return [low >= 0 ? Math.max(0, floor) : floor, ceiling];
}

function covers(current: AxisRange, low: number, high: number): boolean {
  const [bottom, top] = current;
  if (low < bottom || high > top) return false;
  const wanted = Math.max(high - low, Math.abs(high) * LEAST_SPAN_RATIO);
  return wanted >= (top - bottom) * SHRINK_BELOW * 0.5;
}

/** The next of 1, 2, 5 × 10ⁿ that is not below the value. */
export function niceStep(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const ratio = value / decade;
  return (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10) * decade;
}
