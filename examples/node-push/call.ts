// One Push call: messages go out as they come, the answer comes once, at the end.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { type IngestService, type PushResponse, PushRequestSchema } from "./gen/kurto/ingest/v1/ingest_service_pb.js";

type Kind = NonNullable<MessageInitShape<typeof PushRequestSchema>["kind"]>;

export class Call {
  readonly response: Promise<PushResponse>;
  /** True once the service has answered, asked or unasked. */
  answered = false;
  private readonly waiting: Kind[] = [];
  private ended = false;
  private wake: () => void = () => {};

  constructor(client: Client<typeof IngestService>) {
    this.response = client.push(this.messages()).finally(() => {
      this.answered = true;
    });
    this.response.catch(() => {}); // whoever awaits it sees the error; until then it's no accident
  }

  /** Sends a message. */
  write(kind: Kind): void {
    this.waiting.push(kind);
    this.wake();
  }

  /** Half-closes the call: the service answers with what is durable. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  private async *messages() {
    for (;;) {
      for (const kind of this.waiting.splice(0)) yield create(PushRequestSchema, { kind });
      if (this.ended && this.waiting.length === 0) return;
      if (this.waiting.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
