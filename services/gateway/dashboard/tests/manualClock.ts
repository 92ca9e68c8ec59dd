import type { Clock } from "../src/live/clock.js";

/** A clock that moves only when it is told to. */
export class ManualClock implements Clock {
  private timers: { atMs: number; callback: () => void }[] = [];

  constructor(private now = 1_000_000) {}

  nowMs(): number {
    return this.now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.now + delayMs, callback };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((other) => other !== timer));
  }

  /** Number of timers that wait. */
  get waiting(): number {
    return this.timers.length;
  }

  /** Let time pass, timers in their order, and whatever they set off. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const due = this.timers.filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.now = Math.max(this.now, due.atMs);
      this.timers = this.timers.filter((timer) => timer !== due);
      due.callback();
      await settle();
    }
    this.now = end;
    await settle();
  }
}

/** Let promises run until nothing is left to do at once. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}
