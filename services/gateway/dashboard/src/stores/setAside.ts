import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { AlertKey, OutOfService, ServiceTarget, Shelf } from "../gen/kurto/alerts/v1/operator_actions_pb.js";
import { type ActionForm, shelfDuration } from "./operators.js";

const PAGE_SIZE = 1_000;
/** Bound of what the page reads: 20 000 entries of each list. */
const MOST_PAGES = 20;

/** What the service needs to know of a key or a target. */
export type KeyInit = Pick<AlertKey, "sensorId" | "channel" | "ruleId" | "machineId">;
export type TargetInit = Pick<ServiceTarget, "machineId" | "sensorId" | "channel">;

/** What is on the shelf or out of service, with or without an alert. */
export function createSetAside(clients: Clients) {
  const { alerts } = clients;
  const shelves = shallowRef<readonly Shelf[]>([]);
  const entries = shallowRef<readonly OutOfService[]>([]);
  const failure = shallowRef<Failure | null>(null);
  /** False until both lists were read. */
  const known = shallowRef(false);
  let call = 0;

  /** Read both lists; an older answer never replaces a newer one. */
  async function load(): Promise<void> {
    const mine = ++call;
    try {
      const read = await Promise.all([listShelves(), listOutOfService()]);
      if (mine !== call) return;
      [shelves.value, entries.value] = read;
      known.value = true;
      failure.value = null;
    } catch (error) {
      if (mine === call) failure.value = describeFailure(error);
    }
  }

  const listShelves = () =>
    paged(async (pageToken) => {
      const page = await alerts.listShelves({ pageSize: PAGE_SIZE, pageToken });
      return [page.shelves, page.nextPageToken];
    });

  const listOutOfService = () =>
    paged(async (pageToken) => {
      const page = await alerts.listOutOfService({ pageSize: PAGE_SIZE, pageToken });
      return [page.entries, page.nextPageToken];
    });

  /** Shelve keys, with or without an alert. A key that is on the shelf gets the new terms: trying again does no harm. */
  const shelve = (keys: readonly KeyInit[], { user, words, minutes, oneShot }: ActionForm) =>
    settle(async () => {
      const terms = { user, reason: words, duration: shelfDuration(minutes), oneShot };
      for (const key of keys) await alerts.shelveAlert({ key, ...terms });
    });

  const unshelve = (key: KeyInit, { user, words }: ActionForm) =>
    settle(() => alerts.unshelveAlert({ key, user, comment: words }));

  const takeOut = (target: TargetInit, { user, words }: ActionForm) =>
    settle(() => alerts.setOutOfService({ target, user, reason: words }));

  const putBack = (target: TargetInit, { user, words }: ActionForm) =>
    settle(() => alerts.returnToService({ target, user, comment: words }));

  async function settle(change: () => Promise<unknown>): Promise<Failure | null> {
    try {
      await change();
      return null;
    } catch (error) {
      return describeFailure(error);
    } finally {
      await load();
    }
  }

  return { shelves, entries, failure, known, load, shelve, unshelve, takeOut, putBack };
}

export type SetAside = ReturnType<typeof createSetAside>;

async function paged<T>(read: (token: string) => Promise<[T[], string]>): Promise<T[]> {
  const all: T[] = [];
  let token = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const [rows, next] = await read(token);
    all.push(...rows);
    if (!next) break;
    token = next;
  }
  return all;
}
