import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AlertKind, AlertSchema, Severity } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { EVERYTHING, passes } from "../src/live/alertFilter.js";

const alert = create(AlertSchema, {
  machineId: "pump-7",
  sensorId: "pump-7-de",
  channel: "horizontal",
  ruleDisplayName: "Velocity too high",
  feature: "velocity_rms",
  severity: Severity.WARNING,
  kind: AlertKind.VIBRATION,
});

describe("passes", () => {
  it("lets everything through that nothing was said about", () => {
    expect(passes(alert, EVERYTHING)).toBe(true);
  });

  it.each([
    ["PUMP", true],
    ["pump velocity", true],
    ["pump fan", false],
    ["  horizontal  ", true],
  ])("finds the words %j: %s", (text, found) => {
    expect(passes(alert, { ...EVERYTHING, text })).toBe(found);
  });

  it.each([
    [Severity.INFO, true],
    [Severity.WARNING, true],
    [Severity.CRITICAL, false],
  ])("shows severity %s and what is worse", (severity, shown) => {
    expect(passes(alert, { ...EVERYTHING, severity })).toBe(shown);
  });

  it("keeps to one kind", () => {
    expect(passes(alert, { ...EVERYTHING, kind: AlertKind.VIBRATION })).toBe(true);
    expect(passes(alert, { ...EVERYTHING, kind: AlertKind.DATA_QUALITY })).toBe(false);
  });

  it("hides what is acknowledged when only the others are wanted", () => {
    const acknowledged = { ...alert, acknowledged: true };
    expect(passes(acknowledged, { ...EVERYTHING, unacknowledgedOnly: true })).toBe(false);
    expect(passes(alert, { ...EVERYTHING, unacknowledgedOnly: true })).toBe(true);
  });
});
