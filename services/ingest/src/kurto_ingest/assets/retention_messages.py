"""Between messages and retention policies, and what a policy must be like."""

from __future__ import annotations

import math

from google.protobuf.duration_pb2 import Duration

from kurto.assets.v1 import assets_pb2
from kurto_ingest.assets.retention import AroundAlarms, KeepAll, KeepFor, RetentionPolicy, Snapshots
from kurto_ingest.exceptions import InvalidField

__all__ = ["policy_from_message", "policy_message", "seconds_from"]

_FIELD = "sensor.retention"
_HOUR_S = 3600.0
_TEN_YEARS_S = 10 * 365.25 * 86400.0
_MAX_BEFORE_S = 1800.0
_MAX_AFTER_S = 600.0


def seconds_from(field: str, message: Duration, low_s: float, high_s: float) -> float:
    """Return a duration in seconds.

    Raises
    ------
    InvalidField
        If it is not from `low_s` to `high_s`.
    """
    value_s = message.seconds + message.nanos / 1e9
    if not low_s <= value_s <= high_s:
        raise InvalidField(
            f"{field} must be {low_s:g} to {high_s:g} s, not {value_s:g} s.", field=field
        )
    return value_s


def policy_from_message(message: assets_pb2.RetentionPolicy) -> RetentionPolicy | None:
    """Return the policy that a caller asks for; None for the service's default.

    Raises
    ------
    InvalidField
        If a time is out of range.
    """
    match message.WhichOneof("kind"):
        case "all":
            return KeepAll()
        case "time":
            field = f"{_FIELD}.time.duration"
            keep_s = seconds_from(field, message.time.duration, _HOUR_S, _TEN_YEARS_S)
            return KeepFor(math.ceil(keep_s / _HOUR_S))
        case "snapshots":
            return _snapshots(message.snapshots)
        case "around_alarms":
            return _around_alarms(message.around_alarms)
        case _:
            return None


def _snapshots(message: assets_pb2.KeepSnapshots) -> Snapshots:
    field = f"{_FIELD}.snapshots"
    interval_s = seconds_from(f"{field}.interval", message.interval, 60.0, 366 * 86400.0)
    longest_s = min(interval_s / 2, _HOUR_S)
    length_s = seconds_from(f"{field}.length", message.length, 1.0, longest_s)
    return Snapshots(interval_s=interval_s, length_s=length_s, keep_for_s=_keep_for(field, message))


def _around_alarms(message: assets_pb2.KeepAroundAlarms) -> AroundAlarms:
    field = f"{_FIELD}.around_alarms"
    before_s = seconds_from(f"{field}.before", message.before, 0.0, _MAX_BEFORE_S)
    after_s = seconds_from(f"{field}.after", message.after, 0.0, _MAX_AFTER_S)
    if before_s + after_s <= 0:
        raise InvalidField(
            f"{field} must keep something: set before, after, or both above 0.", field=field
        )
    return AroundAlarms(before_s=before_s, after_s=after_s, keep_for_s=_keep_for(field, message))


def _keep_for(
    field: str, message: assets_pb2.KeepSnapshots | assets_pb2.KeepAroundAlarms
) -> float | None:
    if not message.HasField("keep_for"):
        return None
    return seconds_from(f"{field}.keep_for", message.keep_for, _HOUR_S, _TEN_YEARS_S)


def policy_message(policy: RetentionPolicy | None) -> assets_pb2.RetentionPolicy | None:
    """Return a stored policy; None for the service's default."""
    match policy:
        case None:
            return None
        case KeepAll():
            return assets_pb2.RetentionPolicy(all=assets_pb2.KeepAll())
        case KeepFor(hours):
            duration = _duration(hours * _HOUR_S)
            return assets_pb2.RetentionPolicy(time=assets_pb2.KeepFor(duration=duration))
        case Snapshots():
            return assets_pb2.RetentionPolicy(
                snapshots=assets_pb2.KeepSnapshots(
                    interval=_duration(policy.interval_s),
                    length=_duration(policy.length_s),
                    keep_for=_optional(policy.keep_for_s),
                )
            )
        case AroundAlarms():
            return assets_pb2.RetentionPolicy(
                around_alarms=assets_pb2.KeepAroundAlarms(
                    before=_duration(policy.before_s),
                    after=_duration(policy.after_s),
                    keep_for=_optional(policy.keep_for_s),
                )
            )


def _duration(seconds: float) -> Duration:
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def _optional(seconds: float | None) -> Duration | None:
    return None if seconds is None else _duration(seconds)
