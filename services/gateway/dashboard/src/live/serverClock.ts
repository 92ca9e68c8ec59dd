/**
 * The service's clock as seen from the page: its offset from the page's clock is
 * the largest seen over the last minutes, because every delay on the way makes
 * it look smaller. The page's own clock may be wrong by hours.
 */
export class ServerClock {
  private offsetMs: number | undefined;
  private chosenAtMs = 0;

  /** @param keepMs time after which a chosen offset may also become smaller */
  constructor(private readonly keepMs = 120_000) {}

  /** Learn from a message: the server's time in it and the page's time now. */
  observe(serverMs: number, localMs: number): void {
    const offset = serverMs - localMs;
    const expired = localMs - this.chosenAtMs > this.keepMs;
    if (this.offsetMs === undefined || offset > this.offsetMs || expired) {
      this.offsetMs = offset;
      this.chosenAtMs = localMs;
    }
  }

  /** The service's time at a time of the page; the page's own before the first message. */
  at(localMs: number): number {
    return localMs + (this.offsetMs ?? 0);
  }
}
