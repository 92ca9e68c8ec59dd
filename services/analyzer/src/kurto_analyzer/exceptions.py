"""Errors of the analyzer that a caller can act on."""

from __future__ import annotations

from kurto_service.exceptions import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)

__all__ = [
    "ByteCountMismatch",
    "DiagnosisTooLate",
    "EpochMismatch",
    "HopJump",
    "InvalidCursor",
    "InvalidField",
    "LiveStreamUnavailable",
    "NoDiagnosisYet",
    "NoFeaturesYet",
    "NoLongWindow",
    "SlotNotOpen",
    "StaleOwner",
    "TooManyRequests",
    "TooManySensors",
    "UnknownChannel",
    "UnknownFeature",
]


class InvalidField(InvalidArgument):
    """The field {field} holds a value that is not allowed."""

    reason = "INVALID_FIELD"


class ByteCountMismatch(InvalidArgument):
    """A run of {hop_count} hops of {sensor_id} needs {expected_bytes} bytes, got {actual_bytes}."""

    reason = "BYTE_COUNT_MISMATCH"


class HopJump(InvalidArgument):
    """Hop {hop_index} of {sensor_id} came, but hop {expected} is next.

    Send the hops between, as samples or as an empty run, or say SkipWindows.
    """

    reason = "INVALID_FIELD"


class SlotNotOpen(FailedPrecondition):
    """Slot {slot} is not open: send SensorOpen and wait for its position first."""

    reason = "STREAM_NOT_STARTED"


class EpochMismatch(FailedPrecondition):
    """The field {field} of {sensor_id} differs from what its epoch {epoch} began with.

    It can change with the next epoch only.
    """

    reason = "STREAM_MISMATCH"


class StaleOwner(Aborted):
    """Another stream analyses {sensor_id} now: reconnect and open it again if it is yours."""

    reason = "CONCURRENT_CHANGE"


class TooManySensors(ResourceExhausted):
    """The analyzer has {limit} sensors open: start another one, or raise max_open_sensors."""

    reason = "OVERLOADED"


class LiveStreamUnavailable(Unavailable):
    """The live stream does not take frames: {problem}."""

    reason = "DEPENDENCY_UNAVAILABLE"


class NoFeaturesYet(NotFound):
    """No window of sensor {sensor_id} is computed yet: check its id, and that it is sending."""

    reason = "NO_FEATURES_YET"


class NoDiagnosisYet(NotFound):
    """Sensor {sensor_id} has no diagnosis: {problem}."""

    reason = "NO_DIAGNOSIS_YET"


class NoLongWindow(FailedPrecondition):
    """Sensor {sensor_id} has no long window: {problem}."""

    reason = "NO_DIAGNOSIS_YET"


class TooManyRequests(ResourceExhausted):
    """Diagnoses of {limit} sensors at most are made on request: ask again in a few seconds."""

    reason = "OVERLOADED"


class DiagnosisTooLate(ResourceExhausted):
    """The diagnosis of {sensor_id} did not come within {timeout_s} s, others are before it: see
    GetDiagnosis in a while, or raise KURTO_ANALYZER_DIAGNOSIS_CPU_SHARE.
    """  # noqa: D205 (one paragraph: it is the message)

    reason = "OVERLOADED"


class UnknownChannel(NotFound):
    """Sensor {sensor_id} has no channel {channel}; it has {channels}."""

    reason = "UNKNOWN_CHANNEL"


class UnknownFeature(InvalidArgument):
    """There is no feature {feature}: see ListFeatureDefinitions for the names that exist."""

    reason = "UNKNOWN_FEATURE"


class InvalidCursor(InvalidArgument):
    """The page token does not belong to this request: begin again without one."""

    reason = "INVALID_CURSOR"
