/** Time as the live modules use it, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970 on the page's clock. */
  nowMs(): number;
  /** Call back after a time; the returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
}

export const browserClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
