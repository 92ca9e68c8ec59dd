"""Daily partitions of ``analyzer.realtime_features``: names and bounds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

__all__ = ["day_of", "expired_days", "partition_day", "partition_name", "upcoming_days"]

_PREFIX = "realtime_features_"
_EPOCH = date(1970, 1, 1)
_DAY_US = 86_400_000_000


def day_of(time_us: int) -> date:
    """Return the UTC day of a time in microseconds since 1970."""
    return _EPOCH + timedelta(days=time_us // _DAY_US)


def partition_name(day: date) -> str:
    """Return the name of the partition of a day, without schema."""
    return f"{_PREFIX}{day:%Y%m%d}"


def partition_day(name: str) -> date | None:
    """Return the day of a partition, or None when `name` is not one of ours."""
    if not name.startswith(_PREFIX):
        return None
    try:
        return datetime.strptime(name[len(_PREFIX) :], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def upcoming_days(now: datetime, *, ahead: int = 2) -> list[date]:
    """Return the days whose partitions must exist: today and `ahead` more."""
    today = now.astimezone(UTC).date()
    return [today + timedelta(days=number) for number in range(ahead + 1)]


def expired_days(names: Iterable[str], *, now: datetime, retention_days: int) -> list[date]:
    """Return the days of those partitions all of whose rows are older than the retention."""
    oldest = now.astimezone(UTC).date() - timedelta(days=retention_days)
    days = (partition_day(name) for name in names)
    return sorted(day for day in days if day is not None and day < oldest)
