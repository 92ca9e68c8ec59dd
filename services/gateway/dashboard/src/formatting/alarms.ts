import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { type Alert, AlertKind, TransitionKind } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { type MessageKey, translate as t } from "../messages/index.js";
import { measureLabel } from "./labels.js";
import { formatLimit, formatValue } from "./numbers.js";
import { formatUnit } from "./units.js";

/** Milliseconds since 1970, 0 for an absent time. */
export function atMs(time: Timestamp | undefined): number {
  return time ? timestampMs(time) : 0;
}

/** A machine, its sensor and its channel, as far as they are named; a sensor named like its machine stands once. */
export function placeName(machineId: string, sensorId: string, channel: string): string {
  const parts = [machineId === sensorId ? "" : machineId, sensorId, channel];
  return parts.filter(Boolean).join(" · ");
}

/** What is watched: machine, sensor and channel as far as the alert names them. */
export function placeOf(alert: Alert): string {
  return placeName(alert.machineId, alert.sensorId, alert.channel) || t("alarm.noPlace");
}

export function nameOf(alert: Alert): string {
  return alert.ruleDisplayName || alert.ruleId;
}

/** A figure with its unit, not parted at the end of a line. */
export function withUnit(text: string, unit: string): string {
  return unit === "1" || unit === "" ? text : `${text}\u00a0${formatUnit(unit)}`;
}

/** Value and limit in words; nothing for alerts that have no figures. */
export function figuresOf(alert: Alert): string {
  if (alert.kind !== AlertKind.VIBRATION) return "";
  const value = withUnit(formatValue(alert.value), alert.unit);
  const limit = withUnit(formatLimit(alert.limit), alert.unit);
  const figures = t("alarms.figures", { value, limit });
  const measure = measureLabel(alert);
  return measure ? `${measure} ${figures}` : figures;
}

const KINDS: Record<TransitionKind, MessageKey> = {
  [TransitionKind.UNSPECIFIED]: "transition.unknown",
  [TransitionKind.RAISED]: "transition.raised",
  [TransitionKind.ESCALATED]: "transition.escalated",
  [TransitionKind.DEESCALATED]: "transition.deescalated",
  [TransitionKind.RECOVERING]: "transition.recovering",
  [TransitionKind.RELAPSED]: "transition.relapsed",
  [TransitionKind.RESOLVED]: "transition.resolved",
  [TransitionKind.ACKNOWLEDGED]: "transition.acknowledged",
  [TransitionKind.WITHDRAWN]: "transition.withdrawn",
  [TransitionKind.UNACKNOWLEDGED]: "transition.unacknowledged",
  [TransitionKind.COMMENTED]: "transition.commented",
  [TransitionKind.SHELVED]: "transition.shelved",
  [TransitionKind.UNSHELVED]: "transition.unshelved",
  [TransitionKind.SHELF_EXPIRED]: "transition.shelfExpired",
  [TransitionKind.LATCHED]: "transition.latched",
  [TransitionKind.RESET]: "transition.reset",
  [TransitionKind.SUPPRESSED]: "transition.suppressed",
  [TransitionKind.UNSUPPRESSED]: "transition.unsuppressed",
  [TransitionKind.TAKEN_OUT_OF_SERVICE]: "transition.outOfService",
  [TransitionKind.RETURNED_TO_SERVICE]: "transition.inService",
  [TransitionKind.REALARMED]: "transition.realarmed",
  [TransitionKind.FINDING_MARKED]: "transition.finding",
  [TransitionKind.DATA_BAD]: "transition.dataBad",
  [TransitionKind.DATA_GOOD]: "transition.dataGood",
};

/** What happened, in words; a kind of a later release is named as unknown. */
export function transitionLabel(kind: TransitionKind): string {
  return t(KINDS[kind] ?? "transition.unknown");
}

export function kindLabel(kind: AlertKind): string {
  const keys: Partial<Record<AlertKind, MessageKey>> = {
    [AlertKind.VIBRATION]: "kind.vibration",
    [AlertKind.DATA_QUALITY]: "kind.dataQuality",
    [AlertKind.SYSTEM]: "kind.system",
  };
  return t(keys[kind] ?? "kind.all");
}
