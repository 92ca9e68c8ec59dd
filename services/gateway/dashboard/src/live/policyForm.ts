import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "../formatting/duration.js";
import { type AlertKind, type Priority, Severity } from "../gen/kurto/alerts/v1/alerts_pb.js";
import {
  type AlertMatcher,
  type NotificationPolicy,
  NotificationPolicySchema,
  type Route,
} from "../gen/kurto/alerts/v1/notifications_pb.js";

/** Which alarms are meant, as it stands in a form; lists of names are separated by commas. */
export interface MatcherForm {
  minimumSeverity: Severity;
  priorities: Priority[];
  kinds: AlertKind[];
  machineIds: string;
  siteIds: string;
  sensorIds: string;
  ruleIds: string;
  /** One in each line: name=value. */
  labels: string;
}

/** Times are text, in the unit that the name says. */
export interface StepForm {
  afterMinutes: string;
  receiverIds: string[];
}

export interface RouteForm {
  routeId: string;
  matcher: MatcherForm;
  receiverIds: string[];
  steps: StepForm[];
  waitS: string;
}

export interface InhibitionForm {
  source: MatcherForm;
  target: MatcherForm;
  /** Names such as machine or label:team, separated by commas. */
  equal: string;
}

export interface PolicyForm {
  routes: RouteForm[];
  inhibitions: InhibitionForm[];
  intervalMinutes: string;
  repeatHours: string;
  floodMachines: string;
  floodS: string;
  readonly version: bigint;
}

const MINUTE_S = 60;
const HOUR_S = 3600;

export function newRoute(routeId: string): RouteForm {
  return { routeId, matcher: matcherForm(), receiverIds: [], steps: [], waitS: "30" };
}

export function newInhibition(): InhibitionForm {
  return { source: { ...matcherForm(), minimumSeverity: Severity.CRITICAL }, target: matcherForm(), equal: "machine" };
}

export function policyForm(policy: NotificationPolicy): PolicyForm {
  return {
    routes: policy.routes.map(routeForm),
    inhibitions: policy.inhibitions.map(({ source, target, equal }) => ({
      source: matcherForm(source),
      target: matcherForm(target),
      equal: equal.join(", "),
    })),
    intervalMinutes: textOf(policy.groupIntervalDuration, MINUTE_S),
    repeatHours: textOf(policy.repeatDuration, HOUR_S),
    floodMachines: String(policy.floodMachineCount || ""),
    floodS: textOf(policy.floodDuration, 1),
    version: policy.version,
  };
}

function routeForm({ routeId, matcher, receiverIds, escalationSteps, groupWaitDuration }: Route): RouteForm {
  return {
    routeId,
    matcher: matcherForm(matcher),
    receiverIds: [...receiverIds],
    steps: escalationSteps.map((step) => ({
      afterMinutes: textOf(step.unacknowledgedDuration, MINUTE_S),
      receiverIds: [...step.receiverIds],
    })),
    waitS: textOf(groupWaitDuration, 1),
  };
}

export function matcherForm(matcher?: AlertMatcher): MatcherForm {
  return {
    minimumSeverity: matcher?.minimumSeverity || Severity.INFO,
    priorities: [...(matcher?.priorities ?? [])],
    kinds: [...(matcher?.kinds ?? [])],
    machineIds: matcher?.machineIds.join(", ") ?? "",
    siteIds: matcher?.siteIds.join(", ") ?? "",
    sensorIds: matcher?.sensorIds.join(", ") ?? "",
    ruleIds: matcher?.ruleIds.join(", ") ?? "",
    labels: Object.entries(matcher?.labels ?? {}).map(([name, value]) => `${name}=${value}`).join("\n"),
  };
}

/** What the service gets. An empty time is left to the service's own. */
export function policyOf(form: PolicyForm): NotificationPolicy {
  const interval = timeOf(form.intervalMinutes, MINUTE_S);
  const repeat = timeOf(form.repeatHours, HOUR_S);
  const flood = timeOf(form.floodS, 1);
  return create(NotificationPolicySchema, {
    routes: form.routes.map(({ routeId, matcher, receiverIds, steps, waitS }) => {
      const wait = timeOf(waitS, 1);
      return {
        routeId: routeId.trim(),
        matcher: matcherOf(matcher),
        receiverIds,
        escalationSteps: steps.map((step) => {
          const after = timeOf(step.afterMinutes, MINUTE_S);
          return { receiverIds: step.receiverIds, ...(after && { unacknowledgedDuration: after }) };
        }),
        ...(wait && { groupWaitDuration: wait }),
      };
    }),
    inhibitions: form.inhibitions.map(({ source, target, equal }) => ({
      source: matcherOf(source),
      target: matcherOf(target),
      equal: names(equal),
    })),
    ...(interval && { groupIntervalDuration: interval }),
    ...(repeat && { repeatDuration: repeat }),
    floodMachineCount: Number(form.floodMachines) || 0,
    ...(flood && { floodDuration: flood }),
    version: form.version,
  });
}

function matcherOf(form: MatcherForm): Omit<AlertMatcher, "$typeName"> {
  return {
    // Nothing is milder than INFO: it is no condition.
    minimumSeverity: form.minimumSeverity === Severity.INFO ? Severity.UNSPECIFIED : form.minimumSeverity,
    priorities: form.priorities,
    kinds: form.kinds,
    machineIds: names(form.machineIds),
    siteIds: names(form.siteIds),
    sensorIds: names(form.sensorIds),
    ruleIds: names(form.ruleIds),
    labels: Object.fromEntries(labelLines(form.labels).map((line) => pair(line))),
  };
}

/** The first line of labels that is none, "" when all are. */
export function wrongLabel(labels: string): string {
  return labelLines(labels).find((line) => line.indexOf("=") < 1) ?? "";
}

function labelLines(labels: string): string[] {
  return labels.split("\n").map((line) => line.trim()).filter(Boolean);
}

function pair(line: string): [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

function names(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter(Boolean);
}

function textOf(duration: Duration | undefined, unitS: number): string {
  return duration ? String(durationMs(duration) / 1000 / unitS) : "";
}

function timeOf(text: string, unitS: number): Pick<Duration, "seconds" | "nanos"> | undefined {
  if (String(text).trim() === "") return undefined;
  const wholeMs = Math.round(Number(text) * unitS * 1000);
  return { seconds: BigInt(Math.floor(wholeMs / 1000)), nanos: (wholeMs % 1000) * 1_000_000 };
}

/** Names of inhibitions' sources of equality that the service knows, besides label:NAME. */
export const EQUAL_NAMES = ["machine", "site", "sensor", "channel", "rule", "feature"] as const;

