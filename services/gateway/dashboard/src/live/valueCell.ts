import type { Alert } from "../gen/kurto/alerts/v1/alerts_pb.js";
import type { FeatureFrame } from "../gen/kurto/signal/v1/features_pb.js";
import { QualityFlag } from "../gen/kurto/signal/v1/quality_pb.js";

/** One feature of one channel as the page shows it. */
export interface ValueCell {
  readonly value: number | null;
  /** Unit of the channel's samples, "" while unknown. */
  readonly channelUnit: string;
  readonly flags: readonly QualityFlag[];
  /** The most severe open alert on the feature of the channel. */
  readonly alert: Alert | null;
}

/** These say why some features are absent: nothing about those that are there. */
const EXPLAINS_ABSENCE: readonly QualityFlag[] = [
  QualityFlag.TOO_SHORT,
  QualityFlag.BAND_UNAVAILABLE,
  QualityFlag.UNDEFINED,
];

/** Pick a channel's feature from a frame; a frame without values gives null. */
export function valueCell(
  frame: FeatureFrame | null,
  channel: string,
  feature: string,
  alerts: readonly Alert[],
): ValueCell {
  const found = frame?.channels.find((entry) => entry.channel === channel);
  const value = found?.values[feature];
  const known = value !== undefined && Number.isFinite(value);
  return {
    value: known ? value : null,
    channelUnit: found?.unit ?? "",
    flags: (found?.qualityFlags ?? []).filter((flag) => !known || !EXPLAINS_ABSENCE.includes(flag)),
    alert: worstAlert(alerts, channel, feature),
  };
}

function worstAlert(alerts: readonly Alert[], channel: string, feature: string): Alert | null {
  let worst: Alert | null = null;
  for (const alert of alerts) {
    if (alert.channel !== channel || alert.feature !== feature) continue;
    if (!worst || alert.severity > worst.severity) worst = alert;
  }
  return worst;
}
