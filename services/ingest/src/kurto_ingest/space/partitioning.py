"""Which partition a block lies in, and what its name says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from kurto_ingest.assets.retention import RetentionClass

__all__ = ["LATE_AFTER_H", "PartitionKey", "class_table", "hour_of", "parse_name", "partition_of"]

_HOUR_US = 3_600_000_000
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = "%Y%m%d%H"
_PAST = "past"
# What was taken before 2000 shares one partition: a bound for any number of odd times.
_PAST_END = int((datetime(2000, 1, 1, tzinfo=UTC) - _ORIGIN) / timedelta(hours=1)) // 720 * 720
_NAME = re.compile(r"sensor_data_(\d+)_(\d{10}|past)")

#: Blocks that come so many hours after they were taken lie in wide partitions of their own.
LATE_AFTER_H = 48


def hour_of(moment: datetime | int) -> int:
    """Return the number of the hour, since 1970, that holds a time or a number of microseconds."""
    if isinstance(moment, int):
        return moment // _HOUR_US
    return (moment - _ORIGIN) // timedelta(hours=1)


def class_table(number: int) -> str:
    """Return the name, in the schema ``ingest``, of the table of a class."""
    return f"sensor_data_{number}"


class PartitionKey(NamedTuple):
    """Identity of a partition.

    Attributes
    ----------
    class_number : int
        Number of the retention class.
    start_hour, end_hour : int
        The hours since 1970 that it covers; end exclusive. A start of -1 means no lower bound.
    """

    class_number: int
    start_hour: int
    end_hour: int

    @property
    def name(self) -> str:
        """Name, in the schema ``ingest``."""
        start = self.start
        label = _PAST if start is None else start.strftime(_FORMAT)
        return f"{class_table(self.class_number)}_{label}"

    @property
    def start(self) -> datetime | None:
        """Lower bound; None for none."""
        return None if self.start_hour < 0 else _ORIGIN + timedelta(hours=self.start_hour)

    @property
    def end(self) -> datetime:
        """Upper bound, exclusive."""
        return _ORIGIN + timedelta(hours=self.end_hour)


def partition_of(retention: RetentionClass, hour: int, *, late_before: int) -> PartitionKey:
    """Return the partition of a block.

    Parameters
    ----------
    retention : RetentionClass
        Class of its sensor.
    hour : int
        Hour of the block's time, since 1970.
    late_before : int
        Hours before it are late: `LATE_AFTER_H` before now.
    """
    if hour < late_before:
        retention = retention.late()
    span = retention.span_h
    if span > 1 and hour < _PAST_END:
        return PartitionKey(retention.number, -1, _PAST_END)
    start = hour // span * span
    return PartitionKey(retention.number, start, start + span)


def parse_name(name: str, spans_h: dict[int, int]) -> PartitionKey | None:
    """Return what a table's name says; None if it is no partition of a known class.

    Parameters
    ----------
    name : str
        Name of a table.
    spans_h : dict of int to int
        Hours that a partition covers, by number of class.
    """
    found = _NAME.fullmatch(name)
    if found is None or int(found[1]) not in spans_h:
        return None
    number = int(found[1])
    if found[2] == _PAST:
        return PartitionKey(number, -1, _PAST_END)
    try:
        start = hour_of(datetime.strptime(found[2], _FORMAT).replace(tzinfo=UTC))
    except ValueError:
        return None
    return PartitionKey(number, start, start + spans_h[number])
