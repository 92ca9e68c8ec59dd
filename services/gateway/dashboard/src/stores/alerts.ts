import { computed, shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { severityLabel } from "../formatting/labels.js";
import type { Alert, AlertTransition } from "../gen/kurto/alerts/v1/alerts_pb.js";
import {
  type AlertChange,
  EMPTY_BOOK,
  ENDED_SHOWN_MS,
  applyAlert,
  applySnapshot,
  applyTransitions,
  forgetEnded,
  inOrder,
  isSetAside,
} from "../live/alertBook.js";
import type { Clock } from "../live/clock.js";
import { translate as t } from "../messages/index.js";

/** The open alerts of all sensors, and what people do about them. */
export function createAlertStore(clients: Clients, clock: Clock) {
  const book = shallowRef(EMPTY_BOOK);
  /** The newest raised alerts in words, for screen readers. */
  const announcement = shallowRef("");

  function take({ book: next, raised }: AlertChange): void {
    book.value = next;
    if (raised.length > 0) announcement.value = announce(raised);
    if (next.ended.length > 0) clock.after(ENDED_SHOWN_MS + 50, forget);
  }

  function forget(): void {
    book.value = forgetEnded(book.value, clock.nowMs());
  }

  function takeSnapshot(alerts: readonly Alert[]): void {
    take(applySnapshot(book.value, alerts));
  }

  function takeTransitions(transitions: readonly AlertTransition[]): void {
    take(applyTransitions(book.value, transitions, clock.nowMs()));
  }

  /** Acknowledge what the person saw; the failure says why not, null on success. */
  async function acknowledge(alert: Alert, user: string, comment: string): Promise<Failure | null> {
    try {
      const { alertId, revision } = alert;
      const answer = await clients.alerts.acknowledgeAlert({ alertId, user, comment, revision });
      if (answer.alert) book.value = applyAlert(book.value, answer.alert);
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  /** Sensor of the most urgent open alert, "" if none is open or the service is away. */
  async function mostUrgentSensor(): Promise<string> {
    const { alerts } = await clients.alerts.listActiveAlerts({ pageSize: 1 });
    return alerts[0]?.sensorId ?? "";
  }

  /** All open alerts. */
  const ordered = computed(() => inOrder(book.value.open.values()));
  /** Those that nobody and nothing has put aside. */
  const active = computed(() => ordered.value.filter((alert) => !isSetAside(alert)));
  return { book, ordered, active, announcement, takeSnapshot, takeTransitions, acknowledge, mostUrgentSensor };
}

export type AlertStore = ReturnType<typeof createAlertStore>;

function announce(raised: readonly Alert[]): string {
  const worst = raised.reduce((a, b) => (b.severity > a.severity ? b : a));
  const severity = severityLabel(worst.severity);
  if (raised.length > 1) return t("alarms.heardMany", { n: raised.length, severity });
  return t("alarms.heard", {
    severity,
    sensor: worst.sensorId,
    channel: worst.channel,
    rule: worst.ruleDisplayName || worst.ruleId,
  });
}
