import { Measure, Severity } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { StreamState } from "../gen/kurto/ingest/v1/stream_status_pb.js";
import { EmptyReason } from "../gen/kurto/signal/v1/features_pb.js";
import { QualityFlag } from "../gen/kurto/signal/v1/quality_pb.js";
import { type MessageKey, hasMessage, translate as t } from "../messages/index.js";

/** A feature's name for people; one that this page doesn't know keeps its own. */
export function featureLabel(feature: string): string {
  const key = `feature.${feature}`;
  return hasMessage(key) ? t(key) : feature;
}

const MEASURES: Partial<Record<Measure, MessageKey>> = {
  [Measure.RATE_PER_MINUTE]: "measure.rate",
  [Measure.BASELINE_RATIO]: "measure.baselineRatio",
  [Measure.BASELINE_Z_SCORE]: "measure.zScore",
  [Measure.ACCELERATION_GROWTH]: "measure.growth",
  [Measure.ISO_ZONE]: "measure.isoZone",
  [Measure.FAULT_SCORE]: "measure.faultScore",
};

/** What a rule or its alert compares with the limits. */
export function measureLabel({ measure, feature }: { measure: Measure; feature: string }): string {
  const key = MEASURES[measure];
  const name = feature ? featureLabel(feature) : "";
  if (!key) return name;
  return name ? `${name} · ${t(key)}` : t(key);
}

export function severityLabel(severity: Severity): string {
  const keys: Partial<Record<Severity, MessageKey>> = {
    [Severity.INFO]: "severity.info",
    [Severity.WARNING]: "severity.warning",
    [Severity.CRITICAL]: "severity.critical",
  };
  return t(keys[severity] ?? "severity.unknown");
}

/** The word that styles and tests know a severity by. */
export function severityWord(severity: Severity): "info" | "warning" | "critical" {
  if (severity >= Severity.CRITICAL) return "critical";
  return severity === Severity.WARNING ? "warning" : "info";
}

export function emptyReasonLabel(reason: EmptyReason): string {
  const keys: Partial<Record<EmptyReason, MessageKey>> = {
    [EmptyReason.GAP]: "empty.gap",
    [EmptyReason.NOT_MONITORED]: "empty.notMonitored",
    [EmptyReason.ANALYSIS_SKIPPED]: "empty.analysisSkipped",
  };
  return t(keys[reason] ?? "empty.unknown");
}

const FLAGS: Partial<Record<QualityFlag, MessageKey>> = {
  [QualityFlag.GAP]: "quality.gap",
  [QualityFlag.CLIPPED]: "quality.clipped",
  [QualityFlag.FLAT]: "quality.flat",
  [QualityFlag.NON_FINITE]: "quality.nonFinite",
  [QualityFlag.BIAS]: "quality.bias",
  [QualityFlag.RATE_DRIFT]: "quality.rateDrift",
  [QualityFlag.TOO_SHORT]: "quality.tooShort",
  [QualityFlag.BAND_UNAVAILABLE]: "quality.bandUnavailable",
  [QualityFlag.UNDEFINED]: "quality.undefined",
};

export function qualityLabel(flag: QualityFlag): string {
  return t(FLAGS[flag] ?? "quality.unknown");
}

/** What the flag means for the values. */
export function qualityHint(flag: QualityFlag): string {
  const key = `${FLAGS[flag] ?? "quality.unknown"}.hint`;
  return hasMessage(key) ? t(key) : "";
}

export function streamStateLabel(state: StreamState): string {
  const keys: Partial<Record<StreamState, MessageKey>> = {
    [StreamState.IDLE]: "stream.idle",
    [StreamState.LIVE]: "stream.live",
    [StreamState.STALE]: "stream.stale",
  };
  return t(keys[state] ?? "stream.unknown");
}
