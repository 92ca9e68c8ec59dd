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
  return hasWords(searched(alert), filter.text);
}

/** Tell whether all words of a search occur in a text. */
export function hasWords(said: string, wanted: string): boolean {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => said.toLowerCase().includes(word));
}

function searched(alert: Alert): string {
  const { machineId, sensorId, channel, ruleDisplayName, ruleId, feature } = alert;
  return [machineId, sensorId, channel, ruleDisplayName, ruleId, feature].join(" ");
}
