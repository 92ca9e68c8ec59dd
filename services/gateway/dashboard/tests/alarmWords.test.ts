import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { figuresOf, placeName } from "../src/formatting/alarms.js";
import { limitsLabel, selectorLabel } from "../src/formatting/rules.js";
import { formatMoment, formatZonedClock, zoneName } from "../src/formatting/times.js";
import { AlertKind, AlertSchema, Measure, Operator, RuleSchema, Scope, Severity } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { translate } from "../src/messages/index.js";

const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, " ");
const rule = (init: object) => create(RuleSchema, { unit: "mm/s", operator: Operator.ABOVE, ...init });

describe("words about alarms", () => {
  it("name a sensor once that is called like its machine", () => {
    expect(placeName("pump", "pump", "axial")).toBe("pump · axial");
    expect(placeName("pump", "pump-de", "axial")).toBe("pump · pump-de · axial");
    expect(placeName("pump", "", "")).toBe("pump");
  });

  it("choose the word that suits a number", () => {
    expect(translate("notification.attempts", { n: 1 })).toBe("1 attempt");
    expect(translate("notification.attempts", { n: 0 })).toBe("0 attempts");
    expect(translate("figures.load", { n: "1" })).toMatch(/^1 alarm,/);
  });

  it("say what is measured where there is no feature", () => {
    const alert = create(AlertSchema, { kind: AlertKind.VIBRATION, measure: Measure.ISO_ZONE, value: 2.5, limit: 2, unit: "1" });
    expect(figuresOf(alert)).toMatch(/^ISO zone of vibration velocity 2\.500, limit 2$/);
  });

  it("say in which zone a time is meant", () => {
    const ms = Date.UTC(2026, 0, 2, 3, 4, 5);
    expect(zoneName(ms)).not.toBe("");
    expect(formatMoment(ms)).toMatch(/^2026-01-0\d \d\d:\d\d:05 /);
    expect(formatMoment(ms).endsWith(formatZonedClock(ms))).toBe(true);
  });
});

describe("words about rules", () => {
  it("name limits with severity and unit", () => {
    const levels = [{ severity: Severity.WARNING, limit: 4.5 }, { severity: Severity.CRITICAL, limit: 7.1 }];
    expect(plain(limitsLabel(rule({ levels })))).toBe("Warning above 4.5 mm/s, Critical above 7.1 mm/s");
    const between = [{ severity: Severity.WARNING, lowerLimit: 1, upperLimit: 2 }];
    expect(plain(limitsLabel(rule({ operator: Operator.OUTSIDE, levels: between })))).toBe("Warning outside 1 mm/s – 2 mm/s");
  });

  it("name the zone that begins at a limit", () => {
    const levels = [{ severity: Severity.WARNING, limit: 2 }, { severity: Severity.CRITICAL, limit: 3 }];
    expect(limitsLabel(rule({ measure: Measure.ISO_ZONE, unit: "1", levels }))).toBe("Warning from zone C on, Critical from zone D on");
    const between = [{ severity: Severity.WARNING, limit: 2.5 }];
    expect(limitsLabel(rule({ measure: Measure.ISO_ZONE, unit: "1", levels: between }))).toBe("Warning above 2.5");
  });

  it("name what is watched, and never hide a machine", () => {
    expect(selectorLabel(rule({}))).toBe("all sensors");
    const selector = { machineIds: ["pump"], tags: ["hot"], channels: ["x", "y"] };
    expect(selectorLabel(rule({ selector }))).toBe("pump · #hot · x, y");
    expect(selectorLabel(rule({ selector, scope: Scope.MACHINE }))).toMatch(/one alarm per machine$/);
  });
});
