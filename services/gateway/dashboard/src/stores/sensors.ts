import { computed, shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { Sensor } from "../gen/kurto/assets/v1/assets_pb.js";
import type { SensorStatus } from "../gen/kurto/ingest/v1/stream_status_pb.js";
import { StreamState } from "../gen/kurto/ingest/v1/stream_status_pb.js";
import type { Clock } from "../live/clock.js";

const PAGE_SIZE = 1000;
/** Bound of the registry that one page reads: 20 000 sensors. */
const MOST_PAGES = 20;
/** A stream may name sensors that were registered since: read the list again, but not more often. */
const REFRESH_INTERVAL_MS = 3_000;

/** The registered sensors and the states of their streams. */
export function createSensorStore(clients: Clients, clock: Clock) {
  const sensors = shallowRef<ReadonlyMap<string, Sensor>>(new Map());
  const statuses = shallowRef<ReadonlyMap<string, SensorStatus>>(new Map());
  const loaded = shallowRef(false);
  const failure = shallowRef<Failure | null>(null);
  /** Sensor whose monitoring is being switched. */
  const switching = shallowRef("");
  let refreshedAtMs = -Infinity;

  async function refresh(): Promise<void> {
    refreshedAtMs = clock.nowMs();
    const [listed, streams] = await Promise.all([listSensors(), listStreams()]);
    sensors.value = new Map(listed.map((sensor) => [sensor.sensorId, sensor]));
    takeStatuses(streams);
    loaded.value = true;
  }

  async function listSensors(): Promise<Sensor[]> {
    return paged(async (pageToken) => {
      const page = await clients.assets.listSensors({ pageSize: PAGE_SIZE, pageToken });
      return [page.sensors, page.nextPageToken];
    });
  }

  async function listStreams(): Promise<SensorStatus[]> {
    return paged(async (pageToken) => {
      const page = await clients.streams.listStreams({ pageSize: PAGE_SIZE, pageToken });
      return [page.streams, page.nextPageToken];
    });
  }

  function takeStatuses(changed: readonly SensorStatus[]): void {
    if (changed.length === 0) return;
    const next = new Map(statuses.value);
    for (const status of changed) next.set(status.sensorId, status);
    statuses.value = next;
  }

  /** Take states from the stream; a sensor that is new or begins to send is looked up. */
  function observe(changed: readonly SensorStatus[]): void {
    takeStatuses(changed);
    const unknown = changed.some((status) => !sensors.value.has(status.sensorId));
    if (unknown && clock.nowMs() - refreshedAtMs >= REFRESH_INTERVAL_MS) {
      refresh().catch(() => undefined); // The stream's own state shows that the server is away.
    }
  }

  /** Start or stop the analysis of a sensor. */
  async function setMonitored(sensorId: string, monitored: boolean): Promise<void> {
    switching.value = sensorId;
    failure.value = null;
    try {
      const call = monitored ? clients.streams.startStream : clients.streams.stopStream;
      const { status } = await call({ sensorId });
      if (status) takeStatuses([status]);
    } catch (error) {
      failure.value = describeFailure(error);
    } finally {
      switching.value = "";
    }
  }

  /** Ids that the page knows from either source, in order. */
  const ids = computed(() =>
    [...new Set([...sensors.value.keys(), ...statuses.value.keys()])].sort((a, b) =>
      a.localeCompare(b, "en", { numeric: true }),
    ),
  );

  /** A sensor to begin with: a live one, else any. */
  function firstLive(): string {
    const live = ids.value.find((id) => statuses.value.get(id)?.state === StreamState.LIVE);
    return live ?? ids.value[0] ?? "";
  }

  return { sensors, statuses, loaded, failure, switching, ids, refresh, observe, setMonitored, firstLive };
}

export type SensorStore = ReturnType<typeof createSensorStore>;

async function paged<T>(read: (token: string) => Promise<[T[], string]>): Promise<T[]> {
  const all: T[] = [];
  let token = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const [rows, next] = await read(token);
    all.push(...rows);
    if (!next) break;
    token = next;
  }
  return all;
}
