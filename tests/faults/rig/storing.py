"""Follows how far PostgreSQL holds each stream: resumption times, and acks that come too early."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
from tests.faults.rig.pushed import Pushed

_POSITIONS = """
SELECT sensor_id, epoch, next_index,
    CASE WHEN isempty(missing) THEN next_index ELSE lower(missing) END AS held
FROM ingest.streams WHERE sensor_id = ANY ($1)
"""
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_POLL_S = 0.025


@dataclass
class Storing:
    """How far the database held each sensor, over time.

    Parameters
    ----------
    held : dict of str to list of (float, int)
        By sensor: moments of the monotonic clock, and the index below which all was committed.
        Changes only.
    early_ack_count : int
        How often a sender had an acknowledgment of samples that were not committed.
    look_count : int
        How often acknowledgments were compared with the database.
    """

    held: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    early_ack_count: int = 0
    look_count: int = 0

    def back_after(self, pushed: Pushed, at_s: float) -> float | None:
        """Return the seconds from a fault until samples made after it were held, if ever."""
        sent = pushed.at(at_s).pushed_index
        series = self.held.get(pushed.sensor_id, [])
        return next((when - at_s for when, index in series if when > at_s and index > sent), None)

    async def drained(
        self, pushed: Sequence[Pushed], sample_rate_hz: float, patience_s: float
    ) -> float:
        """Wait until every sensor is held to within two seconds of what it has sent.

        Returns
        -------
        float
            When that was, on the monotonic clock; infinite if it was not for ``patience_s``.
        """
        started_s = time.monotonic()
        while time.monotonic() < started_s + patience_s:
            left = [one.pushed_index - self.newest(one.sensor_id) for one in pushed]
            if max(left) <= 2 * sample_rate_hz:
                return time.monotonic()
            await asyncio.sleep(_POLL_S)
        return float("inf")

    def newest(self, sensor_id: str) -> int:
        """Return the index below which all of a sensor was last seen committed."""
        series = self.held.get(sensor_id)
        return series[-1][1] if series else 0

    def times_back(self, pushed: Sequence[Pushed], at_s: float) -> list[float]:
        """Return `back_after` for all sensors; those that never came back count as infinite."""
        times = (self.back_after(one, at_s) for one in pushed)
        return [float("inf") if one is None else one for one in times]


@asynccontextmanager
async def storing(dsn: str, pushed: Sequence[Pushed]) -> AsyncIterator[Storing]:
    """Follow the streams of a load until the block ends, whatever happens to the database."""
    seen = Storing()
    task = asyncio.create_task(_follow(dsn, pushed, seen), name="storing")
    try:
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(dsn: str, pushed: Sequence[Pushed], seen: Storing) -> None:
    while True:
        with contextlib.suppress(*_AWAY):
            connection = await asyncpg.connect(dsn, timeout=10.0)
            try:
                while True:
                    await _look(connection, pushed, seen)
                    await asyncio.sleep(_POLL_S)
            finally:
                connection.terminate()
        await asyncio.sleep(_POLL_S)


async def _look(
    connection: asyncpg.Connection[asyncpg.Record], pushed: Sequence[Pushed], seen: Storing
) -> None:
    # Acknowledgments first: what is acknowledged by now must be found by the query that follows.
    acknowledged = {one.sensor_id: (one.epoch, one.acknowledged_index) for one in pushed}
    names = list(acknowledged)
    rows = await connection.fetch(_POSITIONS, names, timeout=10.0)
    now_s = time.monotonic()
    found = {(row["sensor_id"], row["epoch"]): row for row in rows}
    for sensor_id, key in ((name, (name, epoch)) for name, (epoch, _) in acknowledged.items()):
        row = found.get(key)
        held, next_index = (row["held"], row["next_index"]) if row else (0, 0)
        # An acknowledgment names missing ranges apart from its index.
        seen.early_ack_count += acknowledged[sensor_id][1] > next_index
        series = seen.held.setdefault(sensor_id, [])
        if not series or series[-1][1] != held:
            series.append((now_s, held))
    seen.look_count += 1
