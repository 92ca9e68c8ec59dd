import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clients } from "../api/clients.js";
import { atMs } from "../formatting/alarms.js";
import { RollupInterval } from "../gen/kurto/analyzer/v1/feature_service_pb.js";

/** A feature over time: seconds since 1970, and the largest value of each interval. */
export interface Trend {
  readonly timesS: readonly number[];
  readonly values: readonly (number | null)[];
}

export interface TrendRequest {
  readonly sensorId: string;
  /** "" for all channels: the largest of them counts. */
  readonly channel: string;
  readonly feature: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Seconds up to here, minutes beyond. */
const LONGEST_IN_SECONDS_MS = 90 * 60_000;
/** The newest windows are not summed up yet: they are read one by one, three minutes at most. */
const NEWEST_MS = 180_000;
const MOST_POINTS = 6_000;

/** Read the stored past of a feature. */
export async function readTrend(clients: Clients, wanted: TrendRequest): Promise<Trend> {
  const { sensorId, channel, feature, startMs, endMs } = wanted;
  const inSeconds = endMs - startMs <= LONGEST_IN_SECONDS_MS;
  const range = { sensorId, featureNames: [feature], pageSize: MOST_POINTS };
  const endTime = timestampFromMs(endMs);
  const { rollups } = await clients.features.listFeatureRollups({
    ...range,
    interval: inSeconds ? RollupInterval.ONE_SECOND : RollupInterval.ONE_MINUTE,
    startTime: timestampFromMs(startMs),
    endTime,
    channels: channel ? [channel] : [],
  });
  const last = rollups.at(-1)?.startTime;
  const summedMs = last ? atMs(last) + (inSeconds ? 1_000 : 60_000) : startMs;
  const { frames } = await clients.features.listFeatures({
    ...range,
    startTime: timestampFromMs(Math.max(summedMs, endMs - NEWEST_MS)),
    endTime,
  });
  const summed = rollups.map(({ startTime, channels }) => ({
    timeS: atMs(startTime) / 1000,
    value: largest(channels.flatMap(({ features }) => features[feature]?.maximum ?? [])),
  }));
  const newest = frames.map(({ startTime, channels }) => ({
    timeS: atMs(startTime) / 1000,
    value: largest(
      channels
        .filter(({ channel: name }) => !channel || name === channel)
        .flatMap(({ values }) => values[feature] ?? []),
    ),
  }));
  const points = [...summed, ...newest];
  return { timesS: points.map(({ timeS }) => timeS), values: points.map(({ value }) => value) };
}

function largest(values: readonly number[]): number | null {
  return values.length > 0 ? Math.max(...values) : null;
}
