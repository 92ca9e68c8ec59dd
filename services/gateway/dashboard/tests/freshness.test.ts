import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { SensorConfigSchema } from "../src/gen/kurto/assets/v1/assets_pb.js";
import { SensorStatusSchema } from "../src/gen/kurto/ingest/v1/stream_status_pb.js";
import { staleAfterS, trendSpanS, valueAgeS, windowIntervalS } from "../src/live/freshness.js";
import { ServerClock } from "../src/live/serverClock.js";

const burst = create(SensorConfigSchema, {
  acquisition: { kind: { case: "burst", value: { lengthSamples: 2560, interval: { seconds: 10n } } } },
});

describe("the pace of a sensor", () => {
  it("is ten windows a second, or its bursts", () => {
    expect(windowIntervalS(undefined)).toBe(0.1);
    expect(windowIntervalS(burst)).toBe(10);
  });

  it("says when values are stale", () => {
    expect(staleAfterS(0.1)).toBe(2.5);
    expect(staleAfterS(10)).toBe(30);
  });

  it("stretches the trend so that slow sensors show as many windows", () => {
    expect(trendSpanS(60, 0.1)).toBe(60);
    expect(trendSpanS(60, 10)).toBe(300);
  });
});

describe("valueAgeS", () => {
  it("is the time since the window ended", () => {
    expect(valueAgeS(10_000, 12_500, undefined)).toBe(2.5);
    expect(valueAgeS(10_000, 9_000, undefined)).toBe(0);
  });

  it("allows for a sender whose clock is wrong", () => {
    const hour = 3_600_000;
    const status = create(SensorStatusSchema, {
      lastSampleTime: timestampFromMs(10_000),
      lastReceiveTime: timestampFromMs(10_000 + hour),
    });
    expect(valueAgeS(10_000, 12_000 + hour, status)).toBe(2);
  });
});

describe("ServerClock", () => {
  it("takes the message that was fastest on its way", () => {
    const clock = new ServerClock();
    expect(clock.at(500)).toBe(500);
    clock.observe(10_000, 1_300);
    clock.observe(10_500, 1_520);
    clock.observe(11_000, 2_900);
    expect(clock.at(2_000)).toBe(2_000 + 8_980);
  });

  it("follows a server whose clock was set back, after a while", () => {
    const clock = new ServerClock(1_000);
    clock.observe(10_000, 0);
    clock.observe(5_000, 900);
    expect(clock.at(900)).toBe(10_900);
    clock.observe(5_200, 1_100);
    expect(clock.at(1_100)).toBe(5_200);
  });
});
