/** One window's values: `values[column]`, NaN where there is none. */
export interface TrendPoint {
  readonly epoch: number;
  readonly windowIndex: number;
  /** End of the window in seconds since 1970. */
  readonly timeS: number;
  readonly values: ArrayLike<number>;
}

/** x values in seconds, then one array a column; null draws as a gap. */
export type TrendView = [number[], ...(number | null)[][]];

/** Windows that the pace is taken from. */
const PACE_WINDOWS = 20;

/** What became of a point. */
export type PushOutcome = "appended" | "replaced" | "refused";

/**
 * The newest windows of one sensor, in the order of (epoch, window index), in
 * fixed memory: a ring of columns.
 */
export class TrendBuffer {
  private readonly times: Float64Array;
  private readonly epochs: Float64Array;
  private readonly indexes: Float64Array;
  private readonly values: Float64Array;
  private start = 0;
  private count = 0;

  /**
   * @param columns number of values per window
   * @param capacity number of windows kept
   */
  constructor(
    readonly columns: number,
    readonly capacity: number,
  ) {
    this.times = new Float64Array(capacity);
    this.epochs = new Float64Array(capacity);
    this.indexes = new Float64Array(capacity);
    this.values = new Float64Array(capacity * columns);
  }

  get length(): number {
    return this.count;
  }

  /** The newest window, if any. */
  get last(): TrendPoint | undefined {
    return this.count > 0 ? this.at(this.count - 1) : undefined;
  }

  /** The window at position i, 0 being the oldest. */
  at(i: number): TrendPoint {
    const slot = this.slot(i);
    return {
      epoch: this.epochs[slot] ?? 0,
      windowIndex: this.indexes[slot] ?? 0,
      timeS: this.times[slot] ?? 0,
      values: this.values.subarray(slot * this.columns, (slot + 1) * this.columns),
    };
  }

  /** Add a newer window, or replace one that is there; an unknown older one is refused. */
  push(point: TrendPoint): PushOutcome {
    const last = this.last;
    if (!last || compare(point, last) > 0) {
      if (this.count === this.capacity) this.start = (this.start + 1) % this.capacity;
      else this.count += 1;
      this.write(this.slot(this.count - 1), point);
      return "appended";
    }
    const found = this.find(point);
    if (found < 0) return "refused";
    this.write(this.slot(found), point);
    return "replaced";
  }

  /** Bring in windows that were missed; where both know one, the one here stays. */
  merge(points: readonly TrendPoint[]): void {
    const all = new Map<string, TrendPoint>();
    for (const point of points) all.set(key(point), point);
    for (let i = 0; i < this.count; i += 1) {
      const own = this.at(i);
      all.set(key(own), { ...own, values: Float64Array.from(own.values) });
    }
    this.start = 0;
    this.count = 0;
    const ordered = [...all.values()].sort(compare);
    for (const point of ordered.slice(-this.capacity)) this.push(point);
  }

  /** Windows missing between the oldest and the newest one of the newest epoch. */
  missing(): number {
    const last = this.last;
    if (!last) return 0;
    let first = this.count - 1;
    while (first > 0 && this.at(first - 1).epoch === last.epoch) first -= 1;
    return last.windowIndex - this.at(first).windowIndex - (this.count - 1 - first);
  }

  /** Time from one of the newest windows to the next in seconds, to two digits; null while unknown. */
  paceS(): number | null {
    const last = this.last;
    const first = this.count > 1 ? this.at(Math.max(0, this.count - PACE_WINDOWS)) : undefined;
    if (!last || !first || first.epoch !== last.epoch) return null;
    const pace = (last.timeS - first.timeS) / (last.windowIndex - first.windowIndex);
    return pace > 0 ? Number(pace.toPrecision(2)) : null;
  }

  /** The chosen columns of the windows that end at or after `fromS`, gaps as null. */
  view(columns: readonly number[], fromS: number): TrendView {
    const out: TrendView = [[], ...columns.map(() => [] as (number | null)[])];
    const [times, ...series] = out;
    let before = -1;
    for (let i = this.lowerBound(fromS); i < this.count; i += 1) {
      const slot = this.slot(i);
      const time = this.times[slot] ?? 0;
      if (before >= 0 && !this.follows(slot, before)) {
        times.push(((this.times[before] ?? 0) + time) / 2);
        for (const values of series) values.push(null);
      }
      times.push(time);
      series.forEach((values, n) => {
        const value = this.values[slot * this.columns + (columns[n] ?? 0)] ?? NaN;
        values.push(Number.isNaN(value) ? null : value);
      });
      before = slot;
    }
    return out;
  }

  private follows(slot: number, before: number): boolean {
    return (
      this.epochs[slot] === this.epochs[before] &&
      this.indexes[slot] === (this.indexes[before] ?? 0) + 1
    );
  }

  private lowerBound(fromS: number): number {
    // Times follow the windows except when a clock was set back: then the scan starts early.
    let i = this.count;
    while (i > 0 && (this.times[this.slot(i - 1)] ?? 0) >= fromS) i -= 1;
    return i;
  }

  private find(point: TrendPoint): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = compare(this.at(middle), point);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  private slot(i: number): number {
    return (this.start + i) % this.capacity;
  }

  private write(slot: number, point: TrendPoint): void {
    this.epochs[slot] = point.epoch;
    this.indexes[slot] = point.windowIndex;
    this.times[slot] = point.timeS;
    for (let column = 0; column < this.columns; column += 1) {
      this.values[slot * this.columns + column] = point.values[column] ?? NaN;
    }
  }
}

/** Windows with a value in a view, and how often its lines are broken. */
export function countPoints([, ...series]: TrendView): { points: number; gaps: number } {
  let points = 0;
  let gaps = 0;
  let before = true;
  for (let i = 0; i < (series[0]?.length ?? 0); i += 1) {
    const known = series.some((values) => values[i] !== null);
    if (known) points += 1;
    else if (before && points > 0) gaps += 1;
    before = known;
  }
  return { points, gaps };
}

function compare(a: TrendPoint, b: TrendPoint): number {
  return a.epoch - b.epoch || a.windowIndex - b.windowIndex;
}

function key(point: TrendPoint): string {
  return `${point.epoch}/${point.windowIndex}`;
}
