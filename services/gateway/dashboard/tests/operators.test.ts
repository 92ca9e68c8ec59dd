import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { createClients } from "../src/api/clients.js";
import { ErrorInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { AlertService } from "../src/gen/kurto/alerts/v1/alert_service_pb.js";
import { createOperatorStore } from "../src/stores/operators.js";
import { createSetAside } from "../src/stores/setAside.js";
import { alert } from "./messagesOf.js";

const FORM = { user: "Ann", words: "why", minutes: 60, oneShot: false };
const refused = (message: string, reason: string, code = Code.Aborted) =>
  new ConnectError(message, code, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: "kurto" } }]);

/** The actions of the service, in memory: what fails, and what was asked. */
function service(failing: Record<string, ConnectError> = {}) {
  const commented: { alertId: string; revision: bigint }[] = [];
  const inOneCall: string[][] = [];
  const shelved: string[] = [];
  let underWay = 0;
  let most = 0;
  const transport = createRouterTransport(({ service: serve }) =>
    serve(AlertService, {
      async commentAlert({ alertId, revision }) {
        most = Math.max(most, ++underWay);
        await Promise.resolve();
        underWay -= 1;
        const failure = failing[alertId];
        if (failure) throw failure;
        commented.push({ alertId, revision });
        return {};
      },
      shelveAlerts: ({ alertIds, duration }) => {
        expect(duration?.seconds).toBe(3600n);
        inOneCall.push(alertIds);
        return {
          outcomes: alertIds.map((alertId) => {
            const { rawMessage } = failing[alertId] ?? {};
            return { alertId, done: rawMessage === undefined, reason: rawMessage === "over" ? "ALERT_ENDED" : "X", message: rawMessage ?? "" };
          }),
        };
      },
      shelveAlert: ({ key }) => {
        const channel = key?.channel ?? "";
        if (failing[channel]) throw failing[channel];
        shelved.push(channel);
        return {};
      },
      listShelves: ({ pageToken }) => ({ shelves: [{ key: { sensorId: `s${pageToken}` } }], nextPageToken: pageToken ? "" : "2" }),
      listOutOfService: () => ({ entries: [] }),
    }),
  );
  const clients = createClients(transport);
  return { clients, commented, inOneCall, shelved, most: () => most };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => alert(`a${i}`, { revision: 7n }));

describe("an action on many alerts", () => {
  it("is done to each, a few at a time, whatever its revision", async () => {
    const { clients, commented, most } = service();
    expect(await createOperatorStore(clients).perform("comment", many(10), FORM)).toEqual({ failure: null, refusals: [] });
    expect(commented.map(({ alertId }) => alertId).sort()).toEqual(many(10).map(({ alertId }) => alertId).sort());
    expect(new Set(commented.map(({ revision }) => revision))).toEqual(new Set([0n]));
    expect(most()).toBeLessThanOrEqual(4);
  });

  it("on one alert is for what the person saw", async () => {
    const { clients, commented } = service();
    await createOperatorStore(clients).perform("comment", many(1), FORM);
    expect(commented).toEqual([{ alertId: "a0", revision: 7n }]);
  });

  it("names those it was refused for, and goes on with the others", async () => {
    const { clients, commented } = service({ a1: refused("no", "CONCURRENT_CHANGE"), a2: refused("over", "ALERT_ENDED") });
    const { failure, refusals } = await createOperatorStore(clients).perform("comment", many(6), FORM);
    expect(failure).toBeNull();
    expect(refusals.map(({ alert: { alertId }, message }) => [alertId, message])).toEqual([["a1", "no"]]);
    expect(commented).toHaveLength(4);
  });

  it("stops at what every alert would meet", async () => {
    const { clients, commented } = service({ a0: refused("operators only", "ROLE_REQUIRED", Code.PermissionDenied) });
    const { failure } = await createOperatorStore(clients).perform("comment", many(9), FORM);
    expect(failure?.message).toBe("operators only");
    expect(commented.length).toBeLessThan(4);
  });

  it("takes one call for a thousand where the service offers that", async () => {
    const { clients, inOneCall } = service({ a3: refused("no", "X"), a4: refused("over", "ALERT_ENDED") });
    const { refusals } = await createOperatorStore(clients).perform("shelve", many(1001), FORM);
    expect(inOneCall.map(({ length }) => length)).toEqual([1000, 1]);
    expect(refusals.map(({ alert: { alertId } }) => alertId)).toEqual(["a3"]);
  });
});

describe("what is set aside", () => {
  const key = (channel: string) => ({ sensorId: "s", channel, ruleId: "r", machineId: "" });

  it("is read page by page", async () => {
    const aside = createSetAside(service().clients);
    await aside.load();
    expect(aside.shelves.value.map((shelf) => shelf.key?.sensorId)).toEqual(["s", "s2"]);
    expect(aside.known.value).toBe(true);
  });

  it("is read again after a change, also after one that failed half-way", async () => {
    const { clients, shelved } = service({ y: refused("too long", "INVALID") });
    const aside = createSetAside(clients);
    expect((await aside.shelve([key("x"), key("y"), key("z")], FORM))?.message).toBe("too long");
    expect(shelved).toEqual(["x"]);
    expect(aside.shelves.value).toHaveLength(2);
  });
});
