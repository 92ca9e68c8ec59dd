import type { Duration } from "@bufbuild/protobuf/wkt";

/** A duration in milliseconds; absent means 0. */
export function durationMs(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1000 + duration.nanos / 1e6 : 0;
}
