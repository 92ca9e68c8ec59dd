import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Alert,
  AlertSchema,
  type AlertTransition,
  AlertTransitionSchema,
  ConditionState,
  Severity,
  TransitionKind,
} from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import {
  EmptyReason,
  type FeatureFrame,
  FeatureFrameSchema,
} from "../src/gen/kurto/signal/v1/features_pb.js";

/** Time at which window 0 of every test sensor ends. */
export const FIRST_END_MS = 1_700_000_000_000;

/** A frame of two channels whose RMS is the window index. */
export function frame(
  sensorId: string,
  index: number,
  { empty = false, late = false, epoch = 1, channels = ["horizontal", "vertical"] } = {},
): FeatureFrame {
  return create(FeatureFrameSchema, {
    sensorId,
    epoch: BigInt(epoch),
    windowIndex: BigInt(index),
    startTime: timestampFromMs(FIRST_END_MS + index * 100 - 1000),
    endTime: timestampFromMs(FIRST_END_MS + index * 100),
    late,
    emptyReason: empty ? EmptyReason.GAP : EmptyReason.UNSPECIFIED,
    channels: empty
      ? []
      : channels.map((channel, i) => ({
          channel,
          unit: "g",
          values: { rms: index + i / 10, kurtosis: 3, peak: 2 * index, crest_factor: 2 },
        })),
  });
}

export function alert(alertId: string, init: MessageInitShape<typeof AlertSchema> = {}): Alert {
  return create(AlertSchema, {
    alertId,
    sensorId: "pump-1",
    channel: "vertical",
    ruleId: "rule",
    feature: "rms",
    unit: "g",
    severity: Severity.WARNING,
    state: ConditionState.ACTIVE,
    revision: 1n,
    ...init,
  });
}

export function transition(
  number: number,
  kind: TransitionKind,
  changed: Alert,
): AlertTransition {
  return create(AlertTransitionSchema, { transitionNumber: BigInt(number), kind, alert: changed });
}
