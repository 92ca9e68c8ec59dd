import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, it } from "vitest";
import { createClients } from "../src/api/clients.js";
import { StreamControlService } from "../src/gen/kurto/ingest/v1/stream_control_service_pb.js";
import {
  StorageState,
  type StorageStatus,
  StorageStatusSchema,
} from "../src/gen/kurto/ingest/v1/stream_status_pb.js";
import { type StorageStore, createStorageStore } from "../src/stores/storage.js";
import { ManualClock, settle } from "./manualClock.js";

const WELL = { state: StorageState.OK, realtimeEnabled: true, analyzerConnected: true };

describe("the state of storage", () => {
  let clock: ManualClock;
  let store: StorageStore;
  let answer: StorageStatus;
  let failure: ConnectError | null;
  let asked: number;

  beforeEach(() => {
    clock = new ManualClock();
    answer = create(StorageStatusSchema, WELL);
    failure = null;
    asked = 0;
    const transport = createRouterTransport(({ service }) => {
      service(StreamControlService, {
        getStorageStatus: () => {
          asked += 1;
          if (failure) throw failure;
          return { status: answer };
        },
      });
    });
    store = createStorageStore(createClients(transport), clock);
  });

  async function say(fields: MessageInitShape<typeof StorageStatusSchema>): Promise<void> {
    answer = create(StorageStatusSchema, { ...WELL, ...fields });
    await clock.advance(4_000);
  }

  it("says nothing while all is well, and keeps asking", async () => {
    store.start();
    store.start();
    await settle();
    await clock.advance(8_000);
    expect(store.notice.value).toBeNull();
    expect(asked).toBe(3);
    store.stop();
    await clock.advance(60_000);
    expect(asked).toBe(3);
  });

  it("warns while storage is degraded or sheds, and louder once it has stopped", async () => {
    store.start();
    await settle();
    await say({ state: StorageState.DEGRADED, problems: ["PostgreSQL does not take samples."] });
    expect(store.notice.value?.tone).toBe("warning");
    expect(store.notice.value?.text).toContain("PostgreSQL does not take samples.");
    await say({ state: StorageState.SHEDDING, problems: ["The disk is nearly full."] });
    expect(store.notice.value?.tone).toBe("warning");
    await say({ state: StorageState.STOPPED, problems: ["The disk is full."] });
    expect(store.notice.value?.tone).toBe("critical");
    await say({});
    expect(store.notice.value).toBeNull();
  });

  it("says that values are not computed", async () => {
    store.start();
    await settle();
    await say({ realtimeEnabled: false, analyzerConnected: false });
    expect(store.notice.value).toMatchObject({ tone: "info" });
    expect(store.notice.value?.text).toContain("switched off");
    await say({ analyzerConnected: false });
    expect(store.notice.value?.text).toContain("No analyzer");
  });

  it("says after the second failure that ingest is away, and takes it back", async () => {
    store.start();
    await settle();
    failure = new ConnectError("no route", Code.Unavailable);
    await clock.advance(4_000);
    expect(store.notice.value).toBeNull();
    await clock.advance(4_000);
    expect(store.notice.value?.text).toContain("does not answer");
    failure = null;
    await clock.advance(4_000);
    expect(store.notice.value).toBeNull();
  });

  it("does not take a missing role for an outage", async () => {
    failure = new ConnectError("needs the role viewer", Code.PermissionDenied);
    store.start();
    await settle();
    await clock.advance(20_000);
    expect(store.notice.value).toBeNull();
  });
});
