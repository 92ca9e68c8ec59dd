import { describe, expect, it } from "vitest";
import { formatChange, formatCount, formatLimit, formatSigned, formatValue } from "../src/formatting/numbers.js";
import { seriesStyle } from "../src/formatting/series.js";
import { formatAge, formatClock, formatDelay, formatSpan, formatUtc } from "../src/formatting/times.js";
import { featureUnit, formatUnit } from "../src/formatting/units.js";
import { featureLabel } from "../src/formatting/labels.js";

const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, " ");

describe("formatValue", () => {
  it.each([
    [0, "0.0000"],
    [0.12345, "0.1235"],
    [0.99999, "1.000"],
    [1.23456, "1.235"],
    [12.3456, "12.35"],
    [123.456, "123.5"],
    [25600.4, "25 600"],
    [0.0000123, "1.23e−5"],
    [-1.5, "−1.500"],
    [3e9, "3.00e9"],
  ])("writes %d as %s", (value, text) => expect(plain(formatValue(value))).toBe(text));

  it.each([null, undefined, NaN, Infinity])("writes %s as a dash", (value) =>
    expect(formatValue(value)).toBe("–"),
  );
});

describe("other numbers", () => {
  it("keep limits as they were typed", () => {
    expect([0, 0.6, 3, 1250].map((limit) => plain(formatLimit(limit)))).toEqual(["0", "0.6", "3", "1 250"]);
  });

  it("show changes in percent with their sign", () => {
    expect([0.123, -0.031, 0.001, 20].map(formatChange)).toEqual(["+12 %", "−3 %", "±0 %", "> +999 %"]);
  });

  it.each([
    [12.4, "+12"],
    [-3.6, "−4"],
    [-0.2, "0"],
    [1234, "+1 234"],
  ])("write %d with its sign", (value, text) => expect(plain(formatSigned(value))).toBe(text));

  it("group counts", () => expect(plain(formatCount(1234567n))).toBe("1 234 567"));
});

describe("times", () => {
  it.each([
    [0.44, "0.4 s"],
    [12.7, "12 s"],
    [185, "3 min"],
    [7200, "2 h"],
    [7500, "2 h 5 min"],
    [400_000, "4 d"],
  ])("writes a span of %d s as %s", (seconds, text) => expect(formatSpan(seconds)).toBe(text));

  it("writes ages in whole seconds", () => {
    expect([0.3, 1.9, 9.99, 42, 90].map(formatAge)).toEqual([
      "just now",
      "1 s ago",
      "9 s ago",
      "42 s ago",
      "1 min ago",
    ]);
  });

  it("writes delays in milliseconds", () => {
    expect([35.4, 1234].map(formatDelay)).toEqual(["35 ms", "1.2 s"]);
  });

  it("writes clocks with two digits each", () => {
    expect(formatClock(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("03:04:05");
    expect(formatUtc(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe("2026-01-02 03:04:05 UTC");
  });
});

describe("units and names", () => {
  it("take the channel's own unit for accelerations", () => {
    expect(featureUnit("acceleration", "m/s2")).toBe("m/s2");
    expect(featureUnit("mm/s", "g")).toBe("mm/s");
    expect(["m/s2", "1", "g", "um"].map(formatUnit)).toEqual(["m/s²", "ratio", "g", "µm"]);
  });

  it("keep the name of a feature that the page doesn't know", () => {
    expect([featureLabel("rms"), featureLabel("band_rms.10_1000")]).toEqual(["RMS", "band_rms.10_1000"]);
  });
});

describe("series", () => {
  it("differ for all 32 channels", () => {
    const styles = [...Array(32).keys()].map((i) => JSON.stringify(seriesStyle(i)));
    expect(new Set(styles).size).toBe(32);
  });
});
