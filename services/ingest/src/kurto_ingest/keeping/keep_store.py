"""What keeping samples needs of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kurto_ingest.keeping.kept import CopyPace, KeptRange, SnapshotProgress

__all__ = ["KeepStore", "KeptQuery"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptQuery:
    """Which ranges are asked for: those that touch a time, with a number below `below`."""

    sensor_id: str = ""
    start: datetime | None = None
    end: datetime | None = None
    below: int | None = None
    limit: int = 100


class KeepStore(Protocol):
    """Ranges that are kept, and the copies of their blocks."""

    async def note(self, kept: KeptRange) -> KeptRange:
        """Note a range; returns the one that there is if the same was asked for before.

        Raises
        ------
        UnknownSensor
            If there is no such sensor.
        KeepIdTaken
            If something else was asked for under this keep_id.
        """
        ...

    async def find(self, query: KeptQuery) -> list[KeptRange]:
        """Return ranges, those noted last first."""
        ...

    async def snapshot_progress(self) -> list[SnapshotProgress]:
        """Return the streams of sensors with a policy of snapshots that have moved on."""
        ...

    async def note_snapshots(
        self, ranges: Sequence[KeptRange], progress: Sequence[SnapshotProgress]
    ) -> None:
        """Note snapshots and how far they are taken, together.

        A snapshot that is noted already is looked at once more: another epoch has part of it.
        """
        ...

    async def due(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return the keys of incomplete ranges that are to be looked at, longest due first."""
        ...

    async def copy(self, key: tuple[str, str], now: datetime, pace: CopyPace) -> bool:
        """Copy some blocks of a range out, in one transaction; returns whether there are more.

        What was copied before is not copied again. Once there is no more, the range is complete
        or gets the time of its next look. An empty snapshot that is complete is forgotten.
        """
        ...

    async def expired(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return the keys of ranges whose time is over."""
        ...

    async def forget(self, key: tuple[str, str], now: datetime, limit: int) -> bool:
        """Delete some blocks that only this range keeps, at last the range; tells if more is left.

        A range whose time is not over is left as it is.
        """
        ...
