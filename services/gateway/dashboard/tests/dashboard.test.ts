import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClients } from "../src/api/clients.js";
import { bearer } from "../src/api/transport.js";
import { ErrorInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { AlertService } from "../src/gen/kurto/alerts/v1/alert_service_pb.js";
import { type Alert, Severity, TransitionKind } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { FeatureService, type ListFeaturesRequest } from "../src/gen/kurto/analyzer/v1/feature_service_pb.js";
import { AssetService } from "../src/gen/kurto/assets/v1/asset_service_pb.js";
import { LiveService, type SubscribeRequest, type SubscribeResponse, SubscribeResponseSchema } from "../src/gen/kurto/gateway/v1/live_service_pb.js";
import { SessionService } from "../src/gen/kurto/gateway/v1/session_service_pb.js";
import { StreamControlService } from "../src/gen/kurto/ingest/v1/stream_control_service_pb.js";
import { SensorStatusSchema, StreamState } from "../src/gen/kurto/ingest/v1/stream_status_pb.js";
import type { FeatureFrame } from "../src/gen/kurto/signal/v1/features_pb.js";
import { FrameScheduler } from "../src/live/frameScheduler.js";
import { type Dashboard, createDashboard } from "../src/stores/dashboard.js";
import { ManualClock, settle } from "./manualClock.js";
import { FIRST_END_MS, alert, frame, transition } from "./messagesOf.js";

type Event = SubscribeResponse["event"];

/** Services of a small plant, in memory. */
class Plant {
  sensors = ["pump-1", "pump-2"];
  live = new Set(["pump-2"]);
  stopped = new Set<string>();
  alerts: Alert[] = [];
  history: FeatureFrame[] = [];
  token = "";
  subscriptions: SubscribeRequest[] = [];
  reads: ListFeaturesRequest[] = [];
  /** Set to end streams as soon as something is sent. */
  ended = false;
  private push: ((event: Event) => void) | undefined;

  /** Send an event to the page. */
  async send(event: Event): Promise<void> {
    await settle();
    this.push?.(event);
    await settle();
  }

  features(...frames: FeatureFrame[]): Promise<void> {
    return this.send({ case: "features", value: { $typeName: "kurto.gateway.v1.FeatureUpdate", frames } });
  }

  status(sensorId: string) {
    return create(SensorStatusSchema, {
      sensorId,
      state: this.live.has(sensorId) ? StreamState.LIVE : StreamState.STALE,
      monitored: !this.stopped.has(sensorId),
    });
  }

  transport(tokens: { read(): string; write(token: string): void }) {
    const admit = (header: Headers) => {
      if (this.token && header.get("Authorization") !== `Bearer ${this.token}`) {
        throw new ConnectError("no valid token", Code.Unauthenticated);
      }
    };
    return createRouterTransport(
      ({ service }) => {
        service(SessionService, {
          getSession: (_, { requestHeader }) => {
            admit(requestHeader);
            return { principal: "operator-2", roles: ["viewer"], anonymous: false };
          },
        });
        service(AssetService, {
          listSensors: () => ({ sensors: this.sensors.map((sensorId) => ({ sensorId })) }),
        });
        service(StreamControlService, {
          listStreams: () => ({ streams: this.sensors.map((id) => this.status(id)) }),
          stopStream: ({ sensorId }, { requestHeader }) => {
            admit(requestHeader);
            this.stopped.add(sensorId);
            return { status: this.status(sensorId) };
          },
          startStream: () => {
            throw new ConnectError("needs the role operator", Code.PermissionDenied);
          },
        });
        service(AlertService, {
          listActiveAlerts: () => ({ alerts: this.alerts }),
          acknowledgeAlert: ({ alertId, user }) => {
            if (user === "bob") {
              const info = { reason: "ALREADY_ACKNOWLEDGED", metadata: { acknowledged_by: "operator-2" } };
              throw new ConnectError("operator-2 was faster", Code.Aborted, undefined, [
                { desc: ErrorInfoSchema, value: info },
              ]);
            }
            return { alert: alert(alertId, { acknowledged: true, revision: 2n }) };
          },
        });
        service(FeatureService, {
          listFeatures: (request) => {
            this.reads.push(request);
            return { frames: this.history };
          },
          listFeatureDefinitions: () => ({
            features: [{ name: "rms", unit: "acceleration", description: "Root mean square" }],
          }),
        });
        service(LiveService, {
          subscribe: (request, { requestHeader, signal }) => {
            admit(requestHeader);
            return this.subscribe(request, signal);
          },
        });
      },
      { transport: { interceptors: [bearer(tokens)] } },
    );
  }

  private async *subscribe(request: SubscribeRequest, signal: AbortSignal) {
    this.subscriptions.push(request);
    const events: Event[] = [];
    let wake = () => {};
    signal.addEventListener("abort", () => wake());
    this.push = (event) => {
      events.push(event);
      wake();
    };
    const respond = (event: Event) =>
      create(SubscribeResponseSchema, { cursor: "c", serverTime: timestampFromMs(FIRST_END_MS), event });
    yield respond({ case: "alertSnapshot", value: { $typeName: "kurto.gateway.v1.AlertSnapshot", alerts: this.alerts } });
    while (!signal.aborted && !this.ended) {
      const event = events.shift();
      if (event) yield respond(event);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
}

let plant: Plant;
let clock: ManualClock;
let dashboard: Dashboard;
let token: string;
let frames: (() => void)[];

/** Let one animation frame pass. */
function draw(): void {
  for (const callback of frames.splice(0)) callback();
}

beforeEach(() => {
  plant = new Plant();
  clock = new ManualClock();
  token = "";
  frames = [];
  const tokens = { read: () => token, write: (next: string) => void (token = next) };
  dashboard = createDashboard({
    clients: createClients(plant.transport(tokens)),
    tokens,
    clock,
    scheduler: (task) => new FrameScheduler(task, (callback) => frames.push(callback)),
  });
});

afterEach(() => dashboard.stop());

async function start(wanted = ""): Promise<void> {
  await dashboard.start(wanted);
  await settle();
}

const rms = () => dashboard.trends.buffer().view([0], 0)[1];

describe("the sensor to begin with", () => {
  it("is the one that the address names, known or not", async () => {
    await start("pump-9");
    expect(dashboard.selected.value).toBe("pump-9");
    expect(plant.subscriptions.map((request) => request.sensorIds)).toEqual([["pump-9"]]);
  });

  it("is else the one with the most urgent alarm", async () => {
    plant.alerts = [alert("a", { sensorId: "pump-1" })];
    await start();
    expect(dashboard.selected.value).toBe("pump-1");
  });

  it("is else a live one", async () => {
    await start();
    expect(dashboard.selected.value).toBe("pump-2");
  });

  it("is the first that comes when there was none", async () => {
    plant.sensors = [];
    await start();
    expect(dashboard.selected.value).toBe("");
    plant.sensors = ["fan-1"];
    await clock.advance(5_000);
    const streams = [plant.status("fan-1")];
    await plant.send({ case: "streamStatus", value: { $typeName: "kurto.gateway.v1.StreamStatusUpdate", streams } });
    expect(dashboard.selected.value).toBe("fan-1");
    expect(plant.subscriptions.at(-1)?.sensorIds).toEqual(["fan-1"]);
  });
});

describe("values", () => {
  it("reach the page in the next animation frame, all of them at once", async () => {
    await start();
    await plant.features(frame("pump-2", 7), frame("pump-2", 8));
    expect(dashboard.trends.frame.value).toBeNull();
    expect(frames).toHaveLength(1);
    draw();
    expect(dashboard.trends.frame.value?.windowIndex).toBe(8n);
    expect(dashboard.trends.layout.value.channels).toEqual(["horizontal", "vertical"]);
  });

  it("of another sensor are passed over", async () => {
    await start();
    await plant.features(frame("pump-1", 7));
    draw();
    expect(dashboard.trends.frame.value).toBeNull();
  });

  it("are filled up with what came before the page did", async () => {
    plant.history = [5, 6, 7].map((index) => frame("pump-2", index));
    await start();
    await plant.features(frame("pump-2", 7));
    await settle();
    expect(rms()).toEqual([5, 6, 7]);
    expect(plant.reads[0]).toMatchObject({ sensorId: "pump-2", epoch: 1n, afterWindowIndex: -1n });
  });

  it("of a young epoch are preceded by those of the one before", async () => {
    plant.history = [5, 6, 7].map((index) => frame("pump-2", index));
    await start();
    await plant.features(frame("pump-2", 7));
    await settle();
    const { startTime, endTime } = plant.reads[1] as ListFeaturesRequest;
    expect(endTime && timestampMs(endTime)).toBe(FIRST_END_MS + 500 - 1000);
    expect(startTime && timestampMs(startTime)).toBe(FIRST_END_MS + 500 - 1000 - 119_300);
  });

  it("of an old epoch are read by their numbers alone", async () => {
    await start();
    await plant.features(frame("pump-2", 5_000));
    await settle();
    expect(plant.reads.map((read) => read.afterWindowIndex)).toEqual([3_800n]);
  });

  it("that are missing are read, but not in a hurry", async () => {
    await start();
    await plant.features(frame("pump-2", 7));
    await plant.features(frame("pump-2", 10));
    const reads = plant.reads.length;
    await plant.features(frame("pump-2", 10));
    expect(plant.reads).toHaveLength(reads);
    expect(rms()).toEqual([7, null, 10]);
    plant.history = [7, 8, 9, 10].map((index) => frame("pump-2", index));
    await clock.advance(5_000);
    await plant.features(frame("pump-2", 11));
    await settle();
    expect(rms()).toEqual([7, 8, 9, 10, 11]);
  });

  it("are read again at once after a resync", async () => {
    await start();
    await plant.features(frame("pump-2", 7));
    await plant.features(frame("pump-2", 9));
    plant.history = [frame("pump-2", 8)];
    await plant.send({
      case: "resync",
      value: { $typeName: "kurto.gateway.v1.Resync", message: "", featuresLost: true, alertsLost: false },
    });
    await settle();
    expect(rms()).toEqual([7, 8, 9]);
  });

  it("that a refill brought replace the gap, not the newest value", async () => {
    await start();
    await plant.features(frame("pump-2", 7, { empty: true }), frame("pump-2", 8));
    await plant.features(frame("pump-2", 7, { late: true }));
    draw();
    expect(rms()).toEqual([7, 8]);
    expect(dashboard.trends.frame.value?.windowIndex).toBe(8n);
  });

  it("of an upload from a buffer never pass for the present, whatever their epoch", async () => {
    await start();
    await plant.features(frame("pump-2", 7, { epoch: 4 }));
    const length = dashboard.trends.buffer().length;
    await plant.features(frame("pump-2", 900, { epoch: 5, late: true }));
    await plant.features(frame("pump-2", 3, { epoch: 2, late: true }));
    draw();
    expect(dashboard.trends.frame.value).toMatchObject({ epoch: 4n, windowIndex: 7n });
    expect(dashboard.trends.buffer().length).toBe(length);
  });

  it("of an empty window leave the last ones known", async () => {
    await start();
    await plant.features(frame("pump-2", 7), frame("pump-2", 8, { empty: true }));
    draw();
    expect(dashboard.trends.frame.value?.windowIndex).toBe(8n);
    expect(dashboard.trends.valued.value?.windowIndex).toBe(7n);
  });

  it("of other channels begin anew", async () => {
    await start();
    await plant.features(frame("pump-2", 7));
    await plant.features(frame("pump-2", 0, { epoch: 2, channels: ["axial"] }));
    draw();
    expect(dashboard.trends.layout.value.channels).toEqual(["axial"]);
    expect(rms()).toEqual([0]);
  });

  it("are forgotten when another sensor is chosen", async () => {
    await start();
    await plant.features(frame("pump-2", 7));
    draw();
    dashboard.select("pump-1");
    await settle();
    expect(dashboard.trends.frame.value).toBeNull();
    expect(plant.subscriptions.at(-1)).toMatchObject({ sensorIds: ["pump-1"], cursor: "" });
  });
});

describe("alarms", () => {
  it("are announced when they are raised", async () => {
    await start();
    const raised = alert("a", { severity: Severity.CRITICAL, ruleDisplayName: "Too loud" });
    const transitions = [transition(1, TransitionKind.RAISED, raised)];
    await plant.send({ case: "alerts", value: { $typeName: "kurto.gateway.v1.AlertUpdate", transitions } });
    expect(dashboard.alerts.announcement.value).toBe("Critical alarm: pump-1 vertical, Too loud");
  });

  it("are announced together when they are many", async () => {
    plant.alerts = [alert("a"), alert("b", { severity: Severity.CRITICAL }), alert("c")];
    await start();
    expect(dashboard.alerts.announcement.value).toBe("3 new alarms, the worst Critical");
  });

  it("are acknowledged", async () => {
    plant.alerts = [alert("a")];
    await start();
    const [open] = dashboard.alerts.ordered.value;
    expect(await dashboard.alerts.acknowledge(open as Alert, "ann", "seen")).toBeNull();
    expect(dashboard.alerts.ordered.value[0]?.acknowledged).toBe(true);
  });

  it("say why they were not", async () => {
    plant.alerts = [alert("a")];
    await start();
    const failure = await dashboard.alerts.acknowledge(plant.alerts[0] as Alert, "bob", "");
    expect(failure).toMatchObject({
      reason: "ALREADY_ACKNOWLEDGED",
      message: "operator-2 was faster",
      metadata: { acknowledged_by: "operator-2" },
    });
  });
});

describe("monitoring", () => {
  it("is stopped", async () => {
    await start();
    await dashboard.sensors.setMonitored("pump-2", false);
    expect(dashboard.sensors.statuses.value.get("pump-2")?.monitored).toBe(false);
    expect(dashboard.sensors.switching.value).toBe("");
  });

  it("says why it was not started", async () => {
    await start();
    await dashboard.sensors.setMonitored("pump-2", true);
    expect(dashboard.sensors.failure.value?.message).toBe("needs the role operator");
  });

  it("is offered to operators only", async () => {
    expect(dashboard.session.mayOperate.value).toBe(true);
    await start();
    expect(dashboard.session.mayOperate.value).toBe(false);
  });
});

describe("a server with tokens", () => {
  it("is asked nothing more until there is a token", async () => {
    plant.token = "secret";
    await start();
    expect(dashboard.session.challenge.value?.code).toBe(Code.Unauthenticated);
    expect(plant.subscriptions).toEqual([]);
    expect(await dashboard.session.signIn("wrong")).toBe(false);
    expect(await dashboard.session.signIn(" secret ")).toBe(true);
    expect(dashboard.session.challenge.value).toBeNull();
    expect(dashboard.session.principal.value).toBe("operator-2");
  });

  it("is asked on with a new token when the old one has expired", async () => {
    plant.token = token = "old";
    await start();
    await plant.features(frame("pump-2", 7));
    plant.token = "new";
    plant.ended = true;
    await plant.send({ case: "heartbeat", value: { $typeName: "kurto.gateway.v1.Heartbeat" } });
    await clock.advance(1_000);
    expect(dashboard.linkState.value.kind).toBe("unauthenticated");
    expect(dashboard.session.challenge.value).not.toBeNull();
    plant.ended = false;
    await dashboard.session.signIn("new");
    await start("pump-2");
    expect(dashboard.linkState.value.kind).toBe("live");
    expect(plant.subscriptions).toHaveLength(2);
  });

  it("asks for a token when a button finds that it has expired", async () => {
    plant.token = token = "old";
    await start();
    plant.token = "new";
    await dashboard.sensors.setMonitored("pump-2", false);
    await settle();
    expect(dashboard.session.challenge.value?.code).toBe(Code.Unauthenticated);
  });
});
