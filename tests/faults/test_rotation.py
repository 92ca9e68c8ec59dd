"""Acknowledgment by rotation: nothing is lost however often, and it costs next to nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from tests.conftest import RunningStack
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.processes import cpu_seconds
from tests.faults.rig.report import DrillBook, at_least, at_most, none_of, shown
from tests.faults.rig.scale import Scale

DEFAULT_INTERVAL_S = 10.0
OFTEN_S, HARDLY_EVER_S = 0.25, 3600.0
SETTLE_S = 2.0
TURNS = 2


async def test_calls_rotate_all_the_time(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    load = Load(
        urlsplit(stack.ready["http"]).netloc,
        sensor_names("rotate", scale.fixed_sensors or scale.count(4, 20)),
        scale.seconds(8, 120),
        rotate_interval_s=scale.seconds(0.5, 2.0),
    )
    await load.run()
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    book.add(
        *("13", f"rotate every {load.rotate_interval_s:g} s: 0 lost, 0 doubled"),
        load=load,
        fault="rotation all the time",
        figures=[
            *verdict.figures(),
            none_of("reconnections", sum(one.reconnect_count for one in load.pushed)),
            at_least(
                "acknowledgments of each sensor",
                min(acknowledgments(load, 0.0)),
                0.5 * load.duration_s / load.rotate_interval_s,
            ),
        ],
    )


@dataclass
class Cost:
    """CPU time of one phase, in seconds.

    Parameters
    ----------
    ingest_s, sender_s : float
        Of ingest, and of this process with all senders.
    rotation_count : int
        Rotations meanwhile.
    """

    ingest_s: float = 0.0
    sender_s: float = 0.0
    rotation_count: int = 0

    def add(self, other: Cost) -> None:
        """Add another phase."""
        self.ingest_s += other.ingest_s
        self.sender_s += other.sender_s
        self.rotation_count += other.rotation_count


@pytest.mark.full_drill  # a share of CPU takes a quiet machine
async def test_rotation_at_the_default_interval_costs_little(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    names = sensor_names("cost", scale.fixed_sensors or 12)
    measure_s = 12.0
    often, hardly_ever = Cost(), Cost()
    for number in range(TURNS):  # in turns, so that a drift of the machine evens out
        for total, interval_s in ((hardly_ever, HARDLY_EVER_S), (often, OFTEN_S)):
            load = Load(
                urlsplit(stack.ready["http"]).netloc,
                [f"{name}-{number}-{interval_s:g}" for name in names],
                SETTLE_S + measure_s + 10,
                rotate_interval_s=interval_s,
            )
            total.add(await cost_of(load, stack.pid("ingest"), measure_s))
    rotations = often.rotation_count - hardly_ever.rotation_count
    stream_s = TURNS * measure_s * len(names)  # seconds of stream in each total
    per_interval = {
        "ingest": ((often.ingest_s - hardly_ever.ingest_s) / rotations, hardly_ever.ingest_s),
        "sender": ((often.sender_s - hardly_ever.sender_s) / rotations, hardly_ever.sender_s),
    }
    figures = [at_least("rotations measured", rotations, 50)]
    for side, (rotation_s, without_s) in per_interval.items():
        share = rotation_s / (DEFAULT_INTERVAL_S * without_s / stream_s)
        figures.append(shown(f"CPU of a rotation in {side}", 1e3 * rotation_s, "ms"))
        figures.append(at_most(f"share of {side} at {DEFAULT_INTERVAL_S:g} s", 100 * share, 2, "%"))
    book.add(
        *("13b", "rotation at the default interval costs ≤ 2 % CPU"),
        load=f"{len(names)} sensors of 2 channels at 25.6 kHz, {stream_s:g} s of stream each way",
        fault=f"rotation every {OFTEN_S:g} s against none, in turns",
        figures=figures,
    )


async def cost_of(load: Load, ingest_pid: int, measure_s: float) -> Cost:
    """Measure the CPU time of a load that runs steadily."""
    async with load.running():
        await asyncio.sleep(SETTLE_S)
        since_s = time.monotonic()
        ingest_s, sender_s = cpu_seconds(ingest_pid), time.process_time()
        await asyncio.sleep(measure_s)
        cost = Cost(
            cpu_seconds(ingest_pid) - ingest_s,
            time.process_time() - sender_s,
            sum(acknowledgments(load, since_s)),
        )
        load.stop()
    return cost


def acknowledgments(load: Load, since_s: float) -> list[int]:
    """Return for each sensor how often more was acknowledged since a moment."""
    return [
        len({entry.acknowledged_index for entry in one.history if entry.at_s >= since_s})
        for one in load.pushed
    ]
