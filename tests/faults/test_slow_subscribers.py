"""Browsers that never read: they hold little, lose no alarm, and disturb nobody."""

from __future__ import annotations

import asyncio
import contextlib
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import grpc
from tests.conftest import RunningStack
from tests.faults.live_watch import LiveWatch, NeverReads, live_watch
from tests.faults.plain_sender import open_channel
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.processes import MIB, Usage, usage
from tests.faults.rig.report import (
    DrillBook,
    Figure,
    at_least,
    at_most,
    holds,
    none_of,
    percentile,
    shown,
)
from tests.faults.rig.scale import Scale
from tests.faults.rules import create_rule, delete_rule

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.gateway.v1.live_service_pb2_grpc import LiveServiceStub

QUEUE = "kurto_gateway_longest_queue_bytes"
CONFLATED = "kurto_gateway_conflated_frames_total"
OVERFLOWED = "kurto_gateway_overflowed_streams_total"
MIN_FLOODS, MAX_FLOODS = 2, 5
HOP_MS = 100.0  # the load sends a hop when it begins: its frames seem younger than they are


def metric(stack: RunningStack, name: str) -> float:
    """Read a metric of the gateway."""
    with urllib.request.urlopen(stack.ready["metrics"]["gateway"], timeout=60) as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))


@dataclass
class Stalled:
    """A gRPC client that stops reading after the first event.

    Parameters
    ----------
    stub : LiveServiceStub
        Where it subscribes.
    sensor_ids : sequence of str
        What it asks for.
    watch : LiveWatch
        What it has read.
    """

    stub: LiveServiceStub
    sensor_ids: Sequence[str]
    watch: LiveWatch = field(default_factory=LiveWatch)
    call: grpc.aio.UnaryStreamCall[pb.SubscribeRequest, pb.SubscribeResponse] | None = None
    last: pb.SubscribeResponse = field(default_factory=pb.SubscribeResponse)

    async def subscribe(self) -> None:
        """Open the stream where it stands and read one event."""
        request = pb.SubscribeRequest(
            sensor_ids=self.sensor_ids, include_alerts=True, cursor=self.watch.cursor
        )
        self.call = self.stub.Subscribe(request)
        await self.read()

    async def read(self) -> bool:
        """Read one event; False at the end of the stream."""
        assert self.call is not None
        event = await self.call.read()
        if not isinstance(event, pb.SubscribeResponse):
            return False
        self.last = event
        self.watch.note(event)
        return True

    async def read_to_the_end(self) -> None:
        """Read until the gateway ends the stream."""
        async with asyncio.timeout(90):
            while await self.read():
                pass

    async def catch_up(self, number: int) -> None:
        """Come back with the cursor and read until a transition."""
        await self.subscribe()
        async with asyncio.timeout(90):
            while self.watch.newest_transition < number:
                await self.read()
        assert self.call is not None
        self.call.cancel()


@asynccontextmanager
async def stalled_clients(
    stack: RunningStack, sensor_ids: Sequence[str], count: int
) -> AsyncIterator[list[Stalled]]:
    """Have clients of every kind that don't read; yield the gRPC ones."""
    target = urlsplit(stack.ready["http"]).netloc
    options = [("grpc.http2.lookahead_bytes", 65536), ("grpc.http2.bdp_probe", 0)]
    async with AsyncExitStack() as closing:
        readers = []
        for _ in range(count):
            for transport in ("grpc-web", "sse"):
                never = NeverReads(stack.ready["http"], sensor_ids, transport)
                closing.callback(never.close)
            channel = await closing.enter_async_context(
                grpc.aio.insecure_channel(target, options=options)
            )
            one = Stalled(LiveServiceStub(channel), sensor_ids)
            await one.subscribe()
            readers.append(one)
        yield readers


