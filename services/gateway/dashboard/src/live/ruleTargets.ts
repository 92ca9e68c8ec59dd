import { type Rule, Scope } from "../gen/kurto/alerts/v1/alerts_pb.js";
import type { AlertKey } from "../gen/kurto/alerts/v1/operator_actions_pb.js";
import type { Sensor } from "../gen/kurto/assets/v1/assets_pb.js";

/** What can be shelved under a rule: places of one alert each, by the name that people choose. */
export interface RuleTarget {
  /** A machine for rules of that scope, else a sensor. */
  readonly name: string;
  /** Channels with an alert of their own; none where the scope is wider. */
  readonly channels: readonly string[];
}

/** Places under a rule that can alarm, by name. */
export function targetsOf(rule: Rule, sensors: Iterable<Sensor>): RuleTarget[] {
  const watched = [...sensors].filter((sensor) => watches(rule, sensor));
  if (rule.scope === Scope.MACHINE) {
    const machines = new Set(watched.map(({ machineId }) => machineId).filter(Boolean));
    return [...machines].sort().map((name) => ({ name, channels: [] }));
  }
  const wanted = new Set(rule.selector?.channels);
  return watched
    .map(({ sensorId, config }) => ({
      name: sensorId,
      channels: (config?.channels ?? []).map(({ name }) => name).filter((name) => !wanted.size || wanted.has(name)),
    }))
    .filter(({ channels }) => channels.length > 0)
    .map((target) => (rule.scope === Scope.SENSOR ? { ...target, channels: [] } : target))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/** Keys of a place under a rule; `channel` "" for all of its channels. */
export function keysOf(rule: Rule, target: RuleTarget, channel: string): Pick<AlertKey, "sensorId" | "channel" | "ruleId" | "machineId">[] {
  const { ruleId } = rule;
  if (rule.scope === Scope.MACHINE) return [{ machineId: target.name, sensorId: "", channel: "", ruleId }];
  const key = { machineId: "", sensorId: target.name, ruleId };
  if (rule.scope === Scope.SENSOR) return [{ ...key, channel: "" }];
  return (channel ? [channel] : target.channels).map((name) => ({ ...key, channel: name }));
}

function watches({ selector }: Rule, { sensorId, machineId, tags }: Sensor): boolean {
  const holds = (wanted: readonly string[] | undefined, found: readonly string[]) =>
    !wanted?.length || found.some((one) => wanted.includes(one));
  return holds(selector?.sensorIds, [sensorId]) && holds(selector?.machineIds, [machineId]) && holds(selector?.tags, tags);
}
