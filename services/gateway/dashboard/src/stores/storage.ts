import { Code } from "@connectrpc/connect";
import { computed, shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure } from "../api/failure.js";
import { StorageState, type StorageStatus } from "../gen/kurto/ingest/v1/stream_status_pb.js";
import type { Clock } from "../live/clock.js";
import { translate as t } from "../messages/index.js";

const INTERVAL_MS = 4_000;
const TIMEOUT_MS = 3_000;
/** One call may be lost on the way; two in a row say that nobody answers. */
const FAILURES_SHOWN = 2;
/** These say something about the caller, not about storage. */
const NOT_AWAY: readonly Code[] = [Code.Unauthenticated, Code.PermissionDenied, Code.Unimplemented];

export interface StorageNotice {
  readonly tone: "info" | "warning" | "critical";
  readonly text: string;
}

/** How storage fares, asked of ingest itself: it knows even while PostgreSQL and Valkey are away. */
export function createStorageStore(clients: Clients, clock: Clock) {
  const status = shallowRef<StorageStatus | null>(null);
  const failures = shallowRef(0);
  let cancel: (() => void) | undefined;
  let running = false;

  async function ask(): Promise<void> {
    try {
      const response = await clients.streams.getStorageStatus({}, { timeoutMs: TIMEOUT_MS });
      status.value = response.status ?? null;
      failures.value = 0;
    } catch (error) {
      failures.value = NOT_AWAY.includes(describeFailure(error).code) ? 0 : failures.value + 1;
    }
    if (running) cancel = clock.after(INTERVAL_MS, () => void ask());
  }

  /** Ask from now on, every few seconds. */
  function start(): void {
    if (running) return;
    running = true;
    void ask();
  }

  function stop(): void {
    running = false;
    cancel?.();
  }

  /** What the page must say; null when all is well. */
  const notice = computed<StorageNotice | null>(() => {
    if (failures.value >= FAILURES_SHOWN) return { tone: "warning", text: t("storage.away") };
    return status.value ? noticeOf(status.value) : null;
  });

  return { status, notice, start, stop };
}

export type StorageStore = ReturnType<typeof createStorageStore>;

function noticeOf(status: StorageStatus): StorageNotice | null {
  const details = status.problems.join(" ");
  switch (status.state) {
    case StorageState.STOPPED:
      return { tone: "critical", text: t("storage.stopped", { details }) };
    case StorageState.SHEDDING:
      return { tone: "warning", text: t("storage.shedding", { details }) };
    case StorageState.DEGRADED:
      return { tone: "warning", text: t("storage.degraded", { details }) };
    default:
  }
  if (!status.realtimeEnabled) return { tone: "info", text: t("storage.realtimeOff") };
  if (!status.analyzerConnected) return { tone: "warning", text: t("storage.noAnalyzer") };
  return details ? { tone: "info", text: details } : null;
}
