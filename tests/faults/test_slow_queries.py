"""Hundreds of slow queries at once: samples become durable all the same."""

from __future__ import annotations

import asyncio
import math
import random
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import grpc
import pytest
from google.protobuf.message import Message
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.plain_sender import open_channel
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.report import DrillBook, Figure, at_least, at_most, none_of, shown
from tests.faults.rig.scale import Scale

from kurto.analyzer.v1 import feature_service_pb2
from kurto.ingest.v1 import ingest_service_pb2, stream_control_service_pb2
from kurto_service.errors import error_info

DEADLINE_S = 30.0
LIMIT_S = 0.2
READ_PAUSE_S = 0.1  # a reader of samples takes its time
BUCKET = "kurto_ingest_commit_seconds_bucket"


@dataclass
class Queries:
    """Queries that are asked again and again, many at a time.

    Parameters
    ----------
    channels : sequence of grpc.aio.Channel
        Where to ask.
    sensor_ids : sequence of str
        What to ask for.
    outcomes : Counter of str
        Names of status codes.
    others : Counter of str
        Queries that ended neither well nor refused, with their status codes.
    unexplained_count : int
        Refusals without a reason.
    longest_s : float
        Longest time that one took.
    """

    channels: Sequence[grpc.aio.Channel]
    sensor_ids: Sequence[str]
    outcomes: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    unexplained_count: int = 0
    longest_s: float = 0.0

    async def run(self, count: int, duration_s: float) -> None:
        """Have `count` queries in progress for some seconds."""
        until_s = time.monotonic() + duration_s
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(self._ask_on(number, until_s))

    async def _ask_on(self, number: int, until_s: float) -> None:
        chance = random.Random(number)
        channel = self.channels[number % len(self.channels)]
        ask = (self._features, self._features, self._samples, self._streams)[number % 4]
        while time.monotonic() < until_s:
            started_s = time.monotonic()
            try:
                await ask(channel, chance.choice(self.sensor_ids))
                self.outcomes["OK"] += 1
            except grpc.aio.AioRpcError as error:
                self.outcomes[error.code().name] += 1
                if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                    self.others[f"{ask.__name__.strip('_')} {error.code().name}"] += 1
                self.unexplained_count += error_info(error) is None
                await asyncio.sleep(chance.uniform(0.5, 1.5))  # as a client does that was refused
            self.longest_s = max(self.longest_s, time.monotonic() - started_s)

    async def _features(self, channel: grpc.aio.Channel, sensor_id: str) -> None:
        # Costly to find and small to send: a client that cannot keep up would be another drill.
        request = feature_service_pb2.ListFeaturesRequest(
            sensor_id=sensor_id, feature_names=["rms"], page_size=1000
        )
        await self._unary(channel, "/kurto.analyzer.v1.FeatureService/ListFeatures", request)

    async def _streams(self, channel: grpc.aio.Channel, _: str) -> None:
        request = stream_control_service_pb2.ListStreamsRequest(page_size=1000)
        await self._unary(channel, "/kurto.ingest.v1.StreamControlService/ListStreams", request)

    @staticmethod
    async def _unary(channel: grpc.aio.Channel, method: str, request: Message) -> None:
        # Answers stay bytes: what they cost here would be taken from the service's time.
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        await call(request.SerializeToString(), timeout=DEADLINE_S)

    @staticmethod
    async def _samples(channel: grpc.aio.Channel, sensor_id: str) -> None:
        request = ingest_service_pb2.ReadSamplesRequest(sensor_id=sensor_id)
        request.time_range.SetInParent()
        method = "/kurto.ingest.v1.IngestService/ReadSamples"
        call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(method)
        async for _ in call(request.SerializeToString(), timeout=DEADLINE_S):
            await asyncio.sleep(READ_PAUSE_S)


def commits(stack: RunningStack) -> Counter[float]:
    """Return how many commits took at most so long, by the bounds of the histogram."""
    with urllib.request.urlopen(stack.ready["metrics"]["ingest"], timeout=10) as page:
        lines = page.read().decode().splitlines()
    found: Counter[float] = Counter()
    for line in lines:
        if line.startswith(BUCKET):
            bound = line.partition('le="')[2].partition('"')[0]
            found[float(bound)] += round(float(line.rpartition(" ")[2]))
    return found


def p99_ms(counts: Counter[float]) -> float:
    """Return the bound of the histogram below which 99 % of the commits lie, in milliseconds."""
    total = counts[math.inf]
    return 1e3 * next(bound for bound in sorted(counts) if counts[bound] >= 0.99 * total)


def commit_figures(
    quiet: Counter[float], before: Counter[float], after: Counter[float]
) -> list[Figure]:
    """Judge the durations of the commits from `before` to `after`; `quiet` begins those before."""
    counts = Counter({bound: after[bound] - before[bound] for bound in after})
    undisturbed = Counter({bound: before[bound] - quiet[bound] for bound in after})
    return [
        at_least("commits", counts[math.inf], 100),
        at_most("p99 of a commit, by the histogram at most", p99_ms(counts), 1e3 * LIMIT_S, "ms"),
        shown("within 100 ms", 100 * counts[0.1] / counts[math.inf], "%"),
        shown("p99 without the queries at most", p99_ms(undisturbed), "ms"),
    ]


@pytest.mark.full_drill  # a p99 takes hundreds of commits
async def test_slow_queries_do_not_hold_commits_up(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    count, duration_s = 500, 60.0
    address = stack.ready["http"]
    load = Load(urlsplit(address).netloc, sensor_names("query", sensor_count(busy=0.25)), 300)
    async with load.running():
        quiet = await asyncio.to_thread(commits, stack)
        await asyncio.sleep(20)  # something to ask for
        async with (
            open_channel(urlsplit(address).netloc) as first,
            open_channel(urlsplit(address).netloc) as second,
        ):
            queries = Queries((first, second), load.sensor_ids)
            before = await asyncio.to_thread(commits, stack)
            await queries.run(count, duration_s)
            after = await asyncio.to_thread(commits, stack)
        load.stop()
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    refused = queries.outcomes["RESOURCE_EXHAUSTED"]
    book.add(
        *("24", f"{count} slow queries: commit p99 < 200 ms, none hangs, late ones are told"),
        load=load,
        fault=f"{count} queries in progress for {duration_s:g} s: half ListFeatures, a quarter "
        "ListStreams, a quarter readers of samples that take their time",
        figures=[
            *commit_figures(quiet, before, after),
            shown("queries answered", queries.outcomes["OK"]),
            at_least("refused with RESOURCE_EXHAUSTED", refused, 1),
            none_of(
                f"ended otherwise {dict(queries.others) or ''}".strip(), queries.others.total()
            ),
            none_of("refusals without a reason", queries.unexplained_count),
            at_most("longest query", queries.longest_s, DEADLINE_S, "s"),
            *verdict.figures(),
        ],
    )
