import { AlertKind, type Alert, Severity } from "../gen/kurto/alerts/v1/alerts_pb.js";

/** Which alerts of a list are shown. */
export interface AlertFilter {
  /** Words that must all occur in machine, sensor, channel, rule or feature. */
  readonly text: string;
  /** The mildest severity shown. */
  readonly severity: Severity;
  /** UNSPECIFIED for all kinds. */
  readonly kind: AlertKind;
  readonly unacknowledgedOnly: boolean;
}

export const EVERYTHING: AlertFilter = {
  text: "",
  severity: Severity.INFO,
  kind: AlertKind.UNSPECIFIED,
  unacknowledgedOnly: false,
};

/** Tell whether the filter lets an alert through. */
export function passes(alert: Alert, filter: AlertFilter): boolean {
  if (alert.severity < filter.severity) return false;
  if (filter.kind !== AlertKind.UNSPECIFIED && alert.kind !== filter.kind) return false;
  if (filter.unacknowledgedOnly && alert.acknowledged) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const said = searched(alert);
  return words.every((word) => said.includes(word));
}

function searched(alert: Alert): string {
  const { machineId, sensorId, channel, ruleDisplayName, ruleId, feature } = alert;
  return [machineId, sensorId, channel, ruleDisplayName, ruleId, feature].join(" ").toLowerCase();
}
