import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { beforeEach, describe, expect, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import {
  type SubscribeRequest,
  type SubscribeResponse,
  SubscribeResponseSchema,
} from "../src/gen/kurto/gateway/v1/live_service_pb.js";
import { Backoff } from "../src/live/backoff.js";
import { LiveLink, type LinkState, SILENCE_MS } from "../src/live/liveLink.js";
import { ManualClock, settle } from "./manualClock.js";

/** One Subscribe call as the test's server sees it. */
class Call {
  private waiting: ((step: Step) => void)[] = [];
  private steps: Step[] = [];

  constructor(
    readonly request: SubscribeRequest,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.put({ error: new ConnectError("aborted", Code.Canceled) }));
  }

  send(cursor: string): Promise<void> {
    return this.put({ response: create(SubscribeResponseSchema, { cursor }) });
  }

  fail(error: ConnectError): Promise<void> {
    return this.put({ error });
  }

  end(): Promise<void> {
    return this.put({});
  }

  async *responses(): AsyncIterable<SubscribeResponse> {
    for (;;) {
      const step = this.steps.shift() ?? (await new Promise<Step>((resolve) => this.waiting.push(resolve)));
      if (step.error) throw step.error;
      if (!step.response) return;
      yield step.response;
    }
  }

  private put(step: Step): Promise<void> {
    const next = this.waiting.shift();
    if (next) next(step);
    else this.steps.push(step);
    return settle();
  }
}

interface Step {
  response?: SubscribeResponse;
  error?: ConnectError;
}

describe("LiveLink", () => {
  let clock: ManualClock;
  let calls: Call[];
  let states: LinkState[];
  let received: string[];
  let link: LiveLink;
  const last = () => calls.at(-1) as Call;
  const kind = () => states.at(-1)?.kind;

  beforeEach(() => {
    clock = new ManualClock();
    calls = [];
    states = [];
    received = [];
    link = new LiveLink(
      (request, signal) => {
        const call = new Call(request, signal);
        calls.push(call);
        return call.responses();
      },
      {
        onState: (state) => states.push(state),
        onResponse: (response) => received.push(response.cursor),
      },
      clock,
      ["rms"],
      new Backoff({ initialMs: 1_000, maxMs: 8_000, factor: 2 }, () => 1),
    );
  });

  it("asks for the sensor, alerts and states, beginning with a snapshot", async () => {
    link.select("pump-1");
    await settle();
    expect(last().request).toMatchObject({
      sensorIds: ["pump-1"],
      featureNames: ["rms"],
      includeAlerts: true,
      includeStreamStatus: true,
      cursor: "",
    });
    expect(kind()).toBe("connecting");
    await last().send("c1");
    expect(kind()).toBe("live");
    expect(received).toEqual(["c1"]);
  });

  it("reconnects after a failure and resumes after the last response", async () => {
    link.select("pump-1");
    await settle();
    await last().send("c1");
    await last().send("c2");
    await last().fail(new ConnectError("gone", Code.Unknown));
    expect(states.at(-1)).toMatchObject({ kind: "waiting", untilMs: clock.nowMs() + 1_000 });
    await clock.advance(999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
    expect(last().request.cursor).toBe("c2");
  });

  it("reconnects when the server ends the stream", async () => {
    link.select("pump-1");
    await settle();
    await last().end();
    expect(states.at(-1)).toMatchObject({ kind: "waiting", failure: null });
    await clock.advance(1_000);
    expect(calls).toHaveLength(2);
  });

  it("waits longer after each failure, and briefly again after a stream that lived", async () => {
    link.select("pump-1");
    await settle();
    for (const wait of [1_000, 2_000, 4_000]) {
      await last().fail(new ConnectError("gone", Code.Unavailable));
      expect(states.at(-1)).toMatchObject({ untilMs: clock.nowMs() + wait });
      await clock.advance(wait);
    }
    await last().send("c1");
    await clock.advance(5_000);
    await last().fail(new ConnectError("gone", Code.Unavailable));
    expect(states.at(-1)).toMatchObject({ untilMs: clock.nowMs() + 1_000 });
  });

  it("waits as long as the server asks", async () => {
    link.select("pump-1");
    await settle();
    const error = new ConnectError("full", Code.ResourceExhausted, undefined, [
      { desc: RetryInfoSchema, value: { retryDelay: { seconds: 30n } } },
    ]);
    await last().fail(error);
    expect(states.at(-1)).toMatchObject({ untilMs: clock.nowMs() + 30_000 });
  });

  it("takes a stream that fell silent for dead", async () => {
    link.select("pump-1");
    await settle();
    await last().send("c1");
    await clock.advance(SILENCE_MS - 1);
    await last().send("c2");
    await clock.advance(SILENCE_MS - 1);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(last().signal.aborted).toBe(true);
    expect(kind()).toBe("waiting");
  });

  it("drops a cursor that the server refuses", async () => {
    link.select("pump-1");
    await settle();
    await last().send("c1");
    const refusal = [{ desc: ErrorInfoSchema, value: { reason: "INVALID_CURSOR", domain: "kurto" } }];
    await last().fail(new ConnectError("old", Code.InvalidArgument, undefined, refusal));
    await clock.advance(1_000);
    expect(last().request.cursor).toBe("");
  });

  it("stops and says so when a token is needed, until it is told to try again", async () => {
    link.select("pump-1");
    await settle();
    await last().fail(new ConnectError("who?", Code.Unauthenticated));
    expect(kind()).toBe("unauthenticated");
    await clock.advance(60_000);
    expect(calls).toHaveLength(1);
    link.retryNow();
    await settle();
    expect(calls).toHaveLength(2);
  });

  it("doesn't wait any longer when told so", async () => {
    link.select("pump-1");
    await settle();
    await last().fail(new ConnectError("gone", Code.Unavailable));
    link.retryNow();
    await settle();
    expect(calls).toHaveLength(2);
  });

  it("leaves the old stream when another sensor is chosen", async () => {
    link.select("pump-1");
    await settle();
    await last().send("c1");
    const [old] = calls;
    link.select("pump-2");
    await settle();
    expect(old?.signal.aborted).toBe(true);
    expect(last().request).toMatchObject({ sensorIds: ["pump-2"], cursor: "" });
    await clock.advance(60_000);
    await old?.send("late");
    expect(received).toEqual(["c1"]);
  });

  it("leaves no timer behind when it is stopped", async () => {
    link.select("pump-1");
    await settle();
    await last().send("c1");
    link.stop();
    await settle();
    expect(kind()).toBe("idle");
    expect(clock.waiting).toBe(0);
    await clock.advance(60_000);
    expect(calls).toHaveLength(1);
  });
});
