const COLORS = 8;

/** Colour and line pattern of the i-th channel: the colours come again, dashed. */
export interface SeriesStyle {
  /** Custom property that holds the colour. */
  readonly token: string;
  readonly color: string;
  readonly dash: readonly number[];
}

const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]] as const;

export function seriesStyle(i: number): SeriesStyle {
  const token = `--series-${(i % COLORS) + 1}`;
  return { token, color: `var(${token})`, dash: DASHES[Math.floor(i / COLORS) % DASHES.length] ?? [] };
}
