import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { describeFailure, wrongWith } from "../src/api/failure.js";
import { tokenKeeper } from "../src/api/token.js";
import { ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";

describe("describeFailure", () => {
  it("reads what the server attached", () => {
    const error = new ConnectError("too many pages are open: close one", Code.ResourceExhausted, undefined, [
      {
        desc: ErrorInfoSchema,
        value: { reason: "TOO_MANY_SUBSCRIBERS", domain: "kurto", metadata: { limit: "100" } },
      },
      { desc: RetryInfoSchema, value: { retryDelay: { seconds: 2n, nanos: 500_000_000 } } },
    ]);
    expect(describeFailure(error)).toEqual({
      code: Code.ResourceExhausted,
      message: "too many pages are open: close one",
      reason: "TOO_MANY_SUBSCRIBERS",
      metadata: { limit: "100" },
      retryDelayMs: 2_500,
    });
  });

  it("reads details as they come over the wire", () => {
    const error = new ConnectError("away", Code.Unavailable);
    const info = create(ErrorInfoSchema, { reason: "DRAINING", domain: "kurto" });
    error.details = [{ desc: ErrorInfoSchema, value: info }];
    expect(describeFailure(error).reason).toBe("DRAINING");
  });

  it("makes do with anything that was thrown", () => {
    expect(describeFailure(new TypeError("Failed to fetch"))).toMatchObject({
      code: Code.Unknown,
      reason: "",
      retryDelayMs: 0,
    });
  });
});

describe("tokenKeeper", () => {
  it("stores the token, and forgets it", () => {
    const store = new Map<string, string>();
    const storage = {
      getItem: (key: string) => store.get(key) ?? null,
      setItem: (key: string, value: string) => void store.set(key, value),
      removeItem: (key: string) => void store.delete(key),
    } as unknown as Storage;
    const keeper = tokenKeeper(() => storage);
    keeper.write("secret");
    expect(tokenKeeper(() => storage).read()).toBe("secret");
    keeper.write("");
    expect(store.size).toBe(0);
  });

  it("keeps the token in memory where storing is refused", () => {
    const keeper = tokenKeeper(() => {
      throw new Error("SecurityError");
    });
    keeper.write("secret");
    expect(keeper.read()).toBe("secret");
  });
});

describe("wrongWith", () => {
  const failure = (field: string, message: string) => ({ code: Code.InvalidArgument, message, reason: "", metadata: { field }, retryDelayMs: 0 });

  it("is told beside the field that it is about, without its name", () => {
    expect(wrongWith(failure("a.url", "a.url must begin with https://"), "a.url")).toBe("must begin with https://");
    expect(wrongWith(failure("a.url", "no such host"), "a.url")).toBe("no such host");
    expect(wrongWith(failure("a.url", "a.url is wrong"), "a.urls")).toBe("");
  });

  it("is told beside a list for what is in it, and not beside longer names", () => {
    expect(wrongWith(failure("a.names[1]", "a.names[1] is empty"), "a.names")).toBe("is empty");
    expect(wrongWith(failure("a.names_more", "x"), "a.names")).toBe("");
    expect(wrongWith(failure("a.names", "x"), "")).toBe("");
    expect(wrongWith(null, "a")).toBe("");
  });
});
