"""What every store of baselines must do, and every reader of windows that count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.contract.analyzer.test_feature_store import (
    GAP,
    GEOMETRY,
    LAYOUT,
    advance,
    assert_same,
    frame,
    opened,
)

from kurto_analyzer.baselines.exceptions import AlreadyLearning
from kurto_analyzer.baselines.fakes import FakeBaselines, FakeCountedWindows
from kurto_analyzer.baselines.model import BaselineState, LearningCause, NewBaseline
from kurto_analyzer.baselines.ports import BaselineStore, CountedWindows
from kurto_analyzer.baselines.postgres import PostgresBaselines
from kurto_analyzer.baselines.postgres_windows import PostgresCountedWindows
from kurto_analyzer.fakes import FakeFeatureStore
from kurto_analyzer.partitions import feature_table
from kurto_analyzer.ports import EpochOpening, FeatureStore, FrameQuery
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import LayoutCatalogue
from kurto_dsp.condition.baselines import MIN_WINDOWS, Baseline, BaselineLearner
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.reference_levels import ReferenceLayout
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool

NEW = NewBaseline(
    sensor_id="pump-7",
    cause=LearningCause.COMMISSIONING,
    reason="new machine",
    principal="ada",
    begin_us=(int(time.time()) - 3600) * 1_000_000,
    wanted_windows=90,
)
REPLACED = replace(NEW, cause=LearningCause.BEARING_REPLACED, reason="new bearing", principal="eva")


def learned(level: float = 1.0) -> Baseline:
    layout = ReferenceLayout(("h", "v"), ("g", "m/s2"), ("rms", "kurtosis"))
    learner = BaselineLearner(layout)
    for number in range(MIN_WINDOWS):
        values = np.array([[level, 3.0], [2.0, np.nan]])
        learner.add(values * np.exp(number / 100), OperatingBin(-1))
    return learner.freeze()


@dataclass
class Stores:
    frames: FeatureStore
    baselines: BaselineStore
    windows: CountedWindows


@pytest.fixture
async def real_stores(analyzer_dsn: str) -> AsyncIterator[Stores]:
    pool = await create_pool(analyzer_dsn, max_size=4)
    keeper = PartitionKeeper(pool, SystemClock(), feature_table(7))
    layouts = LayoutCatalogue()
    yield Stores(
        PostgresFeatureStore(pool, pool, keeper, layouts),
        PostgresBaselines(pool, pool),
        PostgresCountedWindows(pool, layouts),
    )
    await pool.close()


@pytest.fixture(params=["fake", "postgres"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        frames = FakeFeatureStore()
        return Stores(frames, FakeBaselines(SystemClock()), FakeCountedWindows(frames))
    real: Stores = request.getfixturevalue("real_stores")
    return real


async def audit(store: BaselineStore, baseline_id: int) -> list[tuple[str, str, str]]:
    events = await store.events([baseline_id])
    assert [event.event_id for event in events] == sorted(event.event_id for event in events)
    assert all(abs(event.time_us / 1e6 - time.time()) < 60 for event in events)
    return [(event.kind, event.principal, event.reason) for event in events]


async def test_a_request_is_stored_as_it_came(stores: Stores) -> None:
    stored = await stores.baselines.request(NEW)
    assert stored.state is BaselineState.LEARNING
    for name in ("sensor_id", "cause", "reason", "principal", "begin_us", "wanted_windows"):
        assert getattr(stored, name) == getattr(NEW, name), name
    assert (stored.baseline, stored.freeze_us, stored.end_us) == (None, None, None)
    (found,) = await stores.baselines.open_baselines("pump-7")
    assert found.baseline_id == stored.baseline_id
    assert found.begin_us == NEW.begin_us
    assert await audit(stores.baselines, stored.baseline_id) == [
        ("requested", "ada", "new machine")
    ]


async def test_a_learned_baseline_comes_back_exactly(stores: Stores) -> None:
    stored = await stores.baselines.request(NEW)
    baseline = learned()
    assert await stores.baselines.freeze(stored.baseline_id, baseline)
    (found,) = await stores.baselines.open_baselines("pump-7")
    assert found.state is BaselineState.IN_FORCE
    assert found.baseline is not None
    assert found.baseline.state() == baseline.state()
    assert found.freeze_us is not None
    assert (await audit(stores.baselines, stored.baseline_id))[1:] == [
        ("frozen", "kurto-analyzer", f"{MIN_WINDOWS} windows learned")
    ]


async def test_events_of_all_sensors_follow_each_other(stores: Stores) -> None:
    sensors = [f"pump-{number}" for number in range(8)]
    store = stores.baselines

    async def learn(sensor_id: str) -> None:
        stored = await store.request(replace(NEW, sensor_id=sensor_id))
        await store.freeze(stored.baseline_id, learned())

    async def follow() -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []
        number = 0
        while len(seen) < 2 * len(sensors):
            for event in await store.events_after(number, limit=3):
                assert event.event_id > number
                number = event.event_id
                seen.append((event.sensor_id, event.kind))
            await asyncio.sleep(0)
        return seen

    async with asyncio.timeout(60):
        following = asyncio.create_task(follow())
        await asyncio.gather(*(learn(sensor_id) for sensor_id in sensors))
        seen = await following
    assert sorted(seen) == sorted((s, kind) for s in sensors for kind in ("frozen", "requested"))


async def test_it_is_frozen_once(stores: Stores) -> None:
    stored = await stores.baselines.request(NEW)
    answers = await asyncio.gather(
        *(stores.baselines.freeze(stored.baseline_id, learned(level)) for level in (1.0, 2.0, 3.0))
    )
    assert sorted(answers) == [False, False, True]
    assert len(await audit(stores.baselines, stored.baseline_id)) == 2


async def test_the_next_one_replaces_it_when_it_is_complete(stores: Stores) -> None:
    first = await stores.baselines.request(NEW)
    await stores.baselines.freeze(first.baseline_id, learned())
    second = await stores.baselines.request(replace(NEW, cause=LearningCause.MAINTENANCE))
    states = {s.baseline_id: s.state for s in await stores.baselines.open_baselines("pump-7")}
    assert states == {
        first.baseline_id: BaselineState.IN_FORCE, second.baseline_id: BaselineState.LEARNING,
    }  # fmt: skip
    await stores.baselines.freeze(second.baseline_id, learned(2.0))
    old = await stores.baselines.get("pump-7", first.baseline_id)
    assert old is not None
    assert old.state is BaselineState.RETIRED
    assert old.end_us is not None
    assert old.baseline is not None  # kept
    assert old.baseline.state() == learned().state()
    assert (await audit(stores.baselines, first.baseline_id))[-1] == (
        "retired", "kurto-analyzer", f"replaced by baseline {second.baseline_id}",
    )  # fmt: skip


async def test_a_new_bearing_ends_the_old_baseline_at_once(stores: Stores) -> None:
    first = await stores.baselines.request(NEW)
    await stores.baselines.freeze(first.baseline_id, learned())
    second = await stores.baselines.request(REPLACED)
    (found,) = await stores.baselines.open_baselines("pump-7")
    assert found.baseline_id == second.baseline_id
    assert (await audit(stores.baselines, first.baseline_id))[-1] == (
        "retired", "eva", "new bearing",
    )  # fmt: skip


async def test_only_one_is_learned_at_a_time(stores: Stores) -> None:
    first = await stores.baselines.request(NEW)
    await stores.baselines.freeze(first.baseline_id, learned())
    await stores.baselines.request(NEW)
    with pytest.raises(AlreadyLearning):
        await stores.baselines.request(REPLACED)
    # What was refused has ended nothing.
    states = {s.state for s in await stores.baselines.open_baselines("pump-7")}
    assert states == {BaselineState.IN_FORCE, BaselineState.LEARNING}


async def test_of_many_requests_at_once_one_is_taken(stores: Stores) -> None:
    answers = await asyncio.gather(
        *(stores.baselines.request(NEW) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(answer, AlreadyLearning) for answer in answers) == 2


async def test_restarting_gives_up_what_was_being_learned(stores: Stores) -> None:
    first = await stores.baselines.request(NEW)
    second = await stores.baselines.request(replace(NEW, restart=True, principal="eva"))
    old = await stores.baselines.get("pump-7", first.baseline_id)
    assert old is not None
    assert old.state is BaselineState.ABANDONED
    assert (await audit(stores.baselines, first.baseline_id))[-1] == (
        "abandoned", "eva", "new machine",
    )  # fmt: skip
    assert not await stores.baselines.freeze(first.baseline_id, learned())
    assert await stores.baselines.freeze(second.baseline_id, learned())


async def test_all_are_listed_the_newest_first(stores: Stores) -> None:
    numbers = []
    for _ in range(5):
        stored = await stores.baselines.request(replace(NEW, restart=True))
        numbers.append(stored.baseline_id)
    await stores.baselines.request(replace(NEW, sensor_id="fan-1"))
    listed = await stores.baselines.list_baselines("pump-7", before_id=None, limit=3)
    assert [one.baseline_id for one in listed] == numbers[:1:-1]
    rest = await stores.baselines.list_baselines("pump-7", before_id=numbers[2], limit=3)
    assert [one.baseline_id for one in rest] == numbers[1::-1]
    assert await stores.baselines.get("fan-1", numbers[0]) is None


async def test_every_change_shows_in_the_revision(stores: Stores) -> None:
    assert dict(await stores.baselines.revisions()) == {}
    seen = []
    first = await stores.baselines.request(NEW)
    seen.append((await stores.baselines.revisions())["pump-7"])
    await stores.baselines.freeze(first.baseline_id, learned())
    seen.append((await stores.baselines.revisions())["pump-7"])
    await stores.baselines.request(REPLACED)
    seen.append((await stores.baselines.revisions())["pump-7"])
    assert [revision.learning for revision in seen] == [True, False, True]
    numbers = [revision.number for revision in seen]
    assert numbers == sorted(set(numbers))


async def test_windows_count_that_share_no_sample(stores: Stores) -> None:
    await opened(stores.frames, 1)
    frames = [
        frame(k, empty_reason=GAP if k == 30 else 0, late=k == 50) for k in range(80)
    ]  # fmt: skip
    await stores.frames.commit([advance(*frames, expected=0)])
    newest = await stores.windows.newest("pump-7", 100)
    assert [one.window_index for one in newest] == [0, 10, 20, 40, 60, 70]
    assert_same(newest[-1], frames[70])
    np.testing.assert_array_equal(newest[-1].values, frames[70].values)
    assert [one.window_index for one in await stores.windows.newest("pump-7", 2)] == [60, 70]
    between = await stores.windows.between("pump-7", frames[10].start_us, frames[60].start_us)
    assert [one.window_index for one in between] == [10, 20, 40]


async def test_the_speed_of_a_window_is_stored(stores: Stores) -> None:
    await opened(stores.frames, 1)
    frames = [frame(0), replace(frame(1), shaft_speed_hz=24.5)]
    frames += [frame(k) for k in range(2, 10)] + [replace(frame(10), shaft_speed_hz=0.0)]
    await stores.frames.commit([advance(*frames, expected=0)])
    listed = await stores.frames.list_frames(FrameQuery("pump-7", limit=2))
    speeds = [one.shaft_speed_hz for one in listed]
    assert np.isnan(speeds[0])
    assert speeds[1] == 24.5
    counted = [one.shaft_speed_hz for one in await stores.windows.newest("pump-7", 5)]
    assert np.isnan(counted[0])
    assert counted[1] == 0.0


async def test_windows_of_several_epochs_come_by_time(stores: Stores) -> None:
    await opened(stores.frames, 1)
    later = replace(GEOMETRY, anchor_us=GEOMETRY.anchor_us + 60_000_000)
    await stores.frames.open_epochs([EpochOpening("pump-7", 2, later)])
    first = [frame(k) for k in range(21)]
    second = [frame(k, epoch=2, geometry=later) for k in range(11)]
    await stores.frames.commit([advance(*first, expected=0), advance(*second, expected=0)])
    found = await stores.windows.newest("pump-7", 4)
    assert [(one.epoch, one.window_index) for one in found] == [(1, 10), (1, 20), (2, 0), (2, 10)]
    assert found[0].layout == LAYOUT


async def test_sensors_are_known_from_their_first_epoch_on(stores: Stores) -> None:
    assert not await stores.windows.knows("pump-7")
    await opened(stores.frames, 1)
    assert await stores.windows.knows("pump-7")
    assert not await stores.windows.knows("pump-8")
    assert await stores.windows.newest("pump-8", 5) == []


async def test_the_load_of_a_window_is_stored(stores: Stores) -> None:
    await opened(stores.frames, 1)
    step = np.float32(0.1).item()
    frames = [replace(frame(0), load=42.5, load_step=step), *(frame(k) for k in range(1, 10))]
    frames += [replace(frame(10), load=-3.0, load_step=10.0)]
    await stores.frames.commit([advance(*frames, expected=0)])
    listed = await stores.frames.list_frames(FrameQuery("pump-7", limit=20))
    assert (listed[0].load, listed[0].load_step) == (42.5, step)
    assert np.isnan([listed[1].load, listed[1].load_step]).all()
    counted = await stores.windows.newest("pump-7", 5)
    assert [(one.load, one.load_step) for one in counted] == [(42.5, step), (-3.0, 10.0)]
