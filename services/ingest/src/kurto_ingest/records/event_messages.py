"""Between messages and events."""

from __future__ import annotations

from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1 import stream_status_pb2 as pb
from kurto_ingest.assets.conversion import timestamp_us, us_from_timestamp
from kurto_ingest.assets.validation import check_id
from kurto_ingest.exceptions import InvalidCursor, InvalidField
from kurto_ingest.paging import page_limit, page_start
from kurto_ingest.records.stream_events import EventKind, EventQuery, StreamEvent

__all__ = ["event_message", "event_query"]

_DEFAULT_PAGE = 100
_MAX_DIGITS = 18


def event_query(request: control_pb.ListStreamEventsRequest) -> EventQuery:
    """Return what is asked for.

    Raises
    ------
    InvalidField, InvalidCursor
    """
    if request.sensor_id:
        check_id("sensor_id", request.sensor_id)
    for kind in request.kinds:
        if not 1 <= kind <= max(EventKind):
            raise InvalidField(
                f"kinds must be values of StreamEventKind, 1 to {max(EventKind)}, not {kind}.",
                field="kinds",
            )
    bounds = [
        us_from_timestamp(field, getattr(request, field)) if request.HasField(field) else None
        for field in ("start_time", "end_time")
    ]
    return EventQuery(
        sensor_id=request.sensor_id,
        start_us=bounds[0],
        end_us=bounds[1],
        kinds=frozenset(request.kinds),
        before_id=_event_id(page_start(request.page_token)),
        limit=page_limit(request.page_size, _DEFAULT_PAGE),
    )


def _event_id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise InvalidCursor
    return int(text)


def event_message(event: StreamEvent) -> pb.StreamEvent:
    """Return a stored event."""
    return pb.StreamEvent(
        event_id=event.event_id,
        sensor_id=event.sensor_id,
        epoch=event.epoch,
        kind=pb.StreamEventKind.Name(event.kind),
        event_time=timestamp_us(event.time_us),
        first_index=event.first_index,
        end_index=event.end_index,
        value=event.value,
        message=event.message,
    )
