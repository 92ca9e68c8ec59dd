"""Which samples a request means: sensor, channels, start and length."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from kurto_analyzer.exceptions import InvalidField
from kurto_analyzer.frames import bound_us
from kurto_analyzer.sensor_spec import is_identifier

__all__ = ["SampleRequest", "SampleSelection", "read_selection", "start_us"]

_LAST_SECOND = 7_258_118_400  # 2200-01-01
_SHORTEST_S = 0.001


class SampleRequest(Protocol):
    """What all requests for stored or newest samples share."""

    sensor_id: str
    channel: str

    @property
    def start_time(self) -> Timestamp:
        """Start of the samples."""
        ...

    @property
    def duration(self) -> Duration:
        """How long they are."""
        ...

    def HasField(self, name: str, /) -> bool:
        """Tell whether a field is set."""
        ...


@dataclass(frozen=True, slots=True)
class SampleSelection:
    """Samples of one channel, and of a tachometer beside it.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    channel : str
        Channel in question; empty means the first one.
    tacho_channel : str
        Channel with a tachometer's pulses; empty means none.
    start_us : int or None
        First moment, microseconds since 1970; None means: up to the newest sample.
    duration_s : callable
        From the sample rate in Hz to the length in seconds.
    """

    sensor_id: str
    channel: str
    tacho_channel: str
    start_us: int | None
    duration_s: Callable[[float], float]


def read_selection(
    request: SampleRequest,
    *,
    longest_s: float,
    default_s: Callable[[float], float],
    tacho_channel: str = "",
) -> SampleSelection:
    """Return the samples that `request` means.

    Parameters
    ----------
    request : SampleRequest
        As received.
    longest_s : float
        Longest duration that is allowed.
    default_s : callable
        From the sample rate to the length when none is asked for; cut to `longest_s`.
    tacho_channel : str
        As asked for.

    Raises
    ------
    InvalidField
        When an id, a time or a length cannot be.
    """
    if not is_identifier(request.sensor_id):
        raise InvalidField(
            "sensor_id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", field="sensor_id"
        )
    has_start = request.HasField("start_time")
    return SampleSelection(
        sensor_id=request.sensor_id,
        channel=request.channel,
        tacho_channel=tacho_channel,
        start_us=start_us("start_time", request.start_time) if has_start else None,
        duration_s=_duration(request, longest_s, default_s),
    )


def start_us(field: str, time: Timestamp) -> int:
    """Return the start of samples in microseconds since 1970.

    Parameters
    ----------
    field : str
        Name of the request's field.
    time : Timestamp
        As received.

    Raises
    ------
    InvalidField
        When no sample can be that old or new.
    """
    if not 0 <= time.seconds < _LAST_SECOND:
        raise InvalidField(f"{field} must lie from 1970 to 2199.", field=field)
    return bound_us(time)


def _duration(
    request: SampleRequest, longest_s: float, default_s: Callable[[float], float]
) -> Callable[[float], float]:
    if not request.HasField("duration"):
        return lambda rate: min(longest_s, default_s(rate))
    asked_s = request.duration.seconds + request.duration.nanos * 1e-9
    if not (math.isfinite(asked_s) and _SHORTEST_S <= asked_s <= longest_s):
        raise InvalidField(
            f"duration must be {_SHORTEST_S:g} to {longest_s:g} s, got {asked_s:g}.",
            field="duration",
        )
    return lambda _rate: asked_s
