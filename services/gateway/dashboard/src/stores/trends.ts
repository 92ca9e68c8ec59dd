import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { FeatureFrame } from "../gen/kurto/signal/v1/features_pb.js";
import type { Clock } from "../live/clock.js";
import {
  SHOWN_FEATURES,
  type TrendLayout,
  sameLayout,
  toTrendPoint,
} from "../live/features.js";
import type { FrameScheduler } from "../live/frameScheduler.js";
import { TrendBuffer } from "../live/trendBuffer.js";

/** Windows kept: 120 s of ten a second, and room to spare. */
const CAPACITY = 1_500;
const HISTORY_WINDOWS = 1_200;
/** Holes are filled from the service, but not more often than this. */
const FILL_INTERVAL_MS = 5_000;

/** The newest values of the chosen sensor and their recent past. */
export function createTrendStore(
  clients: Clients,
  clock: Clock,
  schedulerFor: (task: () => void) => FrameScheduler,
) {
  const sensorId = shallowRef("");
  /** Newest frame, at most one change per animation frame. */
  const frame = shallowRef<FeatureFrame | null>(null);
  /** Newest frame that had values. */
  const valued = shallowRef<FeatureFrame | null>(null);
  /** Grows whenever there is something new to draw. */
  const version = shallowRef(0);
  const layout = shallowRef<TrendLayout>({ channels: [], features: SHOWN_FEATURES });
  const historyFailure = shallowRef<Failure | null>(null);
  let trend = emptyTrend(layout.value);
  let newest: FeatureFrame | null = null;
  let newestValued: FeatureFrame | null = null;
  let filledAtMs = -Infinity;
  let holesGivenUp = 0;
  let intervalS = 0;

  const scheduler = schedulerFor(() => {
    frame.value = newest;
    valued.value = newestValued;
    version.value += 1;
  });

  /** Begin with another sensor; its channels may be known already. */
  function select(id: string, channels: readonly string[], windowIntervalS: number): void {
    sensorId.value = id;
    intervalS = windowIntervalS;
    newest = newestValued = frame.value = valued.value = null;
    historyFailure.value = null;
    filledAtMs = -Infinity;
    reset(channels);
    version.value += 1;
  }

  function reset(channels: readonly string[]): void {
    layout.value = { channels, features: SHOWN_FEATURES };
    trend = emptyTrend(layout.value);
    holesGivenUp = 0;
  }

  function take(frames: readonly FeatureFrame[]): void {
    for (const next of frames) if (next.sensorId === sensorId.value) takeOne(next);
    fillHoles();
    scheduler.schedule();
  }

  function takeOne(next: FeatureFrame): void {
    if (isUpload(next)) return;
    adopt(next);
    const outcome = trend.push(toTrendPoint(next, layout.value));
    if (outcome === "refused" || (outcome === "replaced" && !isNewest(next))) return;
    newest = next;
    if (next.channels.length > 0) newestValued = next;
  }

  /** A frame with other channels begins a new trend. */
  function adopt({ channels }: FeatureFrame): void {
    if (channels.length === 0) return;
    const found = { channels: channels.map((entry) => entry.channel), features: SHOWN_FEATURES };
    if (sameLayout(found, layout.value)) return;
    const before = trend;
    reset(found.channels);
    // Empty windows that came before the channels were known stay: a refill may still come.
    if (before.columns > 0) return;
    for (let i = 0; i < before.length; i += 1) trend.push({ ...before.at(i), values: [] });
  }

  /** Samples from a sender's buffer have an epoch of their own, whose number may be any: not the present. */
  function isUpload({ late, epoch }: FeatureFrame): boolean {
    return late && epoch !== newest?.epoch;
  }

  function isNewest({ epoch, windowIndex }: FeatureFrame): boolean {
    return !newest || (epoch === newest.epoch && windowIndex === newest.windowIndex);
  }

  /** Read what came before the page did, or what it missed. */
  function fillHoles(): void {
    const fresh = trend.length > 0 && filledAtMs === -Infinity;
    if (!fresh && trend.missing() <= holesGivenUp) return;
    if (clock.nowMs() - filledAtMs < FILL_INTERVAL_MS) return;
    filledAtMs = clock.nowMs();
    void loadHistory();
  }

  /** Forget when the last read was: the stream said that frames were missed. */
  function refill(): void {
    filledAtMs = -Infinity;
    fillHoles();
  }

  async function loadHistory(): Promise<void> {
    const id = sensorId.value;
    if (!newest) return;
    try {
      const frames = await recentFrames(id, newest);
      if (id !== sensorId.value) return;
      const present = frames.filter((old) => !isUpload(old));
      trend.merge(present.map((old) => toTrendPoint(old, layout.value)));
      holesGivenUp = trend.missing();
      historyFailure.value = null;
    } catch (error) {
      if (id === sensorId.value) historyFailure.value = describeFailure(error);
    }
    scheduler.schedule();
  }

  async function recentFrames(id: string, last: FeatureFrame): Promise<FeatureFrame[]> {
    const wanted = { sensorId: id, featureNames: [...SHOWN_FEATURES], pageSize: CAPACITY };
    const after = last.windowIndex - BigInt(HISTORY_WINDOWS);
    const afterWindowIndex = after < -1n ? -1n : after;
    const { frames } = await clients.features.listFeatures({ ...wanted, epoch: last.epoch, afterWindowIndex });
    const first = frames[0]?.startTime;
    if (after >= -1n || !first) return frames;
    // The epoch is young: what came before it belongs to the one before.
    const startMs = timestampMs(first) + Number(after) * intervalS * 1000;
    const startTime = timestampFromMs(Math.max(0, startMs));
    const before = await clients.features.listFeatures({ ...wanted, startTime, endTime: first });
    return [...before.frames, ...frames];
  }

  return {
    sensorId,
    frame,
    valued,
    version,
    layout,
    historyFailure,
    select,
    take,
    refill,
    /** The buffer to draw from; another one after each change of sensor or channels. */
    buffer: () => trend,
  };
}

export type TrendStore = ReturnType<typeof createTrendStore>;

function emptyTrend({ channels, features }: TrendLayout): TrendBuffer {
  return new TrendBuffer(channels.length * features.length, CAPACITY);
}
