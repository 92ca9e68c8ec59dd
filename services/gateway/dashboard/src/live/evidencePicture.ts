/** A curve: places on the axis and heights; null where there is none. */
export interface Curve {
  readonly places: readonly number[];
  readonly values: readonly (number | null)[];
}

/**
 * Sum a long curve up into at most `count` pairs of its lowest and highest value, in the order in which they
 * come, so that no peak is lost.
 */
export function thinned(values: readonly number[], step: number, count: number): Curve {
  const stride = Math.ceil(values.length / count);
  const places: number[] = [];
  const kept: (number | null)[] = [];
  const keep = (i: number, value: number | null) => {
    places.push(i * step);
    kept.push(value);
  };
  for (let from = 0; from < values.length; from += stride) {
    let low = -1;
    let high = -1;
    for (let i = from; i < Math.min(from + stride, values.length); i++) {
      const value = values[i] ?? NaN;
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < (values[low] ?? 0)) low = i;
      if (high < 0 || value > (values[high] ?? 0)) high = i;
    }
    if (low < 0) {
      keep(from, null);
      continue;
    }
    for (const i of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) keep(i, values[i] ?? null);
  }
  return { places, values: kept };
}
