import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { RuleSchema, Severity } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { limitsOf } from "../src/live/alarmLimits.js";
import { alert } from "./messagesOf.js";

const raised = alert("a", { limit: 4, unit: "g", severity: Severity.CRITICAL });
const rule = (critical: number, unit = "g") =>
  create(RuleSchema, { unit, levels: [{ severity: Severity.WARNING, limit: 2 }, { severity: Severity.CRITICAL, limit: critical }] });
const own = [{ value: 4, severity: Severity.CRITICAL }];

describe("limitsOf", () => {
  it("shows every limit of the rule", () => {
    expect(limitsOf(raised, rule(4))).toEqual([{ value: 2, severity: Severity.WARNING }, ...own]);
  });

  it("shows what was passed alone when the rule was changed, deleted, or has another unit", () => {
    expect(limitsOf(raised, rule(5))).toEqual(own);
    expect(limitsOf(raised, null)).toEqual(own);
    expect(limitsOf(raised, rule(4, "m/s2"))).toEqual(own);
  });

  it("shows both ends of a range", () => {
    const between = create(RuleSchema, { unit: "g", levels: [{ severity: Severity.CRITICAL, lowerLimit: 1, upperLimit: 4 }] });
    expect(limitsOf(raised, between).map(({ value }) => value)).toEqual([1, 4]);
  });
});
