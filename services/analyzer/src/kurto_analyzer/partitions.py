"""Tables that are partitioned by day or month: names and bounds of their partitions."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

__all__ = [
    "PartitionedTable",
    "Period",
    "diagnosis_table",
    "feature_table",
    "long_feature_table",
    "minute_table",
    "second_table",
]

_EPOCH = date(1970, 1, 1)
_DAY_US = 86_400_000_000


class Period(enum.Enum):
    """What one partition holds, in UTC; the value is the format of its name."""

    DAY = "%Y%m%d"
    MONTH = "%Y%m"


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A table of schema ``analyzer``, partitioned by time.

    Attributes
    ----------
    name : str
        Without schema.
    period : Period
        What a partition holds.
    retention_days : int
        Days for which rows are kept; 0 for ever.
    """

    name: str
    period: Period
    retention_days: int

    def period_of(self, time_us: int) -> date:
        """Return the first day of the period of a time in microseconds since 1970."""
        return self._first_day(_EPOCH + timedelta(days=time_us // _DAY_US))

    def end_of(self, start: date) -> date:
        """Return the first day after the period that begins on `start`."""
        if self.period is Period.DAY:
            return start + timedelta(days=1)
        return self._first_day(start + timedelta(days=31))

    def partition_name(self, start: date) -> str:
        """Return the name of the partition of a period, without schema."""
        return f"{self.name}_{start.strftime(self.period.value)}"

    def partition_start(self, name: str) -> date | None:
        """Return the first day of a partition, or None when `name` is not one of ours."""
        prefix = f"{self.name}_"
        if not name.startswith(prefix):
            return None
        try:
            parsed = datetime.strptime(name[len(prefix) :], self.period.value)
        except ValueError:
            return None
        start = parsed.replace(tzinfo=UTC).date()
        return start if self.partition_name(start) == name else None

    def upcoming(self, now: datetime) -> list[date]:
        """Return the periods whose partitions must exist: those of today and of two more days."""
        today = now.astimezone(UTC).date()
        days = (today + timedelta(days=number) for number in range(3))
        return sorted({self._first_day(day) for day in days})

    def expired(self, names: Iterable[str], now: datetime) -> list[date]:
        """Return the periods of those partitions all of whose rows are past the retention."""
        if not self.retention_days:
            return []
        oldest = now.astimezone(UTC).date() - timedelta(days=self.retention_days)
        starts = (self.partition_start(name) for name in names)
        return sorted(s for s in starts if s is not None and self.end_of(s) <= oldest)

    def _first_day(self, day: date) -> date:
        return day if self.period is Period.DAY else day.replace(day=1)


def feature_table(retention_days: int) -> PartitionedTable:
    """Return the table of the windows' features."""
    return PartitionedTable("realtime_features", Period.DAY, retention_days)


def second_table(retention_days: int) -> PartitionedTable:
    """Return the table of roll-ups over a second."""
    return PartitionedTable("feature_rollups_1s", Period.DAY, retention_days)


def minute_table(retention_days: int) -> PartitionedTable:
    """Return the table of roll-ups over a minute."""
    return PartitionedTable("feature_rollups_1m", Period.MONTH, retention_days)


def long_feature_table(retention_days: int) -> PartitionedTable:
    """Return the table of the features of long windows."""
    return PartitionedTable("long_features", Period.DAY, retention_days)


def diagnosis_table(retention_days: int) -> PartitionedTable:
    """Return the table of diagnoses."""
    return PartitionedTable("diagnoses", Period.DAY, retention_days)
