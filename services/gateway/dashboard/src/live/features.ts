import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ChannelFeatures, FeatureFrame } from "../gen/kurto/signal/v1/features_pb.js";
import type { TrendPoint } from "./trendBuffer.js";

/** The features that the real-time page shows, in its order. */
export const SHOWN_FEATURES = ["rms", "kurtosis", "peak", "crest_factor"] as const;
export type ShownFeature = (typeof SHOWN_FEATURES)[number];

/** Which channel and feature stands in which column of a trend. */
export interface TrendLayout {
  readonly channels: readonly string[];
  readonly features: readonly string[];
}

/** Column of a channel's feature. */
export function columnOf(layout: TrendLayout, channel: number, feature: number): number {
  return channel * layout.features.length + feature;
}

/** True when both have the same channels and features in the same order. */
export function sameLayout(a: TrendLayout, b: TrendLayout): boolean {
  return same(a.channels, b.channels) && same(a.features, b.features);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}

/** End of the frame's window in milliseconds since 1970. */
export function endTimeMs(frame: FeatureFrame): number {
  return frame.endTime ? timestampMs(frame.endTime) : 0;
}

/** The frame as a row of a trend: NaN where a value is absent. */
export function toTrendPoint(frame: FeatureFrame, layout: TrendLayout): TrendPoint {
  const values = new Float64Array(layout.channels.length * layout.features.length).fill(NaN);
  for (const channel of frame.channels) {
    const row = layout.channels.indexOf(channel.channel);
    if (row >= 0) fill(values, row, channel, layout);
  }
  return {
    epoch: Number(frame.epoch),
    windowIndex: Number(frame.windowIndex),
    timeS: endTimeMs(frame) / 1000,
    values,
  };
}

function fill(values: Float64Array, row: number, channel: ChannelFeatures, layout: TrendLayout) {
  layout.features.forEach((feature, i) => {
    values[columnOf(layout, row, i)] = channel.values[feature] ?? NaN;
  });
}
