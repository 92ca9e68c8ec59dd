import type { Alert, Rule, Severity } from "../gen/kurto/alerts/v1/alerts_pb.js";

/** A limit to draw beside a trend. */
export interface DrawnLimit {
  readonly value: number;
  readonly severity: Severity;
}

/**
 * All limits of the rule of an alert. A rule that was changed since, or is written in another unit, does not hold
 * the limit that the alert passed: then that one stands alone.
 */
export function limitsOf(alert: Alert, rule: Rule | null): DrawnLimit[] {
  const own = { value: alert.limit, severity: alert.severity };
  const all = (rule?.levels ?? []).flatMap(({ severity, limit, lowerLimit, upperLimit }) =>
    [limit, lowerLimit, upperLimit].flatMap((value) => (value === undefined ? [] : [{ value, severity }])),
  );
  const unchanged = rule?.unit === alert.unit && all.some(({ value, severity }) => value === own.value && severity === own.severity);
  return unchanged ? all : [own];
}
