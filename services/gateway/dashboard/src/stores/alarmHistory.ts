import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { Alert } from "../gen/kurto/alerts/v1/alerts_pb.js";

const PAGE_SIZE = 100;

/** All alerts, open and ended, page by page. */
export function createAlarmHistory(clients: Clients) {
  const alerts = shallowRef<readonly Alert[]>([]);
  const failure = shallowRef<Failure | null>(null);
  const busy = shallowRef(false);
  const hasMore = shallowRef(false);
  let token = "";

  async function load(): Promise<void> {
    token = "";
    alerts.value = [];
    await more();
  }

  async function more(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failure.value = null;
    try {
      const page = await clients.alerts.listAlertHistory({ pageSize: PAGE_SIZE, pageToken: token });
      alerts.value = [...alerts.value, ...page.alerts];
      token = page.nextPageToken;
      hasMore.value = token !== "";
    } catch (error) {
      failure.value = describeFailure(error);
    } finally {
      busy.value = false;
    }
  }

  return { alerts, failure, busy, hasMore, load, more };
}
