/**
 * Runs a task in the next animation frame, once however often it is asked for.
 * A hidden page has no animation frames: nothing is drawn until it is seen again.
 */
export class FrameScheduler {
  private pending = false;

  constructor(
    private readonly task: () => void,
    private readonly requestFrame: (callback: () => void) => void = (callback) =>
      requestAnimationFrame(callback),
  ) {}

  schedule(): void {
    if (this.pending) return;
    this.pending = true;
    this.requestFrame(() => {
      this.pending = false;
      this.task();
    });
  }
}
