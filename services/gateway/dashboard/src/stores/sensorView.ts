import { computed } from "vue";
import { staleAfterS, trendSpanS, valueAgeS, windowIntervalS } from "../live/freshness.js";
import { endTimeMs } from "../live/features.js";
import { useDashboard } from "./dashboard.js";
import { useTicker } from "./ticker.js";

/** What the parts of the page know in common of the chosen sensor. */
export function useSensorView(spanWantedS: () => number) {
  const dashboard = useDashboard();
  const { sensors, alerts, trends, selected, serverClock } = dashboard;
  const nowMs = useTicker(500);

  const sensor = computed(() => sensors.sensors.value.get(selected.value));
  const status = computed(() => sensors.statuses.value.get(selected.value));
  const intervalS = computed(() => windowIntervalS(sensor.value?.config));
  /** A replayed sensor may be faster or slower than it declares: what counts is how it is. */
  const paceS = computed(() => {
    void trends.version.value;
    return trends.buffer().paceS() ?? intervalS.value;
  });
  const spanS = computed(() => trendSpanS(spanWantedS(), paceS.value));
  const alertsHere = computed(() =>
    alerts.active.value.filter((alert) => alert.sensorId === selected.value),
  );

  /** Age in seconds of the newest window, at a time of the page. */
  function ageAt(localMs: number): number | null {
    const frame = trends.frame.value;
    return frame ? valueAgeS(endTimeMs(frame), serverClock.at(localMs), status.value) : null;
  }

  /** Age of the newest window with values, as the cards show it. */
  const ageS = computed(() => {
    const frame = trends.valued.value;
    return frame ? valueAgeS(endTimeMs(frame), serverClock.at(nowMs.value), status.value) : null;
  });
  const stale = computed(() => ageS.value !== null && ageS.value > staleAfterS(intervalS.value));

  /** The right end of the trends: the newest window while they come, then time goes on. */
  function rightEndS(): number {
    const frame = trends.frame.value;
    if (!frame) return serverClock.at(Date.now()) / 1000;
    const age = ageAt(Date.now()) ?? 0;
    return endTimeMs(frame) / 1000 + (age > staleAfterS(intervalS.value) ? age : 0);
  }

  return { ...dashboard, nowMs, sensor, status, paceS, spanS, alertsHere, ageS, stale, rightEndS };
}

export type SensorView = ReturnType<typeof useSensorView>;
