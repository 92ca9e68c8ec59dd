import { describe, expect, it } from "vitest";
import { TrendBuffer, type TrendPoint, countPoints } from "../src/live/trendBuffer.js";

const point = (windowIndex: number, value = windowIndex, epoch = 1): TrendPoint => ({
  epoch,
  windowIndex,
  timeS: epoch * 1000 + windowIndex / 10,
  values: [value, -value],
});

function filled(indexes: readonly number[], capacity = 100): TrendBuffer {
  const buffer = new TrendBuffer(2, capacity);
  for (const index of indexes) buffer.push(point(index));
  return buffer;
}

describe("TrendBuffer", () => {
  it("keeps the newest windows in fixed memory", () => {
    const buffer = filled([0, 1, 2, 3, 4, 5, 6], 3);
    expect(buffer.length).toBe(3);
    expect(buffer.view([0], 0)).toEqual([
      [1000.4, 1000.5, 1000.6],
      [4, 5, 6],
    ]);
  });

  it("shows the chosen columns from a time on", () => {
    expect(filled([0, 1, 2, 3]).view([1, 0], 1000.15)).toEqual([
      [1000.2, 1000.3],
      [-2, -3],
      [2, 3],
    ]);
  });

  it("breaks the line where windows are missing", () => {
    const [times, values] = filled([0, 1, 5, 6]).view([0], 0);
    expect(values).toEqual([0, 1, null, 5, 6]);
    expect(times[2]).toBeCloseTo(1000.3);
  });

  it("breaks the line where an epoch ends", () => {
    const buffer = filled([0, 1]);
    buffer.push(point(2, 2, 2));
    expect(buffer.view([0], 0)[1]).toEqual([0, 1, null, 2]);
  });

  it("shows a window without values as a gap", () => {
    const buffer = filled([0, 1]);
    buffer.push(point(2, NaN));
    buffer.push(point(3));
    expect(buffer.view([0], 0)[1]).toEqual([0, 1, null, 3]);
  });

  it("replaces an empty window by the late one", () => {
    const buffer = filled([0, 1]);
    buffer.push(point(2, NaN));
    buffer.push(point(3));
    expect(buffer.push(point(2, 42))).toBe("replaced");
    expect(buffer.view([0], 0)[1]).toEqual([0, 1, 42, 3]);
  });

  it("refuses an older window that it does not know", () => {
    const buffer = filled([5, 6]);
    expect(buffer.push(point(4))).toBe("refused");
    expect(buffer.push(point(9, 9, 0))).toBe("refused");
    expect(buffer.length).toBe(2);
  });

  it("counts the windows missing from the newest epoch", () => {
    const buffer = filled([0, 1, 5, 6, 9]);
    expect(buffer.missing()).toBe(5);
    buffer.push(point(20, 20, 2));
    expect(buffer.missing()).toBe(0);
    buffer.push(point(22, 22, 2));
    expect(buffer.missing()).toBe(1);
    expect(new TrendBuffer(1, 4).missing()).toBe(0);
  });

  it("merges what was missed before and in between, and keeps its own", () => {
    const buffer = filled([5, 6, 9]);
    buffer.merge([4, 5, 6, 7, 8].map((index) => point(index, index * 100)));
    expect(buffer.view([0], 0)[1]).toEqual([400, 5, 6, 700, 800, 9]);
    expect(buffer.missing()).toBe(0);
    expect(buffer.push(point(10))).toBe("appended");
  });

  it("keeps the newest of a merge that is larger than its memory", () => {
    const buffer = filled([8, 9], 4);
    buffer.merge([1, 2, 3, 4, 5, 6, 7].map((index) => point(index)));
    expect(buffer.view([0], 0)[1]).toEqual([6, 7, 8, 9]);
  });

  it("finds windows after it has wrapped around", () => {
    const buffer = filled([...Array(250).keys()], 100);
    expect(buffer.push(point(200, -1))).toBe("replaced");
    expect(buffer.at(50).values[0]).toBe(-1);
    expect(buffer.push(point(149))).toBe("refused");
  });
});

describe("the pace", () => {
  it("is that of the newest windows", () => {
    expect(filled([...Array(50).keys()]).paceS()).toBe(0.1);
    expect(filled([1, 2, 9]).paceS()).toBe(0.1);
  });

  it("is unknown with a single window, or in a new epoch", () => {
    expect(filled([1]).paceS()).toBeNull();
    const buffer = filled([1, 2]);
    buffer.push(point(0, 0, 2));
    expect(buffer.paceS()).toBeNull();
  });
});

describe("countPoints", () => {
  it("counts windows with values and the breaks between them", () => {
    expect(countPoints(filled([0, 1, 5, 6, 9]).view([0, 1], 0))).toEqual({ points: 5, gaps: 2 });
    const buffer = filled([0]);
    buffer.push(point(1, NaN));
    buffer.push(point(2, NaN));
    buffer.push(point(3));
    expect(countPoints(buffer.view([0, 1], 0))).toEqual({ points: 2, gaps: 1 });
    expect(countPoints(new TrendBuffer(1, 4).view([0], 0))).toEqual({ points: 0, gaps: 0 });
  });
});
