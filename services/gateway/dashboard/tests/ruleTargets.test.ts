import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { RuleSchema, Scope } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { SensorSchema } from "../src/gen/kurto/assets/v1/assets_pb.js";
import { keysOf, targetsOf } from "../src/live/ruleTargets.js";

const sensor = (sensorId: string, machineId: string, tags: string[], ...channels: string[]) =>
  create(SensorSchema, { sensorId, machineId, tags, config: { channels: channels.map((name) => ({ name })) } });
const PLANT = [
  sensor("pump-10", "pump", [], "x", "y"),
  sensor("pump-9", "pump", ["hot"], "x", "y"),
  sensor("fan", "", ["hot"], "axial"),
];
const rule = (init: object) => create(RuleSchema, { ruleId: "r", ...init });

describe("targetsOf", () => {
  it("offers every channel of every sensor under a rule for all", () => {
    expect(targetsOf(rule({}), PLANT)).toEqual([
      { name: "fan", channels: ["axial"] },
      { name: "pump-9", channels: ["x", "y"] },
      { name: "pump-10", channels: ["x", "y"] },
    ]);
  });

  it("keeps to what the rule watches", () => {
    const selector = { machineIds: ["pump"], tags: ["hot"], channels: ["y", "axial"] };
    expect(targetsOf(rule({ selector }), PLANT)).toEqual([{ name: "pump-9", channels: ["y"] }]);
    expect(targetsOf(rule({ selector: { sensorIds: ["fan"], channels: ["x"] } }), PLANT)).toEqual([]);
  });

  it("offers what has one alert: sensors, or machines", () => {
    expect(targetsOf(rule({ scope: Scope.SENSOR }), PLANT).map(({ channels }) => channels)).toEqual([[], [], []]);
    expect(targetsOf(rule({ scope: Scope.MACHINE }), PLANT)).toEqual([{ name: "pump", channels: [] }]);
  });
});

describe("keysOf", () => {
  const key = { sensorId: "", channel: "", ruleId: "r", machineId: "" };

  it("names one channel, or each", () => {
    const target = { name: "pump-9", channels: ["x", "y"] };
    expect(keysOf(rule({}), target, "y")).toEqual([{ ...key, sensorId: "pump-9", channel: "y" }]);
    expect(keysOf(rule({}), target, "").map(({ channel }) => channel)).toEqual(["x", "y"]);
  });

  it("names a sensor or a machine where the alert is theirs", () => {
    const target = { name: "pump", channels: [] };
    expect(keysOf(rule({ scope: Scope.SENSOR }), target, "")).toEqual([{ ...key, sensorId: "pump" }]);
    expect(keysOf(rule({ scope: Scope.MACHINE }), target, "")).toEqual([{ ...key, machineId: "pump" }]);
  });
});
