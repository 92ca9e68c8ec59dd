import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { AlertSchema, ConditionState, Finding } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { actionsFor, bulkActionsFor } from "../src/live/alarmActions.js";

const active = { alertId: "a", sensorId: "s", state: ConditionState.ACTIVE };
const offered = (parts: object) => actionsFor(create(AlertSchema, { ...active, ...parts }));

describe("actionsFor", () => {
  it("offers acknowledging before everything else", () => {
    expect(offered({})[0]).toBe("acknowledge");
    expect(offered({ acknowledged: true })).not.toContain("acknowledge");
    expect(offered({ acknowledged: true })).toContain("unacknowledge");
  });

  it("offers a reset only once the condition is normal", () => {
    expect(offered({})).not.toContain("reset");
    expect(offered({ state: ConditionState.NORMAL, latched: true })).toContain("reset");
  });

  it("offers to take back what was done", () => {
    const shelved = offered({ shelving: { reason: "known" } });
    expect(shelved).toContain("unshelve");
    expect(shelved).not.toContain("shelve");
    const out = offered({ outOfService: "overhaul" });
    expect(out).toContain("return");
    expect(out).not.toContain("takeOut");
  });

  it("offers only words about what has ended", () => {
    const ended = offered({ state: ConditionState.NORMAL, resolveTime: timestampFromMs(1) });
    expect(ended).toEqual(["comment", "markTrue", "markFalse"]);
  });

  it("does not offer the finding that is marked", () => {
    expect(offered({ finding: Finding.TRUE })).not.toContain("markTrue");
    expect(offered({ finding: Finding.TRUE })).toContain("markFalse");
  });
});

describe("bulkActionsFor", () => {
  it("offers each action for those alerts that it can be done to", () => {
    const open = create(AlertSchema, active);
    const acknowledged = create(AlertSchema, { ...active, acknowledged: true });
    const ended = create(AlertSchema, { ...active, state: ConditionState.NORMAL, resolveTime: timestampFromMs(1) });
    const offers = Object.fromEntries(bulkActionsFor([open, acknowledged, ended]).map(({ action, alerts }) => [action, alerts]));
    expect(offers.acknowledge).toEqual([open]);
    expect(offers.shelve).toEqual([open, acknowledged]);
    expect(offers.comment).toEqual([open, acknowledged, ended]);
    expect(offers).not.toHaveProperty("unshelve");
  });

  it("offers nothing for nothing", () => {
    expect(bulkActionsFor([])).toEqual([]);
  });
});
