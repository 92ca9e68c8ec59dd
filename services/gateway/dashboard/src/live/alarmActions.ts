import type { Alert } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { ConditionState, Finding } from "../gen/kurto/alerts/v1/alerts_pb.js";

/** What a person can do about an alert. */
export type AlarmAction =
  | "acknowledge"
  | "unacknowledge"
  | "comment"
  | "shelve"
  | "unshelve"
  | "reset"
  | "takeOut"
  | "return"
  | "markTrue"
  | "markFalse";

/** What can be done to many alerts at once, in the order in which it is offered. */
const BULK_ACTIONS: readonly AlarmAction[] = ["acknowledge", "reset", "shelve", "unshelve", "comment", "markTrue", "markFalse"];

/** An action, and those of the chosen alerts that it can be done to. */
export interface BulkAction {
  readonly action: AlarmAction;
  readonly alerts: readonly Alert[];
}

/** What can be done to chosen alerts, each action to those whose state allows it. */
export function bulkActionsFor(chosen: readonly Alert[]): BulkAction[] {
  const offered = chosen.map((alert) => ({ alert, actions: new Set(actionsFor(alert)) }));
  return BULK_ACTIONS.map((action) => ({
    action,
    alerts: offered.filter(({ actions }) => actions.has(action)).map(({ alert }) => alert),
  })).filter(({ alerts }) => alerts.length > 0);
}

/** Actions without which nobody can tell later why. */
const REASONED: ReadonlySet<AlarmAction> = new Set(["comment", "shelve", "takeOut"]);

export function needsReason(action: AlarmAction): boolean {
  return REASONED.has(action);
}

/** What can be done about an alert in its present state, in the order in which it is offered. */
export function actionsFor(alert: Alert): AlarmAction[] {
  const open = alert.resolveTime === undefined;
  const normal = alert.state === ConditionState.NORMAL;
  const offered: [AlarmAction, boolean][] = [
    ["acknowledge", open && !alert.acknowledged],
    ["reset", open && alert.latched && normal],
    ["shelve", open && !alert.shelving],
    ["unshelve", open && alert.shelving !== undefined],
    ["comment", true],
    ["unacknowledge", open && alert.acknowledged],
    ["takeOut", open && alert.outOfService === "" && alert.sensorId !== ""],
    ["return", open && alert.outOfService !== ""],
    ["markTrue", alert.finding !== Finding.TRUE],
    ["markFalse", alert.finding !== Finding.FALSE],
  ];
  return offered.filter(([, possible]) => possible).map(([action]) => action);
}
