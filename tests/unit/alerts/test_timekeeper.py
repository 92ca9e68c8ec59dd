"""The timekeeper on a clock that moves only when told to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kurto_alerts.operators.timekeeper import Timekeeper, TimekeeperLimits
from kurto_service.testing import FakeClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = TimekeeperLimits(poll_s=1.0, realarm_s=3600.0, batch_size=10)


class Due:
    """Has so much to do, and is away when told so."""

    def __init__(self) -> None:
        self.shelves, self.alerts = 0, 0
        self.away = False
        self.asked: list[tuple[datetime, datetime]] = []

    async def expire_shelves(self, *, now: datetime, limit: int) -> int:
        if self.away:
            raise TimeoutError
        done, self.shelves = min(self.shelves, limit), max(self.shelves - limit, 0)
        return done

    async def realarm(self, *, acknowledged_before: datetime, now: datetime, limit: int) -> int:
        self.asked.append((acknowledged_before, now))
        done, self.alerts = min(self.alerts, limit), max(self.alerts - limit, 0)
        return done


@pytest.fixture
async def parts() -> AsyncIterator[tuple[Due, FakeClock, list[Any]]]:
    due, clock, changes = Due(), FakeClock(NOW), list[Any]()
    keeper = Timekeeper(due, LIMITS, clock, lambda: changes.append(clock.now()))
    task = asyncio.create_task(keeper.run())
    yield due, clock, changes
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_looks_every_second_and_an_hour_back(
    parts: tuple[Due, FakeClock, list[Any]],
) -> None:
    due, clock, changes = parts
    await clock.advance(3.5)
    assert due.asked == [
        (NOW + timedelta(seconds=at - 3600), NOW + timedelta(seconds=at)) for at in range(4)
    ]
    assert changes == []


async def test_does_all_that_is_due_at_once_in_batches(
    parts: tuple[Due, FakeClock, list[Any]],
) -> None:
    due, clock, changes = parts
    await clock.advance(0.5)
    due.shelves, due.alerts = 25, 12
    await clock.advance(1.0)
    assert (due.shelves, due.alerts) == (0, 0)
    assert len(changes) == 3


async def test_what_was_due_while_the_store_was_away_is_done_afterwards(
    parts: tuple[Due, FakeClock, list[Any]],
) -> None:
    due, clock, changes = parts
    due.away = True
    due.shelves = 3
    await clock.advance(10.0)
    assert (due.shelves, changes) == (3, [])
    due.away = False
    await clock.advance(1.0)
    assert (due.shelves, len(changes)) == (0, 1)
