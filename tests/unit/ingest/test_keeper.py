"""The keeper: what is due is done, and one range that fails holds back no other."""

from datetime import UTC, datetime, timedelta
from typing import Any

from kurto_ingest.assets.retention import Snapshots
from kurto_ingest.keeping.keeper import KeeperPace, SampleKeeper
from kurto_ingest.keeping.kept import CopyPace, KeptRange, SnapshotProgress
from kurto_service.testing import FakeClock

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
POLICY = Snapshots(interval_s=60, length_s=1)


class Store:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.progress: list[SnapshotProgress] = []
        self.noted: list[tuple[int, list[str]]] = []
        self.keys: list[tuple[str, str]] = []
        self.copies: list[str] = []
        self.batches = 3
        self.bad = ""
        self.looks = 0

    async def snapshot_progress(self) -> list[SnapshotProgress]:
        """Count the looks."""
        self.looks += 1
        return self.progress

    async def note_snapshots(
        self, ranges: list[KeptRange], progress: list[SnapshotProgress]
    ) -> None:
        """Note what came."""
        self.noted.append((len(ranges), [item.sensor_id for item in progress]))

    async def due(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return everything."""
        return self.keys[:limit]

    async def copy(self, key: tuple[str, str], now: datetime, pace: CopyPace) -> bool:
        """Copy in three batches, or fail."""
        if key[1] == self.bad:
            raise OSError("the disk is on fire")
        self.copies.append(key[1])
        return self.copies.count(key[1]) < self.batches

    async def expired(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return nothing."""
        return []


def keeper(store: Any, clock: FakeClock) -> SampleKeeper:
    return SampleKeeper(store, clock, KeeperPace(interval_s=1, pause_s=0))


def moved(sensor_id: str, taken: datetime | None, durable: datetime) -> SnapshotProgress:
    return SnapshotProgress(
        sensor_id=sensor_id, epoch=1, policy=POLICY, anchor=NOW, durable=durable, taken=taken
    )


async def test_streams_without_a_new_snapshot_cost_no_transaction() -> None:
    store, clock = Store(), FakeClock(NOW)
    between = NOW + timedelta(seconds=5)
    store.progress = [moved(f"s-{n}", between, NOW + timedelta(seconds=50)) for n in range(500)]
    one = keeper(store, clock)
    await one.work()
    assert store.noted == []
    store.progress[7] = moved("s-7", between, NOW + timedelta(seconds=61))
    store.progress[9] = moved("s-9", between, NOW + timedelta(seconds=200))
    await one.work()
    assert store.looks == 1  # not every time
    await clock.advance(6)
    await one.work()
    assert store.noted == [(4, ["s-7", "s-9"])]


async def test_many_snapshots_are_noted_in_parts() -> None:
    store = Store()
    store.progress = [moved(f"s-{n}", None, NOW + timedelta(minutes=200)) for n in range(12)]
    await keeper(store, FakeClock(NOW)).work()
    assert [count for count, _ in store.noted] == [1000, 1000, 400]


async def test_range_that_fails_holds_back_no_other() -> None:
    store = Store()
    store.keys = [("s", "a"), ("s", "b"), ("s", "c")]
    store.bad = "b"
    await keeper(store, FakeClock(NOW)).work()
    assert store.copies == ["a"] * 3 + ["c"] * 3
