"""Where process values are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kurto_ingest.assets.process_values import ProcessValueDefinition
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["ProcessValueQuery", "ProcessValueStore", "StoredProcessValue"]


@dataclass(frozen=True, slots=True)
class StoredProcessValue:
    """A stored value with its time, in microseconds since 1970-01-01T00:00:00Z, and its epoch."""

    time_us: int
    epoch: int
    value: ProcessValue

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Sorts the values of a sensor: name, time, epoch, index."""
        return self.value.name, self.time_us, self.epoch, self.value.index


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessValueQuery:
    """Which stored values are wanted; `names` empty means all, times are half open, None is open.

    `after` is the `StoredProcessValue.place` after which they begin.
    """

    sensor_key: int
    names: tuple[str, ...] = ()
    start_us: int | None = None
    end_us: int | None = None
    after: tuple[str, int, int, int] | None = None
    limit: int


class ProcessValueStore(Protocol):
    """Process values, which `SampleStore.commit` stores together with their samples."""

    async def holding(
        self, stream_format: StreamFormat, definition: ProcessValueDefinition, first: int, end: int
    ) -> list[ProcessValue]:
        """Return the values at samples `first` <= i < `end`, ascending, and the last one before.

        The last one before only if it holds at `first`.
        """
        ...

    async def find(self, query: ProcessValueQuery) -> list[StoredProcessValue]:
        """Return the values that are asked for, by name, then time."""
        ...

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` values stored before `before`; returns how many."""
        ...
