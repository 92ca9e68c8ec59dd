/** How long to wait before trying again, and how that grows. */
export interface BackoffPolicy {
  /** Ceiling of the first wait in milliseconds. */
  readonly initialMs: number;
  /** Ceiling of every wait in milliseconds. */
  readonly maxMs: number;
  /** Growth of the ceiling from one failure to the next. */
  readonly factor: number;
}

export const RECONNECT: BackoffPolicy = { initialMs: 500, maxMs: 15_000, factor: 2 };

/**
 * Exponential back-off with jitter: each wait lies between half of its ceiling and
 * the ceiling, so that many pages which lost one server don't come back at once.
 */
export class Backoff {
  private failures = 0;

  constructor(
    private readonly policy: BackoffPolicy = RECONNECT,
    private readonly random: () => number = Math.random,
  ) {}

  /** Number of waits since the last success. */
  get attempt(): number {
    return this.failures;
  }

  /** Count a failure and return the wait in milliseconds. */
  next(): number {
    const { initialMs, maxMs, factor } = this.policy;
    const ceiling = Math.min(maxMs, initialMs * factor ** this.failures);
    this.failures += 1;
    return ceiling * (0.5 + 0.5 * this.random());
  }

  /** Begin again after a success. */
  reset(): void {
    this.failures = 0;
  }
}
