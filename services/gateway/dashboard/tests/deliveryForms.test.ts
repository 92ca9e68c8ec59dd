import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AlertKind, Priority, Severity } from "../src/gen/kurto/alerts/v1/alerts_pb.js";
import { MailSecurity, NotificationPolicySchema, ReceiverSchema } from "../src/gen/kurto/alerts/v1/notifications_pb.js";
import { newInhibition, newRoute, policyForm, policyOf, wrongLabel } from "../src/live/policyForm.js";
import { receiverForm, receiverOf } from "../src/live/receiverForm.js";

describe("the form of a receiver", () => {
  const hook = create(ReceiverSchema, {
    receiverId: "on-call",
    version: 3n,
    channel: { case: "webhook", value: { url: "https://example.org/hook", hasSigningSecret: true } },
  });

  it("leaves secrets alone that nobody touched", () => {
    const form = receiverForm(hook);
    expect(form.signingSecret).toEqual({ stored: true, text: "", remove: false });
    const { value } = receiverOf(form).channel;
    expect(value).toMatchObject({ url: "https://example.org/hook" });
    expect(value).not.toHaveProperty("signingSecret");
    expect(value).not.toHaveProperty("authorization");
    expect(receiverOf(form).version).toBe(3n);
  });

  it("sets and removes secrets, each on its own", () => {
    const form = receiverForm(hook);
    form.signingSecret.remove = true;
    form.authorization.text = "Bearer abc";
    expect(receiverOf(form).channel.value).toMatchObject({ signingSecret: "", authorization: "Bearer abc" });
  });

  it("reads mail back as it was written", () => {
    const form = receiverForm();
    Object.assign(form, { receiverId: " shift ", kind: "mail", host: "mail.example.org", sender: "kurto@example.org" });
    form.recipients = "a@example.org, b@example.org\nc@example.org,";
    form.password.text = "secret";
    const receiver = receiverOf(form);
    expect(receiver.receiverId).toBe("shift");
    expect(receiver.channel.value).toMatchObject({
      port: 0,
      security: MailSecurity.STARTTLS,
      recipients: ["a@example.org", "b@example.org", "c@example.org"],
      password: "secret",
    });
    expect(receiverForm(receiver)).toMatchObject({ kind: "mail", host: "mail.example.org", port: "" });
    expect(receiverForm(receiver).password.text).toBe("");
  });
});

describe("the form of the policy", () => {
  const policy = create(NotificationPolicySchema, {
    routes: [
      {
        routeId: "critical",
        matcher: {
          minimumSeverity: Severity.CRITICAL,
          priorities: [Priority.HIGH],
          kinds: [AlertKind.VIBRATION],
          machineIds: ["pump-1", "pump-2"],
          siteIds: ["west"],
          sensorIds: ["s"],
          ruleIds: ["r"],
          labels: { team: "a=b", area: "3" },
        },
        receiverIds: ["on-call"],
        escalationSteps: [{ unacknowledgedDuration: { seconds: 900n }, receiverIds: ["boss"] }],
        groupWaitDuration: { seconds: 0n, nanos: 500_000_000 },
      },
    ],
    inhibitions: [{ source: { minimumSeverity: Severity.CRITICAL }, target: {}, equal: ["machine", "label:team"] }],
    groupIntervalDuration: { seconds: 300n },
    repeatDuration: { seconds: 5400n },
    floodMachineCount: 20,
    floodDuration: { seconds: 60n },
    version: 4n,
  });

  it("gives back what it was made of", () => {
    const form = policyForm(policy);
    expect(form).toMatchObject({ intervalMinutes: "5", repeatHours: "1.5", floodS: "60" });
    expect(form.routes[0]).toMatchObject({ waitS: "0.5", steps: [{ afterMinutes: "15" }] });
    expect([...toBinary(NotificationPolicySchema, policyOf(form))]).toEqual([...toBinary(NotificationPolicySchema, policy)]);
  });

  it("leaves to the service what is left empty, and keeps a zero", () => {
    const form = policyForm(create(NotificationPolicySchema, {}));
    form.routes.push({ ...newRoute("all"), waitS: "" }, { ...newRoute("now"), waitS: "0" });
    form.inhibitions.push(newInhibition());
    const { routes, inhibitions, repeatDuration, floodMachineCount } = policyOf(form);
    expect([repeatDuration, floodMachineCount]).toEqual([undefined, 0]);
    expect(routes.map((route) => route.groupWaitDuration?.seconds)).toEqual([undefined, 0n]);
    expect(routes[0]?.matcher?.minimumSeverity).toBe(Severity.UNSPECIFIED);
    expect(inhibitions[0]?.source?.minimumSeverity).toBe(Severity.CRITICAL);
    expect(inhibitions[0]?.equal).toEqual(["machine"]);
  });

  it("names the line of labels that is none", () => {
    expect(wrongLabel("team=west\n\n area = 3 ")).toBe("");
    expect(wrongLabel("team=west\nnorth")).toBe("north");
    expect(wrongLabel("=west")).toBe("=west");
  });
});
