"""When the disk is nearly full: what is deleted first, and when no samples are taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from kurto_ingest.assets.retention import ClassKind, RetentionClass
from kurto_ingest.space.partitioning import PartitionKey

__all__ = [
    "DiskLimits",
    "GuardState",
    "Sheddable",
    "Space",
    "SpaceStore",
    "bytes_to_free",
    "next_state",
    "plan_shedding",
    "space_left",
]

_RECENT = timedelta(hours=1)
_EMPTY_BYTES = 64 * 1024  # an empty partition with its indexes takes less
# What is shed first. Copies were made because they matter: they go last.
_RANK = {
    ClassKind.BUFFER: 0,
    ClassKind.DEFAULT: 0,
    ClassKind.TIME: 0,
    ClassKind.FOREVER: 1,
    ClassKind.KEPT: 2,
}


class GuardState(Enum):
    """What the disk allows."""

    OK = "ok"
    SHEDDING = "shedding"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLimits:
    """Free parts of the disk, 0 to 1.

    Attributes
    ----------
    shed_ratio : float
        Below it samples are deleted before their time.
    stop_ratio : float
        Below it no samples are taken.
    margin_ratio : float
        How much more must be free until it is well again.
    """

    shed_ratio: float
    stop_ratio: float
    margin_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Room for samples.

    Attributes
    ----------
    database_bytes : int
        Size of the database.
    total_bytes : int
        Size of the disk, or the configured size of the database, whichever is tighter; 0 if
        neither is known.
    free_ratio : float or None
        Free part of it; None if it is not known.
    """

    database_bytes: int
    total_bytes: int = 0
    free_ratio: float | None = None


def space_left(
    database_bytes: int, *, max_database_bytes: int = 0, disk: tuple[int, int] | None = None
) -> Space:
    """Return the room that there is by the tighter of two bounds.

    Parameters
    ----------
    database_bytes : int
        Size of the database.
    max_database_bytes : int
        What it may grow to; 0 for no bound.
    disk : tuple of int, optional
        Bytes of the disk: all, and those that are free.
    """
    bounds = []
    if max_database_bytes:
        free = max(0, max_database_bytes - database_bytes)
        bounds.append((free / max_database_bytes, max_database_bytes))
    if disk is not None and disk[0] > 0:
        bounds.append((disk[1] / disk[0], disk[0]))
    if not bounds:
        return Space(database_bytes=database_bytes)
    ratio, total = min(bounds)
    return Space(database_bytes=database_bytes, total_bytes=total, free_ratio=ratio)


def next_state(state: GuardState, free_ratio: float | None, limits: DiskLimits) -> GuardState:
    """Return the state that follows; it stays as it is while the free part is not known."""
    if free_ratio is None:
        return state
    if free_ratio < limits.stop_ratio:
        return GuardState.STOPPED
    if state is GuardState.STOPPED and free_ratio < limits.stop_ratio + limits.margin_ratio:
        return GuardState.STOPPED
    if free_ratio < limits.shed_ratio:
        return GuardState.SHEDDING
    if state is not GuardState.OK and free_ratio < limits.shed_ratio + limits.margin_ratio:
        return GuardState.SHEDDING
    return GuardState.OK


def bytes_to_free(space: Space, limits: DiskLimits) -> int:
    """Return how much must go until all is well."""
    if space.free_ratio is None:
        return 0
    target = max(limits.shed_ratio, limits.stop_ratio) + limits.margin_ratio
    return max(0, round((target - space.free_ratio) * space.total_bytes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheddable:
    """A partition that could be dropped.

    Attributes
    ----------
    key : PartitionKey
        Identity.
    retention : RetentionClass
        Its class.
    size_bytes : int
        What it takes, with its samples and indexes.
    last_write : datetime or None
        For late classes: when its newest row came.
    """

    key: PartitionKey
    retention: RetentionClass
    size_bytes: int
    last_write: datetime | None = None


def plan_shedding(
    partitions: Iterable[Sheddable], need_bytes: int, now: datetime
) -> list[Sheddable]:
    """Return the partitions to drop: as few as free `need_bytes`, the least valuable first.

    What takes samples now is never among them, and nothing that frees nothing.
    """
    plan = []
    left = need_bytes
    for item in sorted(partitions, key=_value):
        if left <= 0:
            break
        if item.size_bytes > _EMPTY_BYTES and not _is_current(item, now):
            plan.append(item)
            left -= item.size_bytes
    return plan


def _value(item: Sheddable) -> tuple[int, datetime, int]:
    # Uploads of old samples are as old as their arrival.
    age = item.last_write or item.key.end
    return _RANK[item.retention.kind], age, item.key.class_number


def _is_current(item: Sheddable, now: datetime) -> bool:
    if item.last_write is not None:
        return item.last_write > now - _RECENT
    return item.key.end > now


class SpaceStore(Protocol):
    """Room for samples, and what can be dropped."""

    async def space(self) -> Space:
        """Return the room that there is."""
        ...

    async def sheddable(self) -> list[Sheddable]:
        """Return all partitions with their sizes."""
        ...

    async def shed(self, partition: Sheddable) -> None:
        """Drop a partition."""
        ...
