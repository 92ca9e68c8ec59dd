import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { Evidence } from "../gen/kurto/alerts/v1/evidence_pb.js";

const RETRY_MS = 2_000;

/** What was frozen beside one alert, of one channel at a time. */
export function createEvidence(clients: Clients) {
  const evidence = shallowRef<Evidence | null>(null);
  const failure = shallowRef<Failure | null>(null);
  const pending = shallowRef(false);
  let call = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Read it; once more in a while for as long as it is being frozen. "" for nothing. */
  async function show(alertId: string, sensorId = "", channel = ""): Promise<void> {
    clearTimeout(timer);
    const mine = ++call;
    if (evidence.value?.alertId !== alertId) evidence.value = null;
    failure.value = null;
    pending.value = false;
    if (!alertId) return;
    try {
      const answer = await clients.alerts.getEvidence({ alertId, sensorId, channel });
      if (mine === call) evidence.value = answer.evidence ?? null;
    } catch (error) {
      if (mine !== call) return;
      const known = describeFailure(error);
      pending.value = known.reason === "NO_EVIDENCE" && known.metadata.state === "pending";
      if (pending.value) timer = setTimeout(() => void show(alertId, sensorId, channel), RETRY_MS);
      else failure.value = known;
    }
  }

  function stop(): void {
    clearTimeout(timer);
    call++;
  }

  return { evidence, failure, pending, show, stop };
}
