"""Errors of analyses on demand."""

from __future__ import annotations

from kurto_service.exceptions import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)

__all__ = [
    "AnalysisImpossible",
    "AnalysisTooLong",
    "NoSamples",
    "ReadersBusy",
    "SamplesIncomplete",
    "SamplesUnavailable",
    "SpeedUnknown",
    "TooManyAnalyses",
    "UnknownSensor",
]


class AnalysisImpossible(InvalidArgument):
    """The samples do not allow what was asked for: {problem}."""

    reason = "INVALID_FIELD"


class SpeedUnknown(InvalidArgument):
    """The shaft speed of sensor {sensor_id} is not known: say shaft_speed_hz or tacho_channel, let
    the sender measure it, or configure nominal_speed_rpm.
    """  # noqa: D205 (one paragraph: it is the message)

    reason = "INVALID_FIELD"


class UnknownSensor(NotFound):
    """There is no sensor {sensor_id}: see ListSensors."""

    reason = "UNKNOWN_SENSOR"


class NoSamples(NotFound):
    """Sensor {sensor_id} has no stored samples there: choose a moment at which it was sending."""

    reason = "NO_SAMPLES"


class SamplesIncomplete(FailedPrecondition):
    """{missing} of {wanted} samples are missing or not finite: choose another moment or length."""

    reason = "NO_SAMPLES"


class SamplesUnavailable(Unavailable):
    """Stored samples cannot be read at the moment: {problem}."""

    reason = "DEPENDENCY_UNAVAILABLE"


class ReadersBusy(ResourceExhausted):
    """Too many read stored samples at the same time: retry in a moment."""

    reason = "OVERLOADED"


class TooManyAnalyses(ResourceExhausted):
    """{limit} spectra are being computed or wait already: retry in a moment."""

    reason = "OVERLOADED"


class AnalysisTooLong(ResourceExhausted):
    """The analysis took longer than {timeout_s} s: ask for a shorter duration or fewer lines."""

    reason = "OVERLOADED"
