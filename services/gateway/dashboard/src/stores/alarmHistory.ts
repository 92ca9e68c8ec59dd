import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { type Alert, AlertKind } from "../gen/kurto/alerts/v1/alerts_pb.js";
import type { AlertFilter } from "../live/alertFilter.js";

const PAGE_SIZE = 100;

/** All alerts, open and ended, page by page. */
export function createAlarmHistory(clients: Clients) {
  const alerts = shallowRef<readonly Alert[]>([]);
  const failure = shallowRef<Failure | null>(null);
  const busy = shallowRef(false);
  const hasMore = shallowRef(false);
  let wanted: AlertFilter | null = null;
  let token = "";
  let call = 0;

  /** Read the newest alerts that pass the filter, as far as the service knows it: words are not its matter. */
  async function load(filter: AlertFilter): Promise<void> {
    wanted = filter;
    token = "";
    alerts.value = [];
    hasMore.value = false;
    await read();
  }

  async function more(): Promise<void> {
    if (!busy.value) await read();
  }

  async function read(): Promise<void> {
    if (!wanted) return;
    const mine = ++call;
    busy.value = true;
    failure.value = null;
    try {
      const page = await clients.alerts.listAlertHistory({ ...conditionsOf(wanted), pageSize: PAGE_SIZE, pageToken: token });
      if (mine !== call) return;
      alerts.value = [...alerts.value, ...page.alerts];
      token = page.nextPageToken;
      hasMore.value = token !== "";
    } catch (error) {
      if (mine === call) failure.value = describeFailure(error);
    } finally {
      if (mine === call) busy.value = false;
    }
  }

  return { alerts, failure, busy, hasMore, load, more };
}

/** What of a filter the service can tell apart itself. */
export function conditionsOf({ severity, kind, unacknowledgedOnly }: AlertFilter) {
  return {
    minimumSeverity: severity,
    kinds: kind === AlertKind.UNSPECIFIED ? [] : [kind],
    ...(unacknowledgedOnly && { acknowledged: false }),
  };
}
