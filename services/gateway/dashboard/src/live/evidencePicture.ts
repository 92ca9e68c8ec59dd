import type { AxisRange } from "./axisRange.js";
import { drawTrend } from "./trendPath.js";

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

/** A spectrum: line i stands at i × step. */
export interface Lines {
  readonly lines: readonly number[];
  readonly step: number;
}

/** Spectra drawn on one axis of frequencies and one of heights. */
export interface SpectraPicture {
  /** One SVG path for each spectrum, in their order. */
  readonly paths: readonly string[];
  /** Ends of the axis of frequencies: the highest line of any of them is its end. */
  readonly across: AxisRange;
  readonly upwards: AxisRange;
  /** The highest value of each spectrum. */
  readonly tops: readonly number[];
}

/** Draw spectra over each other; each line stands at its own frequency, however far apart the lines are. */
export function drawSpectra(spectra: readonly Lines[], pairs: number, width: number, height: number): SpectraPicture {
  const curves = spectra.map(({ lines, step }) => thinned(lines, step, pairs));
  const across: AxisRange = [0, Math.max(...spectra.map(({ lines, step }) => step * (lines.length - 1)))];
  const tops = curves.map(({ values }) => Math.max(0, ...values.filter((value) => value !== null)));
  const limits = [0, Math.max(...tops)];
  const pictures = curves.map(({ places, values }) => drawTrend(places, values, limits, width, height, across));
  const [{ low, high } = { low: 0, high: 1 }] = pictures;
  return { paths: pictures.map(({ path }) => path), across, upwards: [low, high], tops };
}
