import type { Alert, AlertTransition } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { TransitionKind } from "../gen/kurto/alerts/v1/alerts_pb.js";

/** How long an ended alert stays on the page, in milliseconds. */
export const ENDED_SHOWN_MS = 12_000;

/** An alert that has ended and is still shown. */
export interface EndedAlert {
  readonly alert: Alert;
  readonly withdrawn: boolean;
  /** When the page learned of it, on the caller's clock. */
  readonly endedAtMs: number;
}

/** What the page knows of the alerts of all sensors. */
export interface AlertBook {
  readonly open: ReadonlyMap<string, Alert>;
  readonly ended: readonly EndedAlert[];
  /** Number of the newest transition seen, 0 before the first. */
  readonly newestTransition: bigint;
  /** False until the first snapshot. */
  readonly known: boolean;
}

/** The book after an event, and the alerts that people must hear of. */
export interface AlertChange {
  readonly book: AlertBook;
  readonly raised: readonly Alert[];
}

export const EMPTY_BOOK: AlertBook = {
  open: new Map(),
  ended: [],
  newestTransition: 0n,
  known: false,
};

const ANNOUNCED: readonly TransitionKind[] = [
  TransitionKind.RAISED,
  TransitionKind.ESCALATED,
  TransitionKind.RELAPSED,
  TransitionKind.REALARMED,
  TransitionKind.SHELF_EXPIRED,
];

/** Replace the open alerts; those that nobody had seen count as raised. */
export function applySnapshot(book: AlertBook, alerts: readonly Alert[]): AlertChange {
  const open = new Map(alerts.map((alert) => [alert.alertId, alert]));
  const raised = alerts.filter((alert) => isNews(book.open.get(alert.alertId), alert));
  return { book: { ...book, open, known: true }, raised };
}

function isNews(before: Alert | undefined, alert: Alert): boolean {
  if (alert.acknowledged || isSetAside(alert)) return false;
  return !before || alert.severity > before.severity;
}

/** Apply transitions in their order; what is older than what the book holds is passed over. */
export function applyTransitions(
  book: AlertBook,
  transitions: readonly AlertTransition[],
  nowMs: number,
): AlertChange {
  const open = new Map(book.open);
  const ended = [...book.ended];
  const raised: Alert[] = [];
  let newest = book.newestTransition;
  for (const transition of transitions) {
    const { alert, kind, transitionNumber } = transition;
    if (transitionNumber > newest) newest = transitionNumber;
    if (!alert) continue;
    const before = open.get(alert.alertId);
    if (before && before.revision > alert.revision) continue;
    if (alert.resolveTime) {
      open.delete(alert.alertId);
      if (!before) continue;
      ended.push({ alert, withdrawn: kind === TransitionKind.WITHDRAWN, endedAtMs: nowMs });
    } else {
      open.set(alert.alertId, alert);
      if (ANNOUNCED.includes(kind) && !isSetAside(alert)) raised.push(alert);
    }
  }
  return { book: { ...book, open, ended, newestTransition: newest }, raised };
}

/** Take over an alert that a call returned, unless the book knows a newer one. */
export function applyAlert(book: AlertBook, alert: Alert): AlertBook {
  const before = book.open.get(alert.alertId);
  if (!before || before.revision > alert.revision) return book;
  const open = new Map(book.open);
  if (alert.resolveTime) open.delete(alert.alertId);
  else open.set(alert.alertId, alert);
  return { ...book, open };
}

/** Drop ended alerts that were shown for long enough. */
export function forgetEnded(book: AlertBook, nowMs: number): AlertBook {
  const ended = book.ended.filter((entry) => nowMs - entry.endedAtMs < ENDED_SHOWN_MS);
  return ended.length === book.ended.length ? book : { ...book, ended };
}

/** Put aside by people or by design: shelved, suppressed, or out of service. */
export function isSetAside(alert: Alert): boolean {
  return alert.shelving !== undefined || alert.suppression !== "" || alert.outOfService !== "";
}

/** Open alerts as people want them: unacknowledged, then severe, then new ones first. */
export function inOrder(alerts: Iterable<Alert>): Alert[] {
  return [...alerts].sort(
    (a, b) =>
      Number(a.acknowledged) - Number(b.acknowledged) ||
      b.severity - a.severity ||
      raisedS(b) - raisedS(a) ||
      (a.alertId < b.alertId ? -1 : 1),
  );
}

function raisedS(alert: Alert): number {
  return Number(alert.raiseTime?.seconds ?? 0n) + (alert.raiseTime?.nanos ?? 0) / 1e9;
}
