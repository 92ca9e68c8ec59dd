"""Between messages and stored process values."""

from __future__ import annotations

import re

from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.signal.v1 import process_values_pb2 as pb
from kurto_ingest.assets.conversion import timestamp_us, us_from_timestamp
from kurto_ingest.exceptions import InvalidCursor, InvalidField
from kurto_ingest.paging import MAX_PAGE_SIZE, page_limit, page_start, page_token
from kurto_ingest.value_store import ProcessValueQuery, StoredProcessValue

__all__ = ["value_message", "value_query", "value_token"]

_MAX_NAMES = 16
# Of times from year 1 to 9999, and of what 63 bits hold.
_PLACE = re.compile(r"(-?\d{1,18}) (\d{1,18}) (\d{1,18}) ([A-Za-z0-9._:-]{1,128})", re.ASCII)


def value_query(request: control_pb.ListProcessValuesRequest, sensor_key: int) -> ProcessValueQuery:
    """Return what is asked for.

    Raises
    ------
    InvalidField, InvalidCursor
    """
    if len(request.names) > _MAX_NAMES or "" in request.names:
        raise InvalidField(
            f"names may have {_MAX_NAMES} entries, none of them empty: leave it out for all.",
            field="names",
        )
    if any("\x00" in name for name in request.names):
        raise InvalidField("names must not hold the character NUL: remove it.", field="names")
    bounds = [
        us_from_timestamp(field, getattr(request, field)) if request.HasField(field) else None
        for field in ("start_time", "end_time")
    ]
    return ProcessValueQuery(
        sensor_key=sensor_key,
        names=tuple(request.names),
        start_us=bounds[0],
        end_us=bounds[1],
        after=_place(page_start(request.page_token)),
        limit=page_limit(request.page_size, MAX_PAGE_SIZE),
    )


def value_token(stored: StoredProcessValue) -> str:
    """Return the token of the page after `stored`."""
    name, time_us, epoch, index = stored.place
    return page_token(f"{time_us} {epoch} {index} {name}")


def _place(text: str) -> tuple[str, int, int, int] | None:
    if not text:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise InvalidCursor
    time_us, epoch, index, name = found.groups()
    if not -62_135_596_800_000_000 <= int(time_us) < 253_402_300_800_000_000:
        raise InvalidCursor
    return name, int(time_us), int(epoch), int(index)


def value_message(stored: StoredProcessValue) -> pb.ProcessValue:
    """Return a stored value."""
    value = stored.value
    return pb.ProcessValue(
        name=value.name,
        unit=value.unit,
        value=value.value,
        sample_index=value.index,
        quality=pb.ProcessValueQuality.Name(value.quality or pb.PROCESS_VALUE_QUALITY_GOOD),
        value_time=timestamp_us(stored.time_us),
        epoch=stored.epoch,
    )
