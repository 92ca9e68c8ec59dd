"""Process values in memory; they pass the same contract tests as PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from kurto_ingest.assets.process_values import ProcessValueDefinition
from kurto_ingest.fakes.streams import FakeSampleStore
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.value_store import ProcessValueQuery, StoredProcessValue

__all__ = ["FakeProcessValueStore"]


class FakeProcessValueStore:
    """`kurto_ingest.value_store.ProcessValueStore` over a `FakeSampleStore`."""

    def __init__(self, samples: FakeSampleStore) -> None:
        self._samples = samples

    async def holding(
        self, stream_format: StreamFormat, definition: ProcessValueDefinition, first: int, end: int
    ) -> list[ProcessValue]:
        """Return the values at samples `first` <= i < `end`, and the last one before."""
        oldest_us = stream_format.time_us(first) - definition.valid_for_us
        found = sorted(
            stored.value
            for _, stored in self._samples.values_of(stream_format.sensor_key)
            if stored.epoch == stream_format.epoch
            and stored.time_us >= oldest_us
            and (stored.value.name, stored.value.unit) == (definition.name, definition.unit)
        )
        before = [value for value in found if value.index < first]
        return before[-1:] + [value for value in found if first <= value.index < end]

    async def find(self, query: ProcessValueQuery) -> list[StoredProcessValue]:
        """Return the values that are asked for, by name, then time."""
        own = (stored for _, stored in self._samples.values_of(query.sensor_key))
        found = [stored for stored in own if _matches(stored, query)]
        return sorted(found, key=lambda stored: stored.place)[: query.limit]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` values stored before `before`; returns how many."""
        return self._samples.drop_values(before, limit)


def _matches(stored: StoredProcessValue, query: ProcessValueQuery) -> bool:
    return (
        (not query.names or stored.value.name in query.names)
        and (query.start_us is None or stored.time_us >= query.start_us)
        and (query.end_us is None or stored.time_us < query.end_us)
        and (query.after is None or stored.place > query.after)
    )
