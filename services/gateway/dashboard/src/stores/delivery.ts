import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { Notification, NotificationPolicy, Receiver } from "../gen/kurto/alerts/v1/notifications_pb.js";

const PAGE_SIZE = 1_000;
/** Bound of what the page reads: 20 000 receivers. */
const MOST_PAGES = 20;
/** A receiver may be slow to refuse a test message. */
const TEST_TIMEOUT_MS = 60_000;

/** What became of a call: its answer, or why there is none. */
export interface Answer<T> {
  readonly value: T | null;
  readonly failure: Failure | null;
}

/** Who is told of alarms, and what changes it. Secrets go one way only: no answer holds them. */
export function createDelivery(clients: Clients) {
  const { notifications } = clients;
  const receivers = shallowRef<readonly Receiver[]>([]);
  const policy = shallowRef<NotificationPolicy | null>(null);
  const failure = shallowRef<Failure | null>(null);
  /** False until receivers and policy were read. */
  const known = shallowRef(false);

  async function load(): Promise<void> {
    const read = await answer(() => Promise.all([listReceivers(), notifications.getNotificationPolicy({})]));
    failure.value = read.failure;
    if (!read.value) return;
    receivers.value = read.value[0];
    policy.value = read.value[1].policy ?? null;
    known.value = true;
  }

  async function listReceivers(): Promise<Receiver[]> {
    const all: Receiver[] = [];
    let pageToken = "";
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const read = await notifications.listReceivers({ pageSize: PAGE_SIZE, pageToken });
      all.push(...read.receivers);
      if (!read.nextPageToken) break;
      pageToken = read.nextPageToken;
    }
    return all;
  }

  /** Store a receiver, new or changed; the answer is as it is kept. */
  async function save(receiver: Receiver): Promise<Answer<Receiver>> {
    const done = await answer(async () => {
      const stored = receiver.version ? await notifications.updateReceiver({ receiver }) : await notifications.createReceiver({ receiver });
      return stored.receiver ?? null;
    });
    if (!done.failure) await load();
    return done;
  }

  async function remove(receiverId: string): Promise<Failure | null> {
    const done = await answer(() => notifications.deleteReceiver({ receiverId }));
    if (!done.failure) await load();
    return done.failure;
  }

  /** Send a test message to a receiver as it is stored. */
  async function test(receiverId: string): Promise<Answer<Notification>> {
    return answer(async () => (await notifications.testReceiver({ receiverId }, { timeoutMs: TEST_TIMEOUT_MS })).notification ?? null);
  }

  async function savePolicy(changed: NotificationPolicy): Promise<Failure | null> {
    const done = await answer(() => notifications.updateNotificationPolicy({ policy: changed }));
    if (done.value?.policy) policy.value = done.value.policy;
    return done.failure;
  }

  return { receivers, policy, failure, known, load, save, remove, test, savePolicy };
}

export type Delivery = ReturnType<typeof createDelivery>;

async function answer<T>(call: () => Promise<T | null>): Promise<Answer<T>> {
  try {
    return { value: await call(), failure: null };
  } catch (error) {
    return { value: null, failure: describeFailure(error) };
  }
}
