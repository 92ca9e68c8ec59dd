"""However samples are cut, repeated and interrupted: the same features, the same alarms."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from urllib.parse import urlsplit

import asyncpg
import grpc
import pytest
from tests.conftest import RunningStack
from tests.faults.message_plans import batches, repeated
from tests.faults.plain_sender import CHANNELS, PlainSender, open_channel
from tests.faults.rig.alarms import alarming
from tests.faults.rig.report import DrillBook, at_least, holds, none_of, shown
from tests.faults.rig.scale import Scale
from tests.faults.rules import create_rule, delete_rule
from tests.faults.stored import Stored, read_back

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import samples_pb2

RATE_HZ = 25_600.0
HOP, WINDOW = 2560, 25_600
LIMIT_G = 5.0
VICTIMS = ("ingest", "analyzer", "alerts", "envoy", "valkey", "postgres")
_EVENTS = """
SELECT a.channel, t.kind, t.transition_window_index AS at
FROM alerts.alert_transitions AS t JOIN alerts.alerts AS a USING (alert_id)
WHERE a.sensor_id = $1 AND t.transition_window_index IS NOT NULL
ORDER BY a.channel, at, t.kind
"""


class AlarmingSender(PlainSender):
    """Sends samples that are loud and quiet in turn, the same for senders of one seed."""

    def batch(
        self, first: int, end: int, *, device_time: dt.datetime | None = None
    ) -> pb.PushRequest:
        """Return the message with samples `first` <= i < `end`."""
        samples = alarming(self.seed, 1, first, end - first)
        batch = samples_pb2.SampleBatch(first_index=first, planar=samples.tobytes())
        return pb.PushRequest(batch=pb.StreamBatch(batch=batch))


async def send_stubbornly(
    sender: AlarmingSender, plan: list[tuple[int, int]], total: int, *, pause_s: float = 0.0
) -> tuple[int, int]:
    """Send a plan, and what is not there after it, until all is; return calls and breaks."""
    calls = breaks = 0
    waiting = plan
    while waiting:
        try:
            calls += 1
            await sender.push([sender.batch(first, end) for first, end in waiting[:10]])
            waiting = waiting[10:]
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            breaks += 1
            waiting = await _rest(sender, waiting, total)
        waiting = waiting or await _rest(sender, [], total)
        await asyncio.sleep(pause_s)  # so that what is killed dies among samples
    return calls, breaks


async def _rest(
    sender: AlarmingSender, plan: list[tuple[int, int]], total: int
) -> list[tuple[int, int]]:
    """Open again and return what is still to be sent."""
    deadline = asyncio.get_running_loop().time() + 60.0
    while True:
        try:
            opened = await sender.open()
            break
        except grpc.aio.AioRpcError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)
    lost = [(one.first_index, one.end_index) for one in opened.missing_ranges]
    if opened.next_index >= total:
        return lost
    later = [one for one in plan if one[1] > opened.next_index]
    begin = min([first for first, _ in later], default=opened.next_index)
    bridge = [(opened.next_index, begin)] if begin > opened.next_index else []
    return lost + bridge + (later or [(opened.next_index, total)])


async def kill_at_random(stack: RunningStack, chance: random.Random, kills: int) -> list[str]:
    """Kill members one after another while samples are sent; return which."""
    killed = []
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        name = chance.choice(VICTIMS)
        killed.append(name)
        old_pid = await asyncio.to_thread(stack.kill, name)
        await asyncio.to_thread(stack.wait_for_restart, name, old_pid)
    return killed


async def events(dsn: str, sensor_id: str, count: int) -> list[tuple[object, ...]]:
    """Return the alarm transitions of a sensor, once there are so many or a minute is over."""
    deadline = asyncio.get_running_loop().time() + 60.0
    connection = await asyncpg.connect(dsn)
    try:
        while True:
            rows = await connection.fetch(_EVENTS, sensor_id)
            if len(rows) >= count or asyncio.get_running_loop().time() > deadline:
                return [tuple(row) for row in rows]
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


def contents(stored: Stored) -> list[tuple[int, int, str]]:
    """Return the windows, bit for bit; whether one was late is the fault's own doing."""
    return [
        (k, one.empty_reason, one.content.replace("True", "False"))
        for k, one in sorted(stored.windows.items())
    ]


@pytest.mark.timeout(600)
async def test_random_chunks_and_kills_change_neither_features_nor_alarms(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    runs, seconds = scale.count(1, 8), scale.seconds(6, 20)
    total = round(seconds * RATE_HZ)
    windows = (total - WINDOW) // HOP + 1
    different_windows = different_alarms = transitions = calls = breaks = 0
    killed: list[str] = []
    dsn = stack.ready["postgres_dsn"]
    for run in range(runs):
        chance = random.Random(20_000 + run)
        start_time = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds + 60)
        names = [f"chunks-{run}-{which}" for which in ("clean", "random")]
        async with open_channel(urlsplit(stack.ready["http"]).netloc) as channel:
            await create_rule(channel, f"chunks-{run}", names, limit=LIMIT_G)
            clean, random_one = (
                AlarmingSender(channel, name, sample_rate_hz=RATE_HZ, seed=f"chunks-{run}")
                for name in names
            )
            for sender in (clean, random_one):
                await sender.create()
                await sender.open(start_time=start_time)
            await send_stubbornly(clean, [(at, at + HOP) for at in range(0, total, HOP)], total)
            plan = batches(chance, total, smallest=1, largest=3 * HOP)
            plan = list(repeated(chance, plan, most=2, reach=HOP))
            deaths = asyncio.create_task(kill_at_random(stack, chance, scale.count(1, 3)))
            more = await send_stubbornly(random_one, plan, total, pause_s=0.2)
            killed += await deaths
            calls, breaks = calls + more[0], breaks + more[1]
        found = [
            await read_back(
                dsn, one.sensor_id, one.epoch, hop=HOP, channels=len(CHANNELS), window_count=windows
            )
            for one in (clean, random_one)
        ]
        expected = await events(dsn, names[0], 1)
        story = await events(dsn, names[1], len(expected))
        transitions += len(expected)
        different_windows += contents(found[0]) != contents(found[1])
        different_windows += len(found[0].windows) != windows
        different_alarms += expected != story
    async with open_channel(urlsplit(stack.ready["http"]).netloc) as channel:
        for run in range(runs):
            await delete_rule(channel, f"chunks-{run}")
    book.add(
        *("20", "random chunking and kills: identical features and alarm transitions"),
        load=f"{runs} times 2 equal sensors of 2 channels at 25.6 kHz for {seconds:g} s",
        fault=f"one of them in random batches, some twice; killed: {', '.join(killed)}",
        figures=[
            none_of(f"runs of {runs} with other features in {windows} windows", different_windows),
            none_of("runs with other alarm transitions", different_alarms),
            at_least("alarm transitions compared", transitions, runs),
            holds(f"{calls} calls, {breaks} broken", calls > 0),
            shown("processes killed", len(killed)),
        ],
    )
