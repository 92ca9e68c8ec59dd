"""Who follows all sensors goes on when one fails, and leaves time to the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from kurto_analyzer.baselines.fakes import FakeBaselines
from kurto_analyzer.baselines.keeper import ConditionKeeper, KeeperLimits
from kurto_analyzer.baselines.replay import replay
from kurto_analyzer.frames import Frame
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_service.clock import SystemClock

WAIT_S = 60.0


class Windows:
    """Stored windows of which those of one sensor cannot be read."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked: list[str] = []

    async def newest(self, sensor_id: str, limit: int) -> list[Frame]:
        self.asked.append(sensor_id)
        if sensor_id == "broken":
            raise self.error
        return []

    async def between(self, sensor_id: str, start_us: int, end_us: int) -> list[Frame]:
        return []

    async def knows(self, sensor_id: str) -> bool:
        return True


@pytest.mark.parametrize(
    "error", [ValueError("numerics"), KeyError("rms"), ConnectionRefusedError("away")]
)
async def test_a_sensor_that_fails_does_not_stop_the_others(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    windows, registry, clock = Windows(error), CollectorRegistry(), SystemClock()
    keeper = ConditionKeeper(
        FakeBaselines(clock),
        windows,
        clock,
        AnalyzerMetrics(registry),
        KeeperLimits(max_queued_windows=10, max_sensors=10, watch_interval_s=1.0, retry_s=0.01),
    )
    running = asyncio.create_task(keeper.run())
    try:
        keeper.look("broken")
        keeper.look("pump-7")
        async with asyncio.timeout(WAIT_S):
            while "pump-7" not in windows.asked:
                await asyncio.sleep(0.01)
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    failures = registry.get_sample_value("kurto_analyzer_condition_failures_total")
    assert failures == 1
    (record,) = (entry for entry in caplog.records if entry.name.endswith("keeper"))
    assert record.__dict__["sensor_id"] == "broken"


async def test_many_windows_are_taken_a_few_at_a_time() -> None:
    """Others get their turns in between, and all windows come in order."""
    taken: list[Any] = []
    turns = 0

    async def others() -> None:
        nonlocal turns
        while len(taken) < 200:
            turns += 1
            await asyncio.sleep(0)

    await asyncio.gather(replay(list(range(200)), taken.append), others())  # type: ignore[arg-type]
    assert taken == list(range(200))
    assert turns >= 5
