"""What every store of long windows promises."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import asyncpg
import numpy as np
import pytest
from tests.integration.analyzer.recordings import ANCHOR_S

from kurto_analyzer.frames import FrameLayout
from kurto_analyzer.long_windows.fakes import FakeLongResults
from kurto_analyzer.long_windows.ports import LongResultStore
from kurto_analyzer.long_windows.postgres import PostgresLongResults
from kurto_analyzer.long_windows.results import (
    ChannelDiagnosis,
    DiagnosisQuery,
    LongFeatureQuery,
    LongFeatures,
    LongResult,
    WindowIdentity,
)
from kurto_analyzer.partitions import diagnosis_table, long_feature_table
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import LayoutCatalogue
from kurto_dsp.diagnosis import Diagnosis, Fault, FaultLine, Hint, ShaftSpeed, SpeedSource
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool

SENSOR = "pump-7"
LAYOUT = FrameLayout(("order_1x", "bpfo", "velocity_rms_2hz"), ("h", "v"), ("g", "m/s2"))
INNER = Diagnosis(
    fault=Fault.INNER_RACE,
    score=9.25,
    scores=MappingProxyType({Fault.OUTER_RACE: 0.1, Fault.INNER_RACE: 9.25, Fault.BALL: math.nan}),
    lines=(FaultLine("BPFI", 162.2, 161.7, 21.5), FaultLine("BPFI+fr", 192.1, None, None)),
    hints=(Hint("imbalance", 0.25, 'the 1x line is 2.1 mm/s, "most" of it'),),
    reason="inner race lines stand out",
)
UNCERTAIN = Diagnosis(Fault.UNCERTAIN, math.nan, reason="too few revolutions")


def identity(number: int, *, sensor_id: str = SENSOR, epoch: int = 1) -> WindowIdentity:
    end_us = (ANCHOR_S + 10 * number) * 1_000_000 + epoch
    return WindowIdentity(
        sensor_id=sensor_id,
        epoch=epoch,
        window_index=100 * number,
        start_us=end_us - 8_000_000,
        end_us=end_us,
        first_index=256_000 * number,
        sample_count=204_800,
        config_version=2,
        speed=ShaftSpeed(29.95, SpeedSource.MEASURED) if number % 2 else None,
    )


def result(
    number: int, *, diagnoses: tuple[Diagnosis, ...] = (INNER, UNCERTAIN), **names: Any
) -> LongResult:
    window = identity(number, **names)
    values = np.array([[0.5, 12.5, np.nan], [number, np.nan, 1.25]], np.float32)
    made = tuple(
        ChannelDiagnosis(window, channel, one, "SKF 6205-2RS JEM", 2.5 if channel == "h" else None)
        for channel, one in zip(LAYOUT.channels, diagnoses, strict=False)
    )
    return LongResult(LongFeatures(window, LAYOUT, values, (0, 8)), made)


@pytest.fixture
async def postgres_results(analyzer_dsn: str) -> AsyncIterator[PostgresLongResults]:
    pool = await create_pool(analyzer_dsn, max_size=3)
    tables = (long_feature_table(7), diagnosis_table(7))
    keepers = [PartitionKeeper(pool, SystemClock(), table) for table in tables]
    yield PostgresLongResults(pool, pool, keepers, LayoutCatalogue())
    await pool.close()


@pytest.fixture(params=["fake", "postgres"])
def results(request: pytest.FixtureRequest) -> LongResultStore:
    if request.param == "fake":
        return FakeLongResults()
    real: LongResultStore = request.getfixturevalue("postgres_results")
    return real


def assert_same(found: ChannelDiagnosis, stored: ChannelDiagnosis) -> None:
    assert found.window == stored.window
    assert (found.channel, found.bearing, found.growth) == (
        stored.channel,
        stored.bearing,
        stored.growth,
    )
    # NaN differs from itself.
    np.testing.assert_equal(dict(found.diagnosis.scores), dict(stored.diagnosis.scores))
    assert list(found.diagnosis.scores) == list(stored.diagnosis.scores)
    np.testing.assert_equal(found.diagnosis.score, stored.diagnosis.score)
    unscored = [
        dataclasses.replace(one.diagnosis, score=0.0, scores=MappingProxyType({}))
        for one in (found, stored)
    ]
    assert unscored[0] == unscored[1]


async def test_what_is_saved_is_found(results: LongResultStore) -> None:
    saved = result(1)
    assert await results.save(saved)
    found = await results.newest_diagnoses(SENSOR)
    assert len(found) == 2
    for one, stored in zip(found, saved.diagnoses, strict=True):
        assert_same(one, stored)
    (features,) = await results.list_features(LongFeatureQuery(SENSOR, limit=10))
    assert features.window == saved.window
    assert features.layout == LAYOUT
    assert features.quality == (0, 8)
    np.testing.assert_array_equal(features.values, saved.features.values)


async def test_a_window_is_saved_once(results: LongResultStore) -> None:
    assert await results.save(result(1))
    assert not await results.save(result(1, diagnoses=(UNCERTAIN, INNER)))
    found = await results.newest_diagnoses(SENSOR)
    assert [one.diagnosis.fault for one in found] == [Fault.INNER_RACE, Fault.UNCERTAIN]
    assert len(await results.list_features(LongFeatureQuery(SENSOR, limit=10))) == 1


async def test_the_newest_are_of_the_newest_window_that_has_any(results: LongResultStore) -> None:
    assert await results.newest_diagnoses(SENSOR) == []
    for number in (3, 1, 2):
        await results.save(result(number))
    await results.save(result(4, diagnoses=()))
    await results.save(result(9, sensor_id="pump-8"))
    found = await results.newest_diagnoses(SENSOR)
    assert {one.window.window_index for one in found} == {300}
    assert [one.channel for one in found] == ["h", "v"]


async def test_lists_are_in_order_and_continue(results: LongResultStore) -> None:
    for number in (2, 1, 3):
        await results.save(result(number))
        await results.save(result(number, epoch=2))
    everything = await results.list_diagnoses(DiagnosisQuery(SENSOR, limit=100))
    keys = [one.order for one in everything]
    assert keys == sorted(keys)
    assert len(keys) == 12
    for at in range(len(keys)):
        rest = await results.list_diagnoses(DiagnosisQuery(SENSOR, limit=3, after=keys[at]))
        assert [one.order for one in rest] == keys[at + 1 : at + 4]
    windows = await results.list_features(LongFeatureQuery(SENSOR, limit=100))
    orders = [one.window.order for one in windows]
    assert orders == sorted(orders)
    rest_of_windows = await results.list_features(
        LongFeatureQuery(SENSOR, limit=2, after=orders[1])
    )
    assert [one.window.order for one in rest_of_windows] == orders[2:4]


async def test_lists_are_of_what_is_asked_for(results: LongResultStore) -> None:
    for number in range(1, 5):
        await results.save(result(number))
    after_us, until_us = identity(1).end_us, identity(3).end_us
    within = await results.list_diagnoses(
        DiagnosisQuery(SENSOR, limit=10, after_us=after_us, until_us=until_us)
    )
    assert [one.window.window_index for one in within] == [200, 200, 300, 300]
    windows = await results.list_features(
        LongFeatureQuery(SENSOR, limit=10, after_us=after_us, until_us=until_us)
    )
    assert [one.window.window_index for one in windows] == [200, 300]
    chosen = await results.list_diagnoses(DiagnosisQuery(SENSOR, limit=10, channels=("v",)))
    assert {one.channel for one in chosen} == {"v"}
    assert len(chosen) == 4
    named = await results.list_diagnoses(
        DiagnosisQuery(SENSOR, limit=10, faults=(Fault.INNER_RACE, Fault.BALL))
    )
    assert {one.channel for one in named} == {"h"}
    assert await results.list_diagnoses(DiagnosisQuery("pump-8", limit=10)) == []


async def test_nothing_of_a_result_that_fails_is_there(
    postgres_results: PostgresLongResults, analyzer_dsn: str
) -> None:
    """The second diagnosis breaks a rule of the table: neither the first nor features stay."""
    broken = result(1)
    double = LongResult(
        broken.features,
        (broken.diagnoses[0], dataclasses.replace(broken.diagnoses[1], bearing=None)),  # type: ignore[arg-type]
    )
    with pytest.raises(asyncpg.NotNullViolationError):
        await postgres_results.save(double)
    assert await postgres_results.newest_diagnoses(SENSOR) == []
    assert await postgres_results.list_features(LongFeatureQuery(SENSOR, limit=10)) == []
    assert await postgres_results.save(broken)


async def test_a_partition_that_was_removed_is_made_again(
    postgres_results: PostgresLongResults, analyzer_dsn: str
) -> None:
    await postgres_results.save(result(1))
    connection = await asyncpg.connect(analyzer_dsn)
    try:
        rows = await connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'analyzer.diagnoses'::regclass"
        )
        for row in rows:
            await connection.execute(f"DROP TABLE {row['name']}")
    finally:
        await connection.close()
    assert await postgres_results.save(result(2))
    assert len(await postgres_results.newest_diagnoses(SENSOR)) == 2


async def test_the_view_shows_the_newest(
    postgres_results: PostgresLongResults, analyzer_dsn: str
) -> None:
    for number in (1, 3, 2):
        await postgres_results.save(result(number))
    connection = await asyncpg.connect(analyzer_dsn)
    try:
        await connection.execute(
            "INSERT INTO analyzer.positions (sensor_id, epoch, sample_rate_hz, hop_samples,"
            " window_hops, anchor_time) VALUES ($1, 1, 25600, 2560, 10, now())",
            SENSOR,
        )
        rows = await connection.fetch(
            "SELECT *, lines -> 0 ->> 'name' AS line FROM reporting.v_latest_diagnoses"
            " ORDER BY channel"
        )
    finally:
        await connection.close()
    assert [(row["channel"], row["fault"]) for row in rows] == [
        ("h", "inner_race"),
        ("v", "uncertain"),
    ]
    assert {row["window_index"] for row in rows} == {300}
    assert rows[0]["shaft_speed_rpm"] == pytest.approx(1797.0)
    assert rows[0]["line"] == "BPFI"
    assert rows[0]["age"] > timedelta(0)
