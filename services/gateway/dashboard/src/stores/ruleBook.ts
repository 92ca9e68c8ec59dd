import { create } from "@bufbuild/protobuf";
import { shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import { type Rule, RuleSchema } from "../gen/kurto/alerts/v1/alerts_pb.js";
import { type Trend, readTrend } from "./trendReader.js";

const PAGE_SIZE = 1000;
/** How much of the past a preview shows. */
const PREVIEW_MS = 15 * 60_000;

/** The rules, and what changes them. */
export function createRuleBook(clients: Clients) {
  const rules = shallowRef<readonly Rule[]>([]);
  const failure = shallowRef<Failure | null>(null);

  async function load(): Promise<void> {
    failure.value = null;
    try {
      const found: Rule[] = [];
      let pageToken = "";
      do {
        const page = await clients.rules.listRules({ pageSize: PAGE_SIZE, pageToken });
        found.push(...page.rules);
        pageToken = page.nextPageToken;
      } while (pageToken);
      rules.value = found;
    } catch (error) {
      failure.value = describeFailure(error);
    }
  }

  /** Store a rule, new or changed; the failure names the field that is wrong. */
  async function save(rule: Rule): Promise<Failure | null> {
    return settle(() => (rule.version ? clients.rules.updateRule({ rule }) : clients.rules.createRule({ rule })));
  }

  async function remove(ruleId: string): Promise<Failure | null> {
    return settle(() => clients.rules.deleteRule({ ruleId }));
  }

  async function settle(call: () => Promise<unknown>): Promise<Failure | null> {
    try {
      await call();
    } catch (error) {
      return describeFailure(error);
    }
    await load();
    return null;
  }

  /** The recent past of a feature on one channel, to hold limits against. */
  async function preview(
    sensorId: string,
    channel: string,
    feature: string,
    nowMs: number,
  ): Promise<Trend> {
    const startMs = nowMs - PREVIEW_MS;
    return readTrend(clients, { sensorId, channel, feature, startMs, endMs: nowMs });
  }

  return { rules, failure, load, save, remove, preview };
}

export function newRule(): Rule {
  return create(RuleSchema, { feature: "velocity_rms", unit: "mm/s", selector: {} });
}
