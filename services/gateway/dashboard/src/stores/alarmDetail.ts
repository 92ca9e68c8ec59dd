import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { atMs } from "../formatting/alarms.js";
import type { Alert, AlertTransition, Rule } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { Measure } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { type Trend, readTrend } from "./trendReader.js";

/** What a trend shows before an alarm and after its end. */
const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 2 * 60_000;

/** One alert with its history and its trend. */
export function createAlarmDetail(clients: Clients) {
  const alert = shallowRef<Alert | null>(null);
  const transitions = shallowRef<readonly AlertTransition[]>([]);
  const trend = shallowRef<Trend | null>(null);
  /** The rule as it is now; null when there is none any more. */
  const rule = shallowRef<Rule | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let wanted = "";

  /** Show an alert; "" for none. What comes for an alert chosen before is dropped. */
  async function show(alertId: string, nowMs: number): Promise<void> {
    if (alertId !== wanted) {
      alert.value = null;
      transitions.value = [];
      trend.value = null;
      rule.value = null;
    }
    wanted = alertId;
    failure.value = null;
    if (!alertId) return;
    try {
      const answer = await clients.alerts.getAlert({ alertId });
      if (wanted !== alertId || !answer.alert) return;
      alert.value = answer.alert;
      transitions.value = answer.transitions;
      const [read, found] = await Promise.all([trendOf(clients, answer.alert, nowMs), ruleOf(clients, answer.alert)]);
      if (wanted !== alertId) return;
      rule.value = found;
      trend.value = read;
    } catch (error) {
      if (wanted === alertId) failure.value = describeFailure(error);
    }
  }

  return { alert, transitions, trend, rule, failure, show };
}

export type AlarmDetail = ReturnType<typeof createAlarmDetail>;

/** The feature of an alert from before it was raised to its end; null for what has no trend. */
async function trendOf(clients: Clients, alert: Alert, nowMs: number): Promise<Trend | null> {
  const { sensorId, channel, feature } = alert;
  if (!feature || !sensorId || alert.measure > Measure.VALUE) return null;
  const startMs = atMs(alert.raiseTime) - BEFORE_MS;
  const endMs = Math.min(alert.resolveTime ? atMs(alert.resolveTime) + AFTER_MS : nowMs, nowMs);
  return readTrend(clients, { sensorId, channel, feature, startMs, endMs });
}

/** The rule of an alert; without it the alert still tells the limit that was passed. */
async function ruleOf(clients: Clients, { ruleId }: Alert): Promise<Rule | null> {
  try {
    return (await clients.rules.getRule({ ruleId })).rule ?? null;
  } catch {
    return null;
  }
}
