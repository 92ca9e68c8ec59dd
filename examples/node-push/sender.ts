// Sends samples so that none is lost and none is doubled: keeps each until it is acknowledged.

import { Code, ConnectError, type Client } from "@connectrpc/connect";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { setTimeout as sleep } from "node:timers/promises";
import { Call } from "./call.ts";
import type { Block } from "./recording.ts";
import { SampleEncoding, type IndexRange } from "./gen/kurto/signal/v1/samples_pb.js";
import { ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { StreamEndReason, type IngestService, type OpenStreamResponse } from "./gen/kurto/ingest/v1/ingest_service_pb.js";

const ROTATE_MS = 10_000;
const LONGEST_PAUSE_MS = 3_000;
const LONGEST_BUFFER_S = 60;
const POLL_MS = 20;

/** What passes by itself, or by opening the stream again. */
const PASSING_CODES = new Set([
  Code.Unavailable,
  Code.ResourceExhausted,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.Unknown,
  Code.Aborted,
  Code.Canceled,
]);
const PASSING_REASONS = new Set(["STALE_FENCE", "SENSOR_IN_USE"]);

function passes(error: unknown): boolean {
  if (error instanceof Unfinished) return true;
  const failure = ConnectError.from(error);
  const reasons = failure.findDetails(ErrorInfoSchema).map((info) => info.reason);
  return PASSING_CODES.has(failure.code) || reasons.some((reason) => PASSING_REASONS.has(reason));
}

/** The call is over, and something is not durable yet: open the stream again. */
class Unfinished extends Error {}

interface Batch {
  first: bigint;
  end: bigint;
  planar: Uint8Array;
}

export interface Sensor {
  sensorId: string;
  sampleRateHz: number;
  channels: string[];
}

export class Sender {
  /** Samples a channel that are known to be durable. */
  durableCount = 0n;
  reconnectCount = 0;
  private readonly client: Client<typeof IngestService>;
  private readonly sensor: Sensor;
  private readonly bootId: string;
  private readonly kept: Batch[] = [];
  private nextIndex = 0n;
  private finished = false;

  constructor(client: Client<typeof IngestService>, sensor: Sensor, bootId: string) {
    this.client = client;
    this.sensor = sensor;
    this.bootId = bootId;
  }

  /** Takes samples; waits while too many are not acknowledged. */
  async push(block: Block): Promise<void> {
    const most = BigInt(Math.round(LONGEST_BUFFER_S * this.sensor.sampleRateHz));
    while (this.nextIndex - (this.kept[0]?.first ?? this.nextIndex) > most) await sleep(POLL_MS);
    const end = this.nextIndex + BigInt(block[0]!.length);
    this.kept.push({ first: this.nextIndex, end, planar: planarBytes(block) });
    this.nextIndex = end;
  }

  /** Says that no more samples come. */
  finish(): void {
    this.finished = true;
  }

  /** Sends until everything is durable; throws what trying again can't mend. */
  async run(): Promise<void> {
    let pauseMs = 200;
    for (;;) {
      const durableBefore = this.durableCount;
      try {
        return await this.stream();
      } catch (error) {
        if (!passes(error)) throw error;
        if (this.durableCount > durableBefore) pauseMs = 200;
      }
      this.reconnectCount += 1;
      await sleep(pauseMs * (0.5 + Math.random() / 2)); // not all senders at the same moment
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  private async stream(): Promise<void> {
    const opened = await this.open();
    this.settle(opened.nextIndex, opened.missingRanges);
    let sentIndex = 0n;
    for (let streamNumber = 1n; ; streamNumber += 1n) {
      const call = this.start(opened, streamNumber);
      sentIndex = await this.feed(call, sentIndex);
      // A program that sends for ever opens the next call before it ends this one; here the
      // answer is awaited first, which costs a pause of a few milliseconds every ten seconds.
      call.end();
      const response = await call.response;
      for (const result of response.results) this.settle(result.nextIndex, result.missingRanges);
      if (this.finished && this.kept.length === 0) return;
      const unread = response.endReason !== StreamEndReason.HALF_CLOSED;
      if (unread || (this.finished && sentIndex === this.nextIndex)) throw new Unfinished();
    }
  }

  private async open(): Promise<OpenStreamResponse> {
    return this.client.openStream({
      ...this.sensor,
      bootId: this.bootId,
      encoding: SampleEncoding.F32LE,
      senderTime: timestampNow(),
    });
  }

  private start(opened: OpenStreamResponse, streamNumber: bigint): Call {
    const call = new Call(this.client);
    const { epoch, fence } = opened;
    call.write({ case: "start", value: { slot: 0, sensorId: this.sensor.sensorId, epoch, fence, streamNumber } });
    return call;
  }

  /** Sends what is kept from `fromIndex` on, until it is time to rotate or all is sent. */
  private async feed(call: Call, fromIndex: bigint): Promise<bigint> {
    const deadlineMs = performance.now() + ROTATE_MS;
    while (performance.now() < deadlineMs && !call.answered) {
      const next = this.kept.find((batch) => batch.first >= fromIndex);
      if (next === undefined) {
        if (this.finished) break;
        await sleep(POLL_MS);
        continue;
      }
      const batch = { firstIndex: next.first, samples: { case: "planar" as const, value: next.planar } };
      call.write({ case: "batch", value: { slot: 0, batch } });
      fromIndex = next.end;
    }
    return fromIndex;
  }

  /** Forgets what is durable: below `nextIndex` and not missing. */
  private settle(nextIndex: bigint, missing: IndexRange[]): void {
    const needed = this.kept.filter(
      (batch) =>
        batch.end > nextIndex ||
        missing.some((range) => range.firstIndex < batch.end && batch.first < range.endIndex),
    );
    for (const batch of this.kept) if (!needed.includes(batch)) this.durableCount += batch.end - batch.first;
    this.kept.splice(0, this.kept.length, ...needed);
  }
}

/** All samples of the first channel, then all of the second, ...: little-endian float32. */
function planarBytes(block: Block): Uint8Array {
  const length = block[0]!.length;
  const view = new DataView(new ArrayBuffer(4 * length * block.length));
  block.forEach((samples, channel) =>
    samples.forEach((sample, i) => view.setFloat32(4 * (channel * length + i), sample, true)),
  );
  return new Uint8Array(view.buffer);
}
