"""What requests about baselines may ask for."""

from __future__ import annotations

import base64
import binascii
import struct

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto_analyzer.baselines.model import LearningCause, NewBaseline
from kurto_analyzer.exceptions import InvalidCursor, InvalidField
from kurto_analyzer.frames import bound_us
from kurto_analyzer.sensor_spec import is_identifier
from kurto_dsp.condition.baselines import MIN_WINDOWS

__all__ = [
    "page_size",
    "read_learn_request",
    "read_page_token",
    "require_sensor_id",
    "write_page_token",
]

_DEFAULT_WINDOWS, _MOST_WINDOWS = 300, 3600
_LONGEST_REASON = 1000
_DEFAULT_PAGE, _LARGEST_PAGE = 50, 200
_TOKEN = struct.Struct(">q")
_CAUSES = {
    pb.LEARNING_CAUSE_COMMISSIONING: LearningCause.COMMISSIONING,
    pb.LEARNING_CAUSE_BEARING_REPLACED: LearningCause.BEARING_REPLACED,
    pb.LEARNING_CAUSE_MAINTENANCE: LearningCause.MAINTENANCE,
    pb.LEARNING_CAUSE_OPERATION_CHANGED: LearningCause.OPERATION_CHANGED,
}


def require_sensor_id(sensor_id: str) -> str:
    """Return an id that a sensor can have, or refuse it."""
    if not is_identifier(sensor_id):
        raise InvalidField(
            "sensor_id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -", field="sensor_id"
        )
    return sensor_id


def read_learn_request(
    request: pb.LearnBaselineRequest, *, principal: str, now_us: int, retention_us: int
) -> NewBaseline:
    """Return what is to be learned.

    Parameters
    ----------
    request : LearnBaselineRequest
        As received.
    principal : str
        Who asks.
    now_us, retention_us : int
        The time, and how far back features are kept, in microseconds.

    Raises
    ------
    InvalidField
        With the field's name and what is allowed.
    """
    cause = _CAUSES.get(request.cause)
    if cause is None:
        names = ", ".join(map(pb.LearningCause.Name, _CAUSES))
        raise InvalidField(f"Say what had happened to the machine, one of {names}.", field="cause")
    reason = request.reason.strip()
    printable = reason.replace("\n", " ").isprintable()
    if not (1 <= len(reason) <= _LONGEST_REASON and printable):
        raise InvalidField(
            f"reason must say why, in 1 to {_LONGEST_REASON} printable characters: it is kept for "
            "the audit.",
            field="reason",
        )
    wanted = request.window_count or _DEFAULT_WINDOWS
    if not MIN_WINDOWS <= wanted <= _MOST_WINDOWS:
        raise InvalidField(
            f"window_count must be {MIN_WINDOWS} to {_MOST_WINDOWS}, or 0 for {_DEFAULT_WINDOWS}; "
            f"got {wanted}.",
            field="window_count",
        )
    return NewBaseline(
        sensor_id=require_sensor_id(request.sensor_id),
        cause=cause,
        reason=reason,
        principal=principal,
        begin_us=_begin_us(request, now_us, retention_us),
        wanted_windows=wanted,
        restart=request.restart,
    )


def _begin_us(request: pb.LearnBaselineRequest, now_us: int, retention_us: int) -> int:
    if not request.HasField("begin_time"):
        return now_us
    begin_us = bound_us(request.begin_time)
    if not now_us - retention_us <= begin_us <= now_us:
        days = retention_us / 86_400e6
        raise InvalidField(
            f"begin_time must lie in the last {days:g} days, for which features are kept, and not "
            "in the future.",
            field="begin_time",
        )
    return begin_us


def page_size(request: pb.ListBaselinesRequest | pb.ListBaselineEventsRequest) -> int:
    """Return how many baselines or events are wanted."""
    if not 0 <= request.page_size <= _LARGEST_PAGE:
        raise InvalidField(
            f"page_size must be 0 to {_LARGEST_PAGE}, got {request.page_size}.", field="page_size"
        )
    return request.page_size or _DEFAULT_PAGE


def write_page_token(last_id: int) -> str:
    """Return the token for the page after the baseline `last_id`."""
    return base64.urlsafe_b64encode(_TOKEN.pack(last_id)).decode()


def read_page_token(token: str) -> int | None:
    """Return the number below which the page begins, or None for the first page."""
    if not token:
        return None
    try:
        (last_id,) = _TOKEN.unpack(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, struct.error, ValueError):
        raise InvalidCursor(field="page_token") from None
    return int(last_id)