@asynccontextmanager
async def longest_queue(stack: RunningStack) -> AsyncIterator[list[float]]:
    """Follow the longest queue of the gateway, in bytes, until the block ends."""
    seen: list[float] = []

    async def look() -> None:
        while True:
            seen.append(await asyncio.to_thread(metric, stack, QUEUE))
            await asyncio.sleep(0.25)

    task = asyncio.create_task(look())
    try:
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def flood(target: str, sensor_ids: Sequence[str], watch: LiveWatch, *, rules: int) -> int:
    """Raise and withdraw alarms of all channels under many rules; return their transitions."""
    expected = 2 * rules * 2 * len(sensor_ids)
    before = len(watch.transitions)
    async with open_channel(target) as channel:
        names = [f"flood-{number}" for number in range(rules)]
        for name in names:
            await create_rule(channel, name, sensor_ids)
        await arrived(watch, before + expected // 2)
        for name in names:
            await delete_rule(channel, name)
        await arrived(watch, before + expected)
    return expected


async def flood_well(
    stack: RunningStack, watch: LiveWatch, sensor_ids: Sequence[str], *, rules: int, streams: int
) -> int:
    """Flood at least twice, and on until so many streams had to end; return the transitions.

    How much fits into a queue and the transport before it hangs on the machine; gRPC clients have
    room for the least, browsers for some floods.
    """
    target = urlsplit(stack.ready["http"]).netloc
    ended = metric(stack, OVERFLOWED) + streams
    transitions = 0
    for count in range(1, MAX_FLOODS + 1):
        transitions += await flood(target, sensor_ids, watch, rules=rules)
        await asyncio.sleep(1)
        if count >= MIN_FLOODS and metric(stack, OVERFLOWED) >= ended:
            break
    return transitions


async def arrived(watch: LiveWatch, count: int) -> None:
    """Wait until a client has seen so many transitions."""
    async with asyncio.timeout(90):
        while len(watch.transitions) < count:
            await asyncio.sleep(0.05)


async def test_browsers_that_never_read_disturb_nobody(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    names = sensor_names("slow", 20)
    load = Load(target, names, 300, sample_rate_hz=1000.0)
    conflated = metric(stack, CONFLATED)
    async with (
        load.running(),
        live_watch(target, names) as watch,
        usage(lambda: stack.pid("gateway")) as (gateway,),
    ):
        await asyncio.sleep(scale.seconds(2, 4))
        stall_s = time.monotonic()
        async with (
            longest_queue(stack) as queues,
            stalled_clients(stack, names, scale.count(2, 4)) as stalled,
        ):
            await asyncio.sleep(scale.seconds(6, 10))
            transitions = await flood_well(
                *(stack, watch, names), rules=scale.count(20, 24), streams=len(stalled)
            )
            conflated = metric(stack, CONFLATED) - conflated
            end_s = time.monotonic()
            newest = watch.newest_transition
            for one in stalled:
                await one.read_to_the_end()
            ends = [one.last for one in stalled]
            for one in stalled:
                await one.catch_up(newest)
        load.stop()
    book.add(
        *("10", "browsers that never read: queues ≤ 1 MiB, no alarm lost, nobody disturbed"),
        load=f"{load}, followed by 1 client that reads",
        fault=f"{3 * len(stalled)} clients (gRPC, gRPC-Web, SSE) stop reading for "
        f"{end_s - stall_s:.0f} s, while {transitions} alarm transitions come",
        figures=[
            at_most("longest queue in the gateway", max(queues) / MIB, 1.0, "MiB"),
            at_least("frames conflated", conflated, 1),
            at_most("gateway's RSS grows by", growth(gateway, stall_s), 64.0, "MiB"),
            holds(
                "each stream ends with a resync and a cursor",
                all(end.HasField("resync") and end.cursor for end in ends),
            ),
            none_of(
                "transitions lost or doubled over the reconnection",
                sum(
                    one.watch.transition_holes() + newest - one.watch.newest_transition
                    for one in stalled
                ),
            ),
            at_least(
                "transitions each of them got at last",
                min(len(one.watch.transitions) for one in stalled),
                transitions,
            ),
            *reader_figures(watch, scale, stall_s, end_s),
        ],
    )


def growth(gateway: Usage, since_s: float) -> float:
    """Return by how much the resident memory grew, in MiB."""
    return gateway.growth_since(since_s) / MIB


def reader_figures(watch: LiveWatch, scale: Scale, stall_s: float, end_s: float) -> list[Figure]:
    """Return what the client that reads noticed."""
    ages_ms = [(at_s, 1e3 * age_s + HOP_MS) for at_s, age_s in watch.delays_s]
    before_ms = percentile([age for at_s, age in ages_ms if at_s < stall_s], 99)
    during_ms = percentile([age for at_s, age in ages_ms if stall_s <= at_s < end_s], 99)
    resyncs = len(watch.resyncs)
    return [
        shown("p99 age of a reader's frames before", before_ms, "ms"),
        # Beside other tests the reader itself may be kept from reading.
        at_most("meanwhile", during_ms, before_ms + (250 if scale.full else 10_000), "ms"),
        none_of("windows it missed", watch.window_holes()),
        none_of("transitions it missed", watch.transition_holes()),
        none_of("resyncs it got", resyncs) if scale.full else shown("resyncs it got", resyncs),
    ]
