import { create } from "@bufbuild/protobuf";
import { MailSchema, MailSecurity, type Receiver, ReceiverSchema, WebhookSchema } from "../gen/kurto/alerts/v1/notifications_pb.js";

/** What a person wants of a secret: another one, none any more, or that it stays. */
export interface SecretForm {
  readonly stored: boolean;
  text: string;
  remove: boolean;
}

/** A receiver as it stands in a form; all numbers and lists are text. */
export interface ReceiverForm {
  receiverId: string;
  displayName: string;
  kind: "webhook" | "mail";
  disabled: boolean;
  url: string;
  signingSecret: SecretForm;
  authorization: SecretForm;
  host: string;
  /** Empty for the usual one. */
  port: string;
  security: MailSecurity;
  userName: string;
  password: SecretForm;
  sender: string;
  /** Separated by commas or lines. */
  recipients: string;
  readonly version: bigint;
}

const secret = (stored = false): SecretForm => ({ stored, text: "", remove: false });

/** The form of a receiver; an empty one for none. Secrets are never in it: the service does not tell them. */
export function receiverForm(receiver?: Receiver): ReceiverForm {
  const channel = receiver?.channel;
  const webhook = channel?.case === "webhook" ? channel.value : undefined;
  const mail = channel?.case === "mail" ? channel.value : undefined;
  return {
    receiverId: receiver?.receiverId ?? "",
    displayName: receiver?.displayName ?? "",
    kind: mail ? "mail" : "webhook",
    disabled: receiver?.disabled ?? false,
    url: webhook?.url ?? "",
    signingSecret: secret(webhook?.hasSigningSecret),
    authorization: secret(webhook?.hasAuthorization),
    host: mail?.host ?? "",
    port: mail?.port ? String(mail.port) : "",
    security: mail?.security || MailSecurity.STARTTLS,
    userName: mail?.userName ?? "",
    password: secret(mail?.hasPassword),
    sender: mail?.sender ?? "",
    recipients: mail?.recipients.join(", ") ?? "",
    version: receiver?.version ?? 0n,
  };
}

/** What the service gets: a secret that is left alone is not in it, one that is removed is empty. */
export function receiverOf(form: ReceiverForm): Receiver {
  const { receiverId, displayName, disabled, version } = form;
  return create(ReceiverSchema, {
    receiverId: receiverId.trim(),
    displayName: displayName.trim(),
    disabled,
    version,
    channel:
      form.kind === "webhook" ? { case: "webhook", value: webhookOf(form) } : { case: "mail", value: mailOf(form) },
  });
}

function webhookOf({ url, signingSecret, authorization }: ReceiverForm) {
  const webhook = create(WebhookSchema, { url: url.trim() });
  const signing = changeOf(signingSecret);
  const header = changeOf(authorization);
  if (signing !== undefined) webhook.signingSecret = signing;
  if (header !== undefined) webhook.authorization = header;
  return webhook;
}

function mailOf({ host, port, security, userName, password, sender, recipients }: ReceiverForm) {
  const mail = create(MailSchema, {
    host: host.trim(),
    port: Number(port) || 0,
    security,
    userName: userName.trim(),
    sender: sender.trim(),
    recipients: recipients.split(/[,\n]/).map((one) => one.trim()).filter(Boolean),
  });
  const changed = changeOf(password);
  if (changed !== undefined) mail.password = changed;
  return mail;
}

function changeOf({ text, remove }: SecretForm): string | undefined {
  if (remove) return "";
  return text === "" ? undefined : text;
}
