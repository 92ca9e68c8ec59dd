import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ConditionState, Severity, TransitionKind } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import {
  EMPTY_BOOK,
  ENDED_SHOWN_MS,
  applyAlert,
  applySnapshot,
  applyTransitions,
  forgetEnded,
  inOrder,
} from "../src/live/alertBook.js";
import { alert, transition } from "./messagesOf.js";

const ENDED = { state: ConditionState.NORMAL, resolveTime: timestampFromMs(2_000) };
const ids = (alerts: Iterable<{ alertId: string }>) => [...alerts].map((entry) => entry.alertId);

describe("a snapshot", () => {
  it("replaces the open alerts and names those that are news", () => {
    const before = applySnapshot(EMPTY_BOOK, [alert("a"), alert("b")]).book;
    const { book, raised } = applySnapshot(before, [alert("b"), alert("c")]);
    expect(ids(book.open.values())).toEqual(["b", "c"]);
    expect(ids(raised)).toEqual(["c"]);
    expect(book.known).toBe(true);
  });

  it("names an alert again whose severity rose meanwhile, but no acknowledged one", () => {
    const before = applySnapshot(EMPTY_BOOK, [alert("a"), alert("b")]).book;
    const worse = { severity: Severity.CRITICAL };
    const { raised } = applySnapshot(before, [
      alert("a", worse),
      alert("b", { ...worse, acknowledged: true }),
    ]);
    expect(ids(raised)).toEqual(["a"]);
  });
});

describe("transitions", () => {
  it("raise, escalate and end an alert", () => {
    const raisedChange = applyTransitions(
      EMPTY_BOOK,
      [transition(7, TransitionKind.RAISED, alert("a"))],
      0,
    );
    expect(ids(raisedChange.raised)).toEqual(["a"]);
    const worse = alert("a", { severity: Severity.CRITICAL, revision: 2n });
    const escalated = applyTransitions(
      raisedChange.book,
      [transition(8, TransitionKind.ESCALATED, worse)],
      1,
    );
    expect(escalated.raised).toHaveLength(1);
    const over = alert("a", { ...ENDED, revision: 3n });
    const { book } = applyTransitions(
      escalated.book,
      [transition(9, TransitionKind.RESOLVED, over)],
      2,
    );
    expect(book.open.size).toBe(0);
    expect(book.ended).toMatchObject([{ withdrawn: false, endedAtMs: 2 }]);
    expect(book.newestTransition).toBe(9n);
  });

  it("don't bring back what a newer revision has changed", () => {
    const acknowledged = alert("a", { revision: 5n, acknowledged: true });
    const before = applySnapshot(EMPTY_BOOK, [acknowledged]).book;
    const stale = transition(3, TransitionKind.RAISED, alert("a", { revision: 1n }));
    const { book, raised } = applyTransitions(before, [stale], 0);
    expect(book.open.get("a")?.acknowledged).toBe(true);
    expect(raised).toEqual([]);
  });

  it("say nothing of an alert that ended before the page knew it", () => {
    const over = alert("a", ENDED);
    const { book } = applyTransitions(EMPTY_BOOK, [transition(1, TransitionKind.RESOLVED, over)], 0);
    expect(book.ended).toEqual([]);
  });

  it("mark a withdrawn alert", () => {
    const before = applySnapshot(EMPTY_BOOK, [alert("a")]).book;
    const over = alert("a", { ...ENDED, revision: 2n });
    const { book } = applyTransitions(before, [transition(2, TransitionKind.WITHDRAWN, over)], 5);
    expect(book.ended).toMatchObject([{ withdrawn: true }]);
  });
});

describe("the answer of a call", () => {
  it("is taken unless the book knows better", () => {
    const before = applySnapshot(EMPTY_BOOK, [alert("a", { revision: 2n })]).book;
    const after = applyAlert(before, alert("a", { revision: 3n, acknowledged: true }));
    expect(after.open.get("a")?.acknowledged).toBe(true);
    expect(applyAlert(after, alert("a", { revision: 2n }))).toBe(after);
    expect(applyAlert(after, alert("unknown"))).toBe(after);
  });
});

describe("ended alerts", () => {
  it("go away after a while", () => {
    const before = applySnapshot(EMPTY_BOOK, [alert("a")]).book;
    const over = alert("a", { ...ENDED, revision: 2n });
    const { book } = applyTransitions(before, [transition(2, TransitionKind.RESOLVED, over)], 1000);
    expect(forgetEnded(book, 1000 + ENDED_SHOWN_MS - 1)).toBe(book);
    expect(forgetEnded(book, 1000 + ENDED_SHOWN_MS).ended).toEqual([]);
  });
});

describe("the order", () => {
  it("is unacknowledged, severe, new", () => {
    const at = (ms: number) => ({ raiseTime: timestampFromMs(ms) });
    const alerts = [
      alert("old warning", at(1000)),
      alert("seen critical", { severity: Severity.CRITICAL, acknowledged: true, ...at(9000) }),
      alert("new warning", at(5000)),
      alert("critical", { severity: Severity.CRITICAL, ...at(10) }),
    ];
    expect(ids(inOrder(alerts))).toEqual(["critical", "new warning", "old warning", "seen critical"]);
  });
});
