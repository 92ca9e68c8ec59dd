"""Services are told to stop under load: a last acknowledgment to all, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import grpc
import psutil
import pytest
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.live_watch import live_watch
from tests.faults.plain_sender import CHANNELS, PlainSender, open_channel
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.report import DrillBook, Figure, at_least, at_most, holds, none_of
from tests.faults.rig.scale import Scale
from tests.faults.stored import read_back

from kurto.ingest.v1 import ingest_service_pb2 as pb

SERVICES = ("ingest", "analyzer", "alerts", "gateway")
OPEN_CALLS = 20
RATE_HZ, HOP = 2000.0, 200
LIMIT_S = 10.0
OwnStack = Callable[..., AbstractContextManager[RunningStack]]


def ended(pid: int) -> bool:
    """Tell whether a process is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


async def exit_times(pids: Iterable[int], since_s: float) -> list[float]:
    """Wait for the end of processes; return when each came, in seconds since a moment."""
    running, times = set(pids), []
    async with asyncio.timeout(6 * LIMIT_S):
        while running:
            gone = {pid for pid in running if ended(pid)}
            times += [time.monotonic() - since_s] * len(gone)
            running -= gone
            await asyncio.sleep(0.01)
    return times


@dataclass
class OpenCall:
    """A Push call that is written to until the service ends it.

    Parameters
    ----------
    sender : PlainSender
        Whose call it is.
    written : int
        Samples written.
    response : PushResponse or None
        What the service answered, if it did.
    error : str
        Why it did not.
    """

    sender: PlainSender
    written: int = 0
    response: pb.PushResponse | None = None
    error: str = ""

    @property
    def acknowledged_index(self) -> int:
        """Samples that the answer says are durable."""
        return self.response.results[0].next_index if self.response is not None else 0

    async def run(self) -> None:
        """Write a hop every 100 ms; half-closing is left to the service."""
        call = self.sender.stub.Push()
        try:
            await call.write(self.sender.start())
            while not call.done():
                await call.write(self.sender.batch(self.written, self.written + HOP))
                self.written += HOP
                await asyncio.sleep(0.1)
        except (grpc.RpcError, asyncio.InvalidStateError):
            pass  # the service has answered: what, the call says
        try:
            self.response = await call
        except grpc.RpcError as error:
            self.error = str(error)


@asynccontextmanager
async def open_calls(target: str, prefix: str) -> AsyncIterator[list[OpenCall]]:
    """Have calls open that nobody half-closes; the block ends when all are answered."""
    async with open_channel(target) as channel:
        calls = []
        for name in sensor_names(prefix, OPEN_CALLS):
            sender = PlainSender(channel, name, sample_rate_hz=RATE_HZ)
            await sender.create()
            await sender.open()
            calls.append(OpenCall(sender))
        async with asyncio.TaskGroup() as group:
            for one in calls:
                group.create_task(one.run())
            yield calls


def call_figures(calls: list[OpenCall], scale: Scale) -> list[Figure]:
    """Judge the last acknowledgments."""
    answered = [one for one in calls if one.response is not None]
    drained = [
        one
        for one in answered
        if one.response is not None and one.response.end_reason == pb.STREAM_END_REASON_DRAIN
    ]
    # What was on its way is not read any more; what was read is acknowledged.
    behind = [one.written - one.acknowledged_index for one in answered]
    return [
        none_of("calls without a last acknowledgment", len(calls) - len(answered)),
        none_of("ended for another reason than draining", len(answered) - len(drained)),
        at_most("samples left unread in a call", max(behind, default=0), scale.limit(5 * HOP)),
        at_least("fewest samples acknowledged", min(one.acknowledged_index for one in calls), HOP),
    ]


async def test_services_are_told_to_stop_while_the_stack_stays(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    load = Load(target, sensor_names("stop", sensor_count(busy=0.6, short=4)), 300)
    exits: dict[str, float] = {}
    async with (
        load.running(),
        live_watch(target, load.sensor_ids) as watch,
        open_calls(target, "drained") as calls,
    ):
        services = SERVICES if scale.full else SERVICES[:1]
        for service in services:
            await asyncio.sleep(scale.seconds(1, 8))
            pid = await asyncio.to_thread(stack.kill, service, signal.SIGTERM)
            (exits[service],) = await exit_times([pid], time.monotonic())
            await asyncio.to_thread(stack.wait_for_restart, service, pid)
        await asyncio.sleep(2)
        load.stop()
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    book.add(
        *("17", "SIGTERM under load: last ack to all, exit < 10 s, nothing lost"),
        load=f"{load} and {OPEN_CALLS} calls that nobody half-closes",
        fault=f"SIGTERM {', '.join(services)}, one after the other",
        figures=[
            *(at_most(f"{name} ends within", exits[name], LIMIT_S, "s") for name in services),
            *call_figures(calls, scale),
            *verdict.figures(),
            none_of("windows missed by a live client", watch.window_holes()),
            none_of("resyncs", len(watch.resyncs)),
        ],
    )


@pytest.mark.full_drill  # it starts two stacks
async def test_the_stack_is_told_to_stop_and_comes_back(
    own_stack: OwnStack, book: DrillBook, scale: Scale
) -> None:
    with own_stack() as first:
        target = urlsplit(first.ready["http"]).netloc
        services = {name: first.pid(name) for name in SERVICES}
        async with open_calls(target, "ended") as calls:
            await asyncio.sleep(scale.seconds(2, 8))
            os.kill(first.launcher.pid, signal.SIGTERM)
            times = await exit_times(services.values(), time.monotonic())
        code = await asyncio.to_thread(first.launcher.wait, 60)
    with own_stack() as second:
        lost = await lost_samples(second.ready["postgres_dsn"], calls)
    book.add(
        *("17b", "SIGTERM of the whole stack under load: last ack to all, all of it there later"),
        load=f"{OPEN_CALLS} calls of 2 channels at {RATE_HZ:g} Hz that nobody half-closes",
        fault="SIGTERM of kurto up, then a new start",
        figures=[
            at_most("all services end within", max(times), LIMIT_S, "s"),
            holds("kurto up ends with 0", code == 0),
            *call_figures(calls, scale),
            none_of("acknowledged samples lost", lost),
        ],
    )


async def lost_samples(dsn: str, calls: list[OpenCall]) -> int:
    """Return how many acknowledged samples are not stored."""
    lost = 0
    for one in calls:
        found = await read_back(
            dsn,
            one.sender.sensor_id,
            one.sender.epoch,
            hop=HOP,
            channels=len(CHANNELS),
            window_count=0,
        )
        lost += max(0, one.acknowledged_index - found.sample_count)
    return lost
