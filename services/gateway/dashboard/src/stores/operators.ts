import { Code } from "@connectrpc/connect";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { type Alert, Finding } from "../gen/kurto/alerts/v1/alerts_pb.js";
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

const MINUTE_S = 60;

/** What people do about alerts. What changes comes back on the live stream, like everything else. */
export function createOperatorStore(clients: Clients) {
  const { alerts } = clients;

  function one(action: AlarmAction, alert: Alert, form: ActionForm): Promise<unknown> {
    const { alertId, revision } = alert;
    const { user, words } = form;
    const said = { alertId, revision, user, comment: words };
    const target = { sensorId: alert.sensorId, channel: alert.channel };
    switch (action) {
      case "acknowledge":
        return alerts.acknowledgeAlert(said);
      case "unacknowledge":
        return alerts.unacknowledgeAlert(said);
      case "comment":
        return alerts.commentAlert(said);
      case "shelve": {
        const duration = { seconds: BigInt(form.minutes * MINUTE_S), nanos: 0 };
        const { oneShot } = form;
        return alerts.shelveAlert({ alertId, revision, user, reason: words, duration, oneShot });
      }
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

  /** Acknowledge many at once; what others did meanwhile is no failure. */
  async function acknowledgeAll(chosen: readonly Alert[], form: ActionForm): Promise<Failure | null> {
    const alertIds = chosen.map(({ alertId }) => alertId);
    const answer = await alerts.acknowledgeAlerts({ alertIds, user: form.user, comment: form.words });
    const refused = answer.outcomes.find(({ done, reason }) => !done && !SETTLED.has(reason));
    if (!refused) return null;
    const { message, reason } = refused;
    return { code: Code.Aborted, message, reason, metadata: {}, retryDelayMs: 0 };
  }

  /** Do it; the failure says why not, null on success. */
  async function perform(
    action: AlarmAction,
    chosen: readonly Alert[],
    form: ActionForm,
  ): Promise<Failure | null> {
    try {
      const [first] = chosen;
      if (chosen.length > 1) return await acknowledgeAll(chosen, form);
      if (first) await one(action, first, form);
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  }

  return { perform };
}

export type OperatorStore = ReturnType<typeof createOperatorStore>;

/** Reasons that leave nothing to do. */
const SETTLED: ReadonlySet<string> = new Set(["ALREADY_ACKNOWLEDGED", "ALERT_ENDED"]);
