import { Code, ConnectError } from "@connectrpc/connect";
import { durationMs } from "../formatting/duration.js";
import { ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.js";

/** Why a call failed, as the server says it. */
export interface Failure {
  readonly code: Code;
  /** What to change, for people. */
  readonly message: string;
  /** Name of a kurto.errors.v1.ErrorReason without its prefix; "" when the server gave none. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Time to wait before another try, 0 when the server gave none. */
  readonly retryDelayMs: number;
}

/** What a failure has against a field, without the field's name; "" for nothing. A list answers for what is in it. */
export function wrongWith(failure: Failure | null, path: string): string {
  const field = failure?.metadata.field ?? "";
  if (!failure || path === "" || !(field === path || field.startsWith(`${path}[`))) return "";
  const said = failure.message;
  return said.startsWith(`${field} `) ? said.slice(field.length + 1) : said;
}

/** Read code, message, ErrorInfo and RetryInfo from whatever a call threw. */
export function describeFailure(error: unknown): Failure {
  const known = ConnectError.from(error);
  const info = known.findDetails(ErrorInfoSchema)[0];
  const delay = known.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: known.code,
    message: known.rawMessage,
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    retryDelayMs: durationMs(delay),
  };
}
