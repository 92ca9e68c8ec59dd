"""Processes die under load; what was acknowledged is there, once."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.report import DrillBook, at_most, none_of
from tests.faults.rig.scale import Scale


async def test_nothing_dies(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    load = Load(target, sensor_names("calm", sensor_count()), scale.seconds(6, 20))
    await load.run()
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    book.add(
        "0",
        "without a fault: every sample and every window once",
        load=load,
        fault="none",
        figures=[
            *verdict.figures(),
            none_of("reconnections", sum(one.reconnect_count for one in load.pushed)),
            # Rotation every 2 s, commit within 0.2 s: nothing waits longer for its acknowledgment.
            at_most("longest lag", max(one.longest_lag_s for one in load.pushed), 5.0, "s"),
        ],
    )
