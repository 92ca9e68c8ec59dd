import { type InjectionKey, inject, shallowRef, watch } from "vue";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Clients } from "../api/clients.js";
import type { Failure } from "../api/failure.js";
import type { TokenKeeper } from "../api/token.js";
import type { SubscribeResponse } from "../gen/kurto/gateway/v1/live_service_pb.js";
import { Backoff } from "../live/backoff.js";
import type { Clock } from "../live/clock.js";
import { SHOWN_FEATURES } from "../live/features.js";
import { FrameScheduler } from "../live/frameScheduler.js";
import { windowIntervalS } from "../live/freshness.js";
import { LiveLink, type LinkState } from "../live/liveLink.js";
import { ServerClock } from "../live/serverClock.js";
import { createAlertStore } from "./alerts.js";
import { createOperatorStore } from "./operators.js";
import { createDefinitionStore } from "./definitions.js";
import { createSensorStore } from "./sensors.js";
import { createSessionStore } from "./session.js";
import { createStorageStore } from "./storage.js";
import { createTrendStore } from "./trends.js";

/** What the page is made of, given from outside so that tests may replace it. */
export interface DashboardParts {
  readonly clients: Clients;
  readonly tokens: TokenKeeper;
  readonly clock: Clock;
  readonly scheduler?: (task: () => void) => FrameScheduler;
  readonly backoff?: Backoff;
}

/** A time without a stream. */
export interface Outage {
  readonly sinceMs: number;
  readonly failure: Failure | null;
}

/** Everything that the page shows, fed by one stream. */
export function createDashboard({ clients, tokens, clock, ...parts }: DashboardParts) {
  const session = createSessionStore(clients, tokens);
  const sensors = createSensorStore(clients, clock);
  const alerts = createAlertStore(clients, clock);
  const operators = createOperatorStore(clients);
  const definitions = createDefinitionStore(clients);
  const storage = createStorageStore(clients, clock);
  const trends = createTrendStore(
    clients,
    clock,
    parts.scheduler ?? ((task) => new FrameScheduler(task)),
  );
  const serverClock = new ServerClock();
  const linkState = shallowRef<LinkState>({ kind: "idle" });
  /** Since when there is no stream, and why; null while there is one. */
  const outage = shallowRef<Outage | null>(null);
  const selected = shallowRef("");

  const link = new LiveLink(
    (request, signal) => clients.live.subscribe(request, { signal, timeoutMs: 0 }),
    { onState, onResponse },
    clock,
    SHOWN_FEATURES,
    parts.backoff,
  );

  function onState(state: LinkState): void {
    const before = linkState.value.kind;
    if (state.kind === "live" && before === "live") return;
    linkState.value = state;
    if (state.kind === "live") outage.value = null;
    if (state.kind === "waiting") {
      outage.value = { sinceMs: outage.value?.sinceMs ?? clock.nowMs(), failure: state.failure };
    }
    if (state.kind === "unauthenticated") session.refused(state.failure);
    // After an outage the list may have changed in ways that the stream does not say.
    if (state.kind === "live") refresh();
  }

  /** What fails here is shown by the stream's state, and tried again with it. */
  function refresh(): void {
    sensors.refresh().catch(() => undefined);
    if (definitions.definitions.value.size === 0) definitions.load().catch(() => undefined);
  }

  function onResponse({ serverTime, event }: SubscribeResponse): void {
    if (serverTime) serverClock.observe(timestampMs(serverTime), clock.nowMs());
    if (event.case === "features") trends.take(event.value.frames);
    else if (event.case === "alertSnapshot") alerts.takeSnapshot(event.value.alerts);
    else if (event.case === "alerts") alerts.takeTransitions(event.value.transitions);
    else if (event.case === "streamStatus") sensors.observe(event.value.streams);
    else if (event.case === "resync" && event.value.featuresLost) trends.refill();
    // Lost alerts need nothing here: a snapshot follows and replaces them.
  }

  /** True while the link keeps itself open. */
  function follows(): boolean {
    return linkState.value.kind !== "idle" && linkState.value.kind !== "unauthenticated";
  }

  /** Watch another sensor. */
  function select(sensorId: string): void {
    if (selected.value === sensorId && follows()) return;
    selected.value = sensorId;
    const config = sensors.sensors.value.get(sensorId)?.config;
    const channels = config?.channels.map((channel) => channel.name) ?? [];
    trends.select(sensorId, channels, windowIntervalS(config));
    link.select(sensorId);
  }

  /** Find out who we are and what there is, then watch the wanted sensor or a likely one. */
  async function start(wanted: string): Promise<void> {
    if (!(await session.load())) return;
    storage.start();
    const [, urgent] = await Promise.allSettled([sensors.refresh(), alerts.mostUrgentSensor()]);
    const alarmed = urgent.status === "fulfilled" ? urgent.value : "";
    select(wanted || alarmed || sensors.firstLive());
  }

  /** A token may expire while the page is open: any call can be the first to find out. */
  watch(sensors.failure, (failure) => {
    if (failure) session.refused(failure);
  });

  /** Nothing was chosen because nothing was there: take the first sensor that comes. */
  watch(sensors.ids, () => {
    if (!selected.value && linkState.value.kind === "live") {
      const first = sensors.firstLive();
      if (first) select(first);
    }
  });

  return {
    clients,
    session,
    sensors,
    alerts,
    operators,
    definitions,
    storage,
    trends,
    serverClock,
    linkState,
    outage,
    selected,
    select,
    start,
    retryNow: () => link.retryNow(),
    stop: () => {
      link.stop();
      storage.stop();
    },
  };
}

export type Dashboard = ReturnType<typeof createDashboard>;

export const DASHBOARD: InjectionKey<Dashboard> = Symbol("dashboard");

/** The dashboard that the component belongs to. */
export function useDashboard(): Dashboard {
  const dashboard = inject(DASHBOARD);
  if (!dashboard) throw new Error("provide DASHBOARD above this component");
  return dashboard;
}
