import { describe, expect, it } from "vitest";
import { Severity } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { QualityFlag } from "../src/gen/kurto/signal/v1/quality_pb.js";
import { valueCell } from "../src/live/valueCell.js";
import { alert, frame } from "./messagesOf.js";

describe("valueCell", () => {
  it("picks a channel's feature with its unit", () => {
    expect(valueCell(frame("p", 7), "vertical", "kurtosis", [])).toMatchObject({
      value: 3,
      channelUnit: "g",
      flags: [],
      alert: null,
    });
  });

  it("has no value where there is none", () => {
    const some = frame("p", 7);
    expect(valueCell(null, "vertical", "rms", []).value).toBeNull();
    expect(valueCell(some, "axial", "rms", []).value).toBeNull();
    expect(valueCell(some, "vertical", "unheard_of", []).value).toBeNull();
    for (const channel of some.channels) channel.values["rms"] = NaN;
    expect(valueCell(some, "vertical", "rms", []).value).toBeNull();
  });

  it("shows what the samples suffered, and why a value is absent only where it is", () => {
    const some = frame("p", 7);
    for (const channel of some.channels) {
      channel.qualityFlags = [QualityFlag.CLIPPED, QualityFlag.BAND_UNAVAILABLE, QualityFlag.TOO_SHORT];
    }
    expect(valueCell(some, "vertical", "rms", []).flags).toEqual([QualityFlag.CLIPPED]);
    expect(valueCell(some, "vertical", "velocity_rms", []).flags).toHaveLength(3);
  });

  it("bears the most severe alert on just this feature of this channel", () => {
    const alerts = [
      alert("other channel", { channel: "horizontal", severity: Severity.CRITICAL }),
      alert("other feature", { feature: "peak", severity: Severity.CRITICAL }),
      alert("mild", { severity: Severity.INFO }),
      alert("worse"),
    ];
    expect(valueCell(frame("p", 7), "vertical", "rms", alerts).alert?.alertId).toBe("worse");
  });
});
