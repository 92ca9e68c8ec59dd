"""What every store of copied baselines must do."""

from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from kurto_alerts.fakes.baselines import MemoryBaselines
from kurto_alerts.postgres.baselines import PostgresBaselines
from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.ports import BaselineVersionStore
from kurto_dsp.condition import BaselineLearner, OperatingBin, OperatingBins, ReferenceLayout
from kurto_service.postgres import create_pool


def version(
    number: int, *, sensor_id: str = "pump-7", end_us: int | None = None
) -> BaselineVersion:
    learner = BaselineLearner(ReferenceLayout(("h", "v"), ("g", "m/s2"), ("kurtosis", "rms")))
    for window in range(60):
        learner.add(
            np.array([[3.0, number], [np.nan, 2.0]]) * np.exp(window / 100), OperatingBin(1)
        )
    cuts = OperatingBins(24.7, load_step=0.5)
    return BaselineVersion(number, sensor_id, 1_000_000 * number + 1, end_us, learner.freeze(cuts))


def plain(versions: list[BaselineVersion]) -> list[object]:
    return [
        (v.baseline_id, v.sensor_id, v.freeze_us, v.end_us, v.baseline.state()) for v in versions
    ]


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[BaselineVersionStore]:
    if not dsn:
        yield MemoryBaselines()
        return
    pool = await create_pool(dsn, max_size=2)
    yield PostgresBaselines(pool)
    await pool.close()


async def test_nothing_at_first(store: BaselineVersionStore) -> None:
    assert await store.load_baselines() == ([], 0)


async def test_baselines_come_back_exactly(store: BaselineVersionStore) -> None:
    first, other = version(1), version(2, sensor_id="fan")
    await store.save_baselines([other, first], 5)
    versions, number = await store.load_baselines()
    assert number == 5
    assert plain(versions) == plain([first, other])


async def test_a_baseline_ends(store: BaselineVersionStore) -> None:
    await store.save_baselines([version(1)], 2)
    ended = replace(version(1), end_us=9_000_000)
    await store.save_baselines([ended, version(3)], 4)
    versions, number = await store.load_baselines()
    assert (plain(versions), number) == (plain([ended, version(3)]), 4)


async def test_what_is_taken_up_is_not_taken_up_again(store: BaselineVersionStore) -> None:
    ended = replace(version(1), end_us=9_000_000)
    await store.save_baselines([ended], 4)
    await store.save_baselines([version(1)], 2)  # a slower process, with what it had read
    versions, number = await store.load_baselines()
    assert (plain(versions), number) == (plain([ended]), 4)


async def test_events_without_a_baseline_count(store: BaselineVersionStore) -> None:
    await store.save_baselines([], 7)
    assert await store.load_baselines() == ([], 7)
