import uPlot from "uplot";
import type { Severity } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { severityWord } from "../formatting/labels.js";
import { formatLimit } from "../formatting/numbers.js";
import { seriesStyle } from "../formatting/series.js";
import { formatClock } from "../formatting/times.js";
import type { AxisRange } from "../live/axisRange.js";

/** A limit drawn across a chart. */
export interface ChartLimit {
  readonly value: number;
  readonly severity: Severity;
}

/** What the chart reads anew for every drawing. */
export interface ChartState {
  xRange(): AxisRange;
  yRange(): AxisRange;
  limits(): readonly ChartLimit[];
  /** The cursor stands at a data index, or nowhere. */
  onCursor(index: number | null): void;
}

export interface ChartShape {
  readonly width: number;
  readonly height: number;
  /** Number of each series among the sensor's channels: its colour. */
  readonly channels: readonly { readonly name: string; readonly number: number }[];
  /** Charts of the same key show their cursors together. */
  readonly syncKey: string;
}

const HALF_LABEL_PX = 22;

/** Options of one trend chart; colours come from the page's custom properties. */
export function chartOptions(
  shape: ChartShape,
  state: ChartState,
  token: (name: string) => string,
): uPlot.Options {
  const axis = {
    stroke: token("--text-dim"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: token("--grid"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: shape.width,
    height: shape.height,
    legend: { show: false },
    padding: [8, 6, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: shape.syncKey, setSeries: false } },
    scales: {
      x: { time: true, range: () => [...state.xRange()] },
      y: { range: () => [...state.yRange()] },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: clockLabels },
      { ...axis, size: 48, space: 28, values: (_, values) => values.map(formatLimit) },
    ],
    series: [{}, ...shape.channels.map(({ name, number }) => lineSeries(name, number, token))],
    hooks: {
      draw: [(chart) => drawLimits(chart, state.limits(), token)],
      setCursor: [(chart) => state.onCursor(chart.cursor.idx ?? null)],
    },
  };
}

/** Times of day; one that would reach beyond the plot stays away. */
function clockLabels(chart: uPlot, times: number[]): string[] {
  const width = chart.bbox.width / devicePixelRatio;
  return times.map((time) => {
    const x = chart.valToPos(time, "x");
    return x < HALF_LABEL_PX || x > width - HALF_LABEL_PX ? "" : formatClock(time * 1000);
  });
}

function lineSeries(name: string, number: number, token: (name: string) => string): uPlot.Series {
  const style = seriesStyle(number);
  const color = token(style.token);
  return {
    label: name,
    stroke: color,
    width: 1.5,
    dash: [...style.dash],
    spanGaps: false,
    points: { size: 4, fill: color },
  };
}

function drawLimits(
  chart: uPlot,
  limits: readonly ChartLimit[],
  token: (name: string) => string,
): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.setLineDash([7 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const { value, severity } of limits) {
    const y = Math.round(chart.valToPos(value, "y", true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = token(`--${severityWord(severity)}`);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
