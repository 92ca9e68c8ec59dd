import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { TokenKeeper } from "./token.js";

/** Longest time that a unary call may take; a stream says `timeoutMs: 0`. */
const UNARY_TIMEOUT_MS = 10_000;

/** Send the token, if there is one, with every call. */
export function bearer(tokens: TokenKeeper): Interceptor {
  return (next) => (request) => {
    const token = tokens.read();
    if (token) request.header.set("Authorization", `Bearer ${token}`);
    return next(request);
  };
}

/** gRPC-Web to the server that the page came from. */
export function createTransport(baseUrl: string, tokens: TokenKeeper): Transport {
  return createGrpcWebTransport({
    baseUrl,
    interceptors: [bearer(tokens)],
    defaultTimeoutMs: UNARY_TIMEOUT_MS,
  });
}
