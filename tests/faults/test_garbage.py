"""Garbage on every method, messages over the limit, calls reset by the thousand."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.garbage import Method, junk, methods, odd_message
from tests.faults.plain_sender import PlainSender, open_channel
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.processes import MIB, usage
from tests.faults.rig.report import DrillBook, Figure, at_least, at_most, holds, none_of, percentile
from tests.faults.rig.scale import Scale

SERVICES = ("ingest", "analyzer", "alerts", "gateway")
GROWTH_LIMIT_MIB = 64.0
CALL_TIMEOUT_S = 30.0
#: How long a stream of answers is read: what cannot be decoded must be refused, the rest may go on.
READ_S = {"junk": 10.0, "odd": 0.05}
#: What a message that can be decoded, but asks for nonsense, may be answered with.
REFUSALS = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.ABORTED,
}
Answers = Counter[tuple[str, grpc.StatusCode]]


async def ask(
    channel: grpc.aio.Channel, method: Method, payload: bytes, read_s: float
) -> grpc.StatusCode:
    """Send bytes as they are; a stream of answers is read for a while, then cancelled."""
    raw: Any = channel  # bytes go as they are: nothing is serialised
    try:
        if method.streams_requests and method.streams_responses:
            both = raw.stream_stream(method.path)(iter([payload]), timeout=CALL_TIMEOUT_S)
            return await _first(both, read_s)
        if method.streams_responses:
            answers = raw.unary_stream(method.path)(payload, timeout=CALL_TIMEOUT_S)
            return await _first(answers, read_s)
        if method.streams_requests:
            await raw.stream_unary(method.path)(iter([payload]), timeout=CALL_TIMEOUT_S)
        else:
            await raw.unary_unary(method.path)(payload, timeout=CALL_TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def _first(call: Any, read_s: float) -> grpc.StatusCode:
    try:
        async with asyncio.timeout(read_s):
            if await call.read() is grpc.aio.EOF:
                code: grpc.StatusCode = await call.code()
                return code
    except TimeoutError:
        pass
    call.cancel()
    return grpc.StatusCode.OK


async def fuzz(stack: RunningStack, rounds: int, answers: dict[str, Answers]) -> None:
    """Send garbage to every method of every service, directly and through Envoy."""
    chance = random.Random(27)
    targets = dict(stack.ready["grpc"]) | {"envoy": urlsplit(stack.ready["http"]).netloc}
    channels = {name: grpc.aio.insecure_channel(target) for name, target in targets.items()}
    try:
        for _ in range(rounds):
            for method in methods():
                way = channels["envoy" if chance.random() < 0.3 else method.service]
                if method.path.endswith("/AnalyzeWindows"):
                    way = channels["analyzer"]  # internal: Envoy does not lead there
                for kind, make in (("junk", junk), ("odd", odd_message)):
                    code = await ask(way, method, make(chance, method.request), READ_S[kind])
                    answers[kind][method.path, code] += 1
    finally:
        for channel in channels.values():
            await channel.close()


async def reset_flood(target: str, calls: int) -> None:
    """Begin calls and reset them at once."""
    async with open_channel(target) as channel:
        sender = PlainSender(channel, "flood")
        await sender.create()
        await sender.open()

        async def one() -> None:
            call = sender.stub.Push()
            await call.write(sender.start())
            call.cancel()

        for _ in range(calls // 50):
            await asyncio.gather(*(one() for _ in range(50)), return_exceptions=True)


async def oversized(target: str) -> list[grpc.StatusCode]:
    """Send one byte more than allowed, and 4 MiB and a byte."""
    codes = []
    async with open_channel(target) as channel:
        sender = PlainSender(channel, "oversized")
        await sender.create()
        limits = (await sender.open()).limits
        method: Any = channel.stream_unary("/kurto.ingest.v1.IngestService/Push")
        for size in (limits.max_message_bytes + 1, 4 * MIB + 1, 2 * limits.max_message_bytes + 1):
            start = sender.start().SerializeToString()
            message = sender.batch(0, 10)
            padding = b"\x0a" + bytes(size - message.ByteSize() - 1)
            message.batch.batch.planar += padding
            try:
                await method(iter([start, message.SerializeToString()]), timeout=CALL_TIMEOUT_S)
                codes.append(grpc.StatusCode.OK)
            except grpc.aio.AioRpcError as error:
                codes.append(error.code())
    return codes


def judge(answers: dict[str, Answers]) -> list[Figure]:
    """Judge the answers to garbage."""
    junk_codes = Counter(code for (_, code), n in answers["junk"].items() for _ in range(n))
    wrong = {
        (path, code.name): n for (path, code), n in answers["odd"].items() if code not in REFUSALS
    }
    total = sum(answers["junk"].values()) + sum(answers["odd"].values())
    refused = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}
    others = Counter({code.name: n for code, n in junk_codes.items() if code not in refused})
    return [
        at_least("messages", total, 100),
        none_of(
            f"undecodable ones answered otherwise {dict(others) or ''}".strip(), others.total()
        ),
        none_of(f"senseless ones that were no clean refusal {wrong or ''}".strip(), len(wrong)),
    ]


@pytest.mark.timeout(600)
async def test_garbage_is_refused_and_hurts_nobody(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    rounds, resets = scale.count(2, 40), scale.count(500, 5000)
    load = Load(target, sensor_names("p27", sensor_count(busy=0.25, short=3)), 3600.0)
    pids = stack.ready["pids"]
    answers: dict[str, Answers] = {"junk": Counter(), "odd": Counter()}
    async with load.running():
        await asyncio.sleep(scale.seconds(2, 20))
        async with usage(*(lambda name=name: pids[name] for name in SERVICES)) as used:
            await fuzz(stack, rounds, answers)
            await reset_flood(target, resets)
            sizes = await oversized(target)
            await asyncio.sleep(1.0)
        load.stop()
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    book.add(
        *("27", "garbage, oversized messages, reset flood: refused, bounded, others unaffected"),
        load=f"{len(load.pushed)} sensors of 2 channels at 25.6 kHz all the while",
        fault=f"{rounds} rounds of garbage on every method; {resets} calls reset; 3 oversized",
        figures=[
            *judge(answers),
            holds(
                f"oversized: {', '.join(code.name for code in sizes)}",
                set(sizes)
                <= {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT},
            ),
            *(
                at_most(f"{name} grew by", one.rss_growth_bytes / MIB, GROWTH_LIMIT_MIB, "MiB")
                for name, one in zip(SERVICES, used, strict=True)
            ),
            holds("no process ended", stack.ready["pids"] == pids),
            *verdict.figures(),
            at_most(
                "longest lag of the others p99",
                percentile([one.longest_lag_s for one in load.pushed], 99),
                scale.limit(5.0),
                "s",
            ),
        ],
    )
