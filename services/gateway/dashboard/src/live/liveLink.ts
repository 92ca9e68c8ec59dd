import { Code, ConnectError } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import type { SubscribeRequest, SubscribeResponse } from "../gen/kurto/gateway/v1/live_service_pb.js";
import { SubscribeRequestSchema } from "../gen/kurto/gateway/v1/live_service_pb.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { Backoff } from "./backoff.js";
import type { Clock } from "./clock.js";

/** How the stream stands. */
export type LinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "waiting"; readonly untilMs: number; readonly failure: Failure | null }
  | { readonly kind: "unauthenticated"; readonly failure: Failure };

/** Opens the stream; throws ConnectError when it breaks. */
export type Subscribe = (
  request: SubscribeRequest,
  signal: AbortSignal,
) => AsyncIterable<SubscribeResponse>;

export interface LinkListener {
  onState(state: LinkState): void;
  onResponse(response: SubscribeResponse): void;
}

/** A stream without a message for this long is dead: heartbeats come every 15 s. */
export const SILENCE_MS = 20_000;
/** A stream that lived this long was a success: the next wait is short again. */
export const STABLE_MS = 3_000;

/**
 * Keeps one Subscribe stream open: reconnects with back-off after every failure
 * and every end, and resumes after the last response seen.
 */
export class LiveLink {
  private cursor = "";
  private sensorId = "";
  private run: AbortController | undefined;
  private wake: (() => void) | undefined;

  constructor(
    private readonly subscribe: Subscribe,
    private readonly listener: LinkListener,
    private readonly clock: Clock,
    private readonly features: readonly string[],
    private readonly backoff: Backoff = new Backoff(),
  ) {}

  /** Follow a sensor (or none: ""), beginning with a snapshot. */
  select(sensorId: string): void {
    this.sensorId = sensorId;
    this.cursor = "";
    this.restart();
  }

  /** Don't wait any longer. */
  retryNow(): void {
    if (this.wake) this.wake();
    else if (!this.run) this.restart();
  }

  /** End the stream and stay away. */
  stop(): void {
    this.run?.abort();
    this.run = undefined;
    this.listener.onState({ kind: "idle" });
  }

  private restart(): void {
    this.run?.abort();
    this.backoff.reset();
    const run = new AbortController();
    this.run = run;
    void this.keepOpen(run.signal).finally(() => {
      if (this.run === run) this.run = undefined;
    });
  }

  private async keepOpen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.listener.onState({ kind: "connecting" });
      const error = await this.readUntilEnd(signal);
      if (signal.aborted) return;
      const failure = error ? describeFailure(error) : null;
      if (failure?.code === Code.Unauthenticated) {
        this.listener.onState({ kind: "unauthenticated", failure });
        return;
      }
      if (failure?.reason === "INVALID_CURSOR") this.cursor = "";
      await this.wait(failure, signal);
    }
  }

  private async readUntilEnd(signal: AbortSignal): Promise<ConnectError | null> {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    signal.addEventListener("abort", abort);
    const started = this.clock.nowMs();
    let watchdog = this.clock.after(SILENCE_MS, abort);
    try {
      for await (const response of this.subscribe(this.request(), attempt.signal)) {
        if (signal.aborted) return null;
        watchdog();
        watchdog = this.clock.after(SILENCE_MS, abort);
        this.take(response);
      }
      return null;
    } catch (error) {
      return ConnectError.from(error);
    } finally {
      watchdog();
      signal.removeEventListener("abort", abort);
      if (this.clock.nowMs() - started >= STABLE_MS) this.backoff.reset();
    }
  }

  private take(response: SubscribeResponse): void {
    if (response.cursor) this.cursor = response.cursor;
    this.listener.onState({ kind: "live" });
    this.listener.onResponse(response);
  }

  private async wait(failure: Failure | null, signal: AbortSignal): Promise<void> {
    const delayMs = Math.max(this.backoff.next(), failure?.retryDelayMs ?? 0);
    this.listener.onState({ kind: "waiting", untilMs: this.clock.nowMs() + delayMs, failure });
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(delayMs, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
      signal.addEventListener("abort", this.wake, { once: true });
    });
    this.wake = undefined;
  }

  private request(): SubscribeRequest {
    return create(SubscribeRequestSchema, {
      sensorIds: this.sensorId ? [this.sensorId] : [],
      featureNames: [...this.features],
      includeAlerts: true,
      includeStreamStatus: true,
      cursor: this.cursor,
    });
  }
}
