import { timestampMs } from "@bufbuild/protobuf/wkt";
import { durationMs } from "../formatting/duration.js";
import type { SensorConfig } from "../gen/kurto/assets/v1/assets_pb.js";
import type { SensorStatus } from "../gen/kurto/ingest/v1/stream_status_pb.js";

const CONTINUOUS_INTERVAL_S = 0.1;
// As the service: people see within 3 s that nothing comes.
const LEAST_STALE_S = 2.5;

/** Time from one window to the next in seconds: 0.1, or the interval of a burst sensor. */
export function windowIntervalS(config: SensorConfig | undefined): number {
  const kind = config?.acquisition?.kind;
  if (kind?.case !== "burst" || !kind.value.interval) return CONTINUOUS_INTERVAL_S;
  return Math.max(CONTINUOUS_INTERVAL_S, durationMs(kind.value.interval) / 1000);
}

/** Age in seconds at which values are stale. */
export function staleAfterS(intervalS: number): number {
  return Math.max(LEAST_STALE_S, 3 * intervalS);
}

/** Seconds that a trend shows: the asked-for ones, for slow sensors as many windows. */
export function trendSpanS(wantedS: number, intervalS: number): number {
  return Math.max(wantedS, (wantedS / 2) * intervalS);
}

/**
 * Age in seconds of values whose window ended at `endMs` in sample time. A sender's
 * clock may be wrong: what tells is when its newest sample arrived.
 */
export function valueAgeS(
  endMs: number,
  serverNowMs: number,
  status: SensorStatus | undefined,
): number {
  const { lastSampleTime: taken, lastReceiveTime: received } = status ?? {};
  const skewMs = taken && received ? timestampMs(received) - timestampMs(taken) : 0;
  return Math.max(0, (serverNowMs - endMs - skewMs) / 1000);
}
