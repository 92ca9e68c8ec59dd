import { type AxisRange, niceStep } from "./axisRange.js";

/** A mark of an axis: what it stands for, and its place from 0, the low end, to 1. */
export interface Tick {
  readonly value: number;
  readonly share: number;
}

/** Steps of clocks in seconds, up to a day. */
const CLOCK_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** Round marks within an axis, at most `most` of them. */
export function ticks([low, high]: AxisRange, most: number): Tick[] {
  if (!(high > low)) return [];
  return marks(low, high, niceStep((high - low) / most));
}

/** Marks at full seconds, minutes or hours; the axis counts seconds since 1970. */
export function clockTicks([fromS, toS]: AxisRange, most: number): Tick[] {
  if (!(toS > fromS)) return [];
  const least = (toS - fromS) / most;
  return marks(fromS, toS, CLOCK_STEPS_S.find((step) => step >= least) ?? niceStep(least));
}

function marks(low: number, high: number, step: number): Tick[] {
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => {
    // From the number of the step, so that no rounding adds up.
    const value = Number(((first + i) * step).toPrecision(12));
    return { value, share: (value - low) / (high - low) };
  });
}
