import { Code } from "@connectrpc/connect";
import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { type Alert, Finding } from "../gen/kurto/alerts/v1/alerts_pb.js";
import type { ActionOutcome } from "../gen/kurto/alerts/v1/operator_actions_pb.js";
import type { AlarmAction } from "../live/alarmActions.js";

/** What a person filled in. */
export interface ActionForm {
  readonly user: string;
  /** A comment, or why. */
  readonly words: string;
  /** For how long, when shelving. */
  readonly minutes: number;
  readonly oneShot: boolean;
}

/** An alert with which something was not done, and why. */
export interface Refusal {
  readonly alert: Alert;
  readonly message: string;
}

/** What became of an action. */
export interface Performed {
  /** Why nothing more was done; null when each alert had its turn. */
  readonly failure: Failure | null;
  readonly refusals: readonly Refusal[];
}

const MINUTE_S = 60;
/** Alerts in one call of those that take many. */
const MOST_IN_ONE_CALL = 1_000;
/** Calls under way at once where each alert needs its own. */
const MOST_CALLS = 4;
/** Reasons that leave nothing to do. */
const SETTLED: ReadonlySet<string> = new Set(["ALREADY_ACKNOWLEDGED", "ALERT_ENDED"]);
/** Failures that the next alert would meet as well. */
const GENERAL: ReadonlySet<Code> = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.Unavailable, Code.DeadlineExceeded]);

/** The time of a shelf in the words of the service. */
export function shelfDuration(minutes: number) {
  return { seconds: BigInt(minutes * MINUTE_S), nanos: 0 };
}

/** What people do about alerts. What changes comes back on the live stream, like everything else. */
export function createOperatorStore(clients: Clients) {
  const { alerts } = clients;
  /** The name that the person gave last: it is asked for every time, and stays what it was. */
  const user = shallowRef("");

  function one(action: AlarmAction, alert: Alert, form: ActionForm): Promise<unknown> {
    const { alertId, revision } = alert;
    const { user, words, oneShot } = form;
    const said = { alertId, revision, user, comment: words };
    const target = { sensorId: alert.sensorId, channel: alert.channel };
    switch (action) {
      case "acknowledge":
        return alerts.acknowledgeAlert(said);
      case "unacknowledge":
        return alerts.unacknowledgeAlert(said);
      case "comment":
        return alerts.commentAlert(said);
      case "shelve":
        return alerts.shelveAlert({ alertId, revision, user, reason: words, duration: shelfDuration(form.minutes), oneShot });
      case "unshelve":
        return alerts.unshelveAlert(said);
      case "reset":
        return alerts.resetAlert(said);
      case "takeOut":
        return alerts.setOutOfService({ target, user, reason: words });
      case "return":
        return alerts.returnToService({ target, user, comment: words });
      case "markTrue":
        return alerts.markFinding({ ...said, finding: Finding.TRUE });
      case "markFalse":
        return alerts.markFinding({ ...said, finding: Finding.FALSE });
    }
  }

  /** Do it to many in one call; what others did meanwhile is no refusal. */
  async function inOneCall(action: "acknowledge" | "shelve", chosen: readonly Alert[], form: ActionForm): Promise<Refusal[]> {
    const alertIds = chosen.map(({ alertId }) => alertId);
    const { user, words, minutes, oneShot } = form;
    const { outcomes } =
      action === "acknowledge"
        ? await alerts.acknowledgeAlerts({ alertIds, user, comment: words })
        : await alerts.shelveAlerts({ alertIds, user, reason: words, duration: shelfDuration(minutes), oneShot });
    return refusalsOf(chosen, outcomes);
  }

  /** Do it to each; a person who speaks of many does not mean the revision of each. */
  async function oneByOne(action: AlarmAction, chosen: readonly Alert[], form: ActionForm): Promise<Refusal[]> {
    const tried = await Promise.all(
      chosen.map(async (alert) => {
        try {
          await one(action, { ...alert, revision: 0n }, form);
          return null;
        } catch (error) {
          const { code, message, reason } = describeFailure(error);
          if (GENERAL.has(code)) throw error;
          return SETTLED.has(reason) ? null : { alert, message };
        }
      }),
    );
    return tried.filter((refusal) => refusal !== null);
  }

  async function many(action: AlarmAction, chosen: readonly Alert[], form: ActionForm): Promise<Refusal[]> {
    const inOne = action === "acknowledge" || action === "shelve";
    const refusals: Refusal[] = [];
    for (const part of parts(chosen, inOne ? MOST_IN_ONE_CALL : MOST_CALLS)) {
      refusals.push(...(inOne ? await inOneCall(action, part, form) : await oneByOne(action, part, form)));
    }
    return refusals;
  }

  /** Do it, and say what was not done. */
  async function perform(action: AlarmAction, chosen: readonly Alert[], form: ActionForm): Promise<Performed> {
    try {
      const [first] = chosen;
      if (chosen.length > 1) return { failure: null, refusals: await many(action, chosen, form) };
      if (first) await one(action, first, form);
      return { failure: null, refusals: [] };
    } catch (error) {
      return { failure: describeFailure(error), refusals: [] };
    }
  }

  return { perform, user };
}

export type OperatorStore = ReturnType<typeof createOperatorStore>;

function refusalsOf(chosen: readonly Alert[], outcomes: readonly ActionOutcome[]): Refusal[] {
  const known = new Map(chosen.map((alert) => [alert.alertId, alert]));
  return outcomes.flatMap(({ alertId, done, reason, message }) => {
    const alert = known.get(alertId);
    return done || SETTLED.has(reason) || !alert ? [] : [{ alert, message }];
  });
}

function parts<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
