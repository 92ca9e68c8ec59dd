import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { atMs } from "../formatting/alarms.js";
import type { Alert, AlertTransition } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { Measure } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { RollupInterval } from "../gen/kurto/analyzer/v1/feature_service_pb.js";

/** What a trend shows before an alarm and after its end. */
const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 2 * 60_000;
/** One-second intervals up to here, minutes beyond. */
const LONGEST_IN_SECONDS_MS = 90 * 60_000;
const MOST_POINTS = 6_000;

/** A feature over time: seconds since 1970, and the largest value of each interval. */
export interface Trend {
  readonly timesS: readonly number[];
  readonly values: readonly (number | null)[];
}

/** One alert with its history and its trend. */
export function createAlarmDetail(clients: Clients) {
  const alert = shallowRef<Alert | null>(null);
  const transitions = shallowRef<readonly AlertTransition[]>([]);
  const trend = shallowRef<Trend | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let wanted = "";

  /** Show an alert; "" for none. What comes for an alert chosen before is dropped. */
  async function show(alertId: string, nowMs: number): Promise<void> {
    if (alertId !== wanted) {
      alert.value = null;
      transitions.value = [];
      trend.value = null;
    }
    wanted = alertId;
    failure.value = null;
    if (!alertId) return;
    try {
      const answer = await clients.alerts.getAlert({ alertId });
      if (wanted !== alertId || !answer.alert) return;
      alert.value = answer.alert;
      transitions.value = answer.transitions;
      const read = await readTrend(clients, answer.alert, nowMs);
      if (wanted === alertId) trend.value = read;
    } catch (error) {
      if (wanted === alertId) failure.value = describeFailure(error);
    }
  }

  return { alert, transitions, trend, failure, show };
}

export type AlarmDetail = ReturnType<typeof createAlarmDetail>;

/** The feature of an alert from before it was raised to its end; null for what has no trend. */
async function readTrend(clients: Clients, alert: Alert, nowMs: number): Promise<Trend | null> {
  if (!alert.feature || !alert.sensorId || alert.measure > Measure.VALUE) return null;
  const startMs = atMs(alert.raiseTime) - BEFORE_MS;
  const endMs = Math.min(alert.resolveTime ? atMs(alert.resolveTime) + AFTER_MS : nowMs, nowMs);
  const inSeconds = endMs - startMs <= LONGEST_IN_SECONDS_MS;
  const { rollups } = await clients.features.listFeatureRollups({
    sensorId: alert.sensorId,
    interval: inSeconds ? RollupInterval.ONE_SECOND : RollupInterval.ONE_MINUTE,
    startTime: timestampFromMs(startMs),
    endTime: timestampFromMs(endMs),
    featureNames: [alert.feature],
    channels: alert.channel ? [alert.channel] : [],
    pageSize: MOST_POINTS,
  });
  return {
    timesS: rollups.map(({ startTime }) => atMs(startTime) / 1000),
    values: rollups.map(({ channels }) => {
      const largest = channels.flatMap(({ features }) => features[alert.feature]?.maximum ?? []);
      return largest.length ? Math.max(...largest) : null;
    }),
  };
}
