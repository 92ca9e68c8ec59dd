import { Code } from "@connectrpc/connect";
import { computed, shallowRef } from "vue";
import type { Clients } from "../api/clients.js";
import { describeFailure, type Failure } from "../api/failure.js";
import type { TokenKeeper } from "../api/token.js";
import type { GetSessionResponse } from "../gen/kurto/gateway/v1/session_service_pb.js";

const OPERATORS = ["operator", "engineer", "admin"];
const ENGINEERS = ["engineer", "admin"];

/** Who uses the page, and the token that proves it. */
export function createSessionStore(clients: Clients, tokens: TokenKeeper) {
  const session = shallowRef<GetSessionResponse | null>(null);
  /** Set while a token has to be asked for. */
  const challenge = shallowRef<Failure | null>(null);

  /** Ask the server who we are; false when it wants a token. */
  async function load(): Promise<boolean> {
    try {
      session.value = await clients.session.getSession({});
      challenge.value = null;
    } catch (error) {
      return !refused(describeFailure(error));
    }
    return true;
  }

  /** Ask for a token if that is why a call failed. */
  function refused(failure: Failure): boolean {
    if (failure.code !== Code.Unauthenticated) return false;
    challenge.value = failure;
    return true;
  }

  /** Try a token; true when the server takes it. */
  async function signIn(token: string): Promise<boolean> {
    tokens.write(token.trim());
    return load();
  }

  /** Until the server has said who we are nothing is barred: it decides anyway. */
  const mayOperate = computed(() => hasOneOf(OPERATORS));
  const mayConfigure = computed(() => hasOneOf(ENGINEERS));

  function hasOneOf(roles: readonly string[]): boolean {
    return !session.value || session.value.roles.some((role) => roles.includes(role));
  }

  /** The proved name, "" without tokens. */
  const principal = computed(() =>
    session.value && !session.value.anonymous ? session.value.principal : "",
  );
  return { session, challenge, load, refused, signIn, hasToken: () => tokens.read() !== "", mayOperate, mayConfigure, principal };
}

export type SessionStore = ReturnType<typeof createSessionStore>;
