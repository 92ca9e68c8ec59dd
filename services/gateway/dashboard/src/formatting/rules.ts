import { type Level, Measure, Operator, type Rule, Scope } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { translate as t } from "../messages/index.js";
import { withUnit } from "./alarms.js";
import { severityLabel } from "./labels.js";
import { formatLimit } from "./numbers.js";

/** The zone that begins at a limit: 1 is the boundary from A to B. */
const ZONES = "BCD";

/** The limits of a rule in words: "Warning above 2, Critical above 4". */
export function limitsLabel(rule: Rule): string {
  return rule.levels.map((level) => `${severityLabel(level.severity)} ${limitLabel(rule, level)}`).join(", ");
}

function limitLabel({ measure, operator, unit }: Rule, { limit, lowerLimit, upperLimit }: Level): string {
  const zone = measure === Measure.ISO_ZONE && operator === Operator.ABOVE ? ZONES[(limit ?? 0) - 1] : undefined;
  if (zone) return t("rule.zone", { zone });
  const shown = (value: number | undefined) => (value === undefined ? "–" : withUnit(formatLimit(value), unit));
  const range = limit === undefined ? `${shown(lowerLimit)} – ${shown(upperLimit)}` : shown(limit);
  return `${t(`operator.${operator || Operator.ABOVE}`)} ${range}`;
}

/** What a rule watches: machines, sensors, tags and channels, or all. */
export function selectorLabel({ selector, scope }: Rule): string {
  const { machineIds = [], sensorIds = [], tags = [], channels = [] } = selector ?? {};
  const named = [machineIds, sensorIds, tags.map((tag) => `#${tag}`), channels].filter((names) => names.length);
  const words = named.map((names) => names.join(", ")).join(" · ") || t("rule.everything");
  return scope === Scope.MACHINE ? t("rule.perMachine", { words }) : words;
}
