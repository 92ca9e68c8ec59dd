"""Tokens that expire, services that are full, calls that the service ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import grpc
import numpy as np
import pytest
from tests.integration.sdk.epoch_service import EpochService, until
from tests.integration.sdk.model_service import Faults, ModelService, serving

import kurto
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.push_call import PushCall

OPTIONS = kurto.SenderOptions(rotate_interval_s=0.15, response_timeout_s=30.0)


@asynccontextmanager
async def opened(
    service: EpochService, token: str | Callable[[], str] | None = None
) -> AsyncIterator[kurto.SensorStream]:
    """Open a one-channel sensor of 1 kHz."""
    async with (
        serving(service) as address,
        kurto.connect(address, token=token) as client,
        client.open_sensor(
            "pump-7",
            sample_rate_hz=1000,
            channels=["axial"],
            unit="g",
            boot_id="run",
            close_timeout_s=60,
            options=OPTIONS,
        ) as stream,
    ):
        yield stream


async def push_all(stream: kurto.SensorStream, count: int = 20) -> None:
    """Push 0.05 s at a time."""
    for k in range(count):
        await stream.push(np.arange(50 * k, 50 * k + 50, dtype=np.float32))
        await asyncio.sleep(0.01)


def assert_complete(service: EpochService) -> None:
    """All came, once."""
    assert service.epochs["run"].samples == {i: float(i) for i in range(1000)}


@pytest.mark.parametrize(
    "reason",
    [
        pb.STREAM_END_REASON_DRAIN,
        pb.STREAM_END_REASON_OWNER_CHANGED,
        pb.STREAM_END_REASON_AUTH_EXPIRED,
        pb.STREAM_END_REASON_ROTATE,
    ],
)
async def test_calls_ended_by_the_service_lose_nothing(reason: pb.StreamEndReason) -> None:
    service = EpochService(end_reasons=[reason, reason])
    async with opened(service) as stream:
        await push_all(stream)
    assert_complete(service)
    expected = 1 if reason == pb.STREAM_END_REASON_ROTATE else 3
    assert len(service.opens) == expected


async def test_a_fresh_token_is_taken_for_every_call() -> None:
    tokens = iter(f"token-{k}" for k in range(1000))
    service = EpochService(end_reasons=[pb.STREAM_END_REASON_AUTH_EXPIRED])
    async with opened(service, lambda: next(tokens)) as stream:
        await push_all(stream, 5)
        await stream.flush()
        service.refusals = [(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")] * 2
        await push_all_from(stream, 250)
    assert_complete(service)
    assert len(set(service.tokens)) == len(service.tokens) >= 6
    assert service.tokens[0] == "Bearer token-0"


async def push_all_from(stream: kurto.SensorStream, first: int) -> None:
    """Push the rest."""
    for index in range(first, 1000, 50):
        await stream.push(np.arange(index, index + 50, dtype=np.float32))
        await asyncio.sleep(0.02)


async def test_a_fixed_token_that_is_refused_ends_the_stream() -> None:
    service = EpochService()
    with pytest.raises(kurto.CallError) as caught:
        async with opened(service, "old") as stream:
            service.refusals = [(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")]
            await push_all(stream, 200)
    assert caught.value.code is grpc.StatusCode.UNAUTHENTICATED


async def test_a_full_service_is_waited_for_and_counted() -> None:
    service = EpochService()
    async with opened(service) as stream:
        await push_all(stream, 10)
        service.refusals = [(grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL")] * 3
        await push_all_from(stream, 500)
        await until(lambda: not service.refusals)
        await stream.flush()
        progress = stream.progress()
    # grpc.aio may tell of a broken connection instead of the status that ended a call.
    assert 1 <= progress.throttle_count <= 3
    assert progress.reconnect_count == 3
    assert progress.last_error == "STORAGE_FULL"
    assert_complete(service)


async def test_the_state_follows_the_connection() -> None:
    service = EpochService()
    states: list[str] = []
    async with opened(service) as stream:

        async def listen() -> None:
            async for progress in stream.follow_progress(0.05):
                if [progress.state] != states[-1:]:
                    states.append(progress.state)

        listener = asyncio.create_task(listen())
        await push_all(stream, 10)
        await until(lambda: states[-1:] == ["live"])
        service.away = True
        await push_all_from(stream, 500)
        await until(lambda: states[-1] == "offline")
        service.away = False
        await until(lambda: states[-1] == "live")
    await asyncio.wait_for(listener, 30)
    assert [s for s in states if s != "connecting"] == ["live", "offline", "live", "ended"]
    assert_complete(service)


async def test_times_go_with_batches_that_are_pushed_as_they_are_taken() -> None:
    service = EpochService()
    times: dict[int, int] = {}
    async with opened(service) as stream:
        loop = asyncio.get_running_loop()
        began = loop.time()
        # On a busy machine many pushes are late, and bear no time.
        async with asyncio.timeout(60):
            while len(times) < 2:
                await stream.push(np.zeros(50, dtype=np.float32))
                await asyncio.sleep(max(0.0, began + stream.next_index / 1000 - loop.time()))
                times = service.epochs["run"].device_times_us
        lasted_s = loop.time() - began
    assert len(times) <= lasted_s  # at most once a second, and not in the first
    anchor_us = [time - 1000 * index for index, time in times.items()]
    assert max(anchor_us) - min(anchor_us) < 100_000


async def test_a_service_of_another_kind_is_named() -> None:
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        with pytest.raises(kurto.CallError, match="check the address") as caught:
            async with (
                kurto.connect(f"127.0.0.1:{port}") as client,
                client.open_sensor("s", sample_rate_hz=1, channels=["a"], unit="g"),
            ):
                pass
    finally:
        await server.stop(0)
    assert caught.value.code is grpc.StatusCode.UNIMPLEMENTED


async def test_a_refusal_is_told_in_the_words_of_the_service() -> None:
    # grpc.aio puts "Internal error from Core" in their place when a write fails after the refusal:
    # in one of ten calls when the loop turns a few times between two writes.
    model = ModelService(faults=Faults(refuse_pushes=10**9))
    told = set()
    async with serving(model) as address, grpc.aio.insecure_channel(address) as channel:
        stub = ingest_service_pb2_grpc.IngestServiceStub(channel)
        start = pb.StreamStart(sensor_id="pump-7")
        for _ in range(300):
            call = PushCall(stub, start, metadata=(), write_timeout_s=60, on_end=lambda: None)
            with pytest.raises(kurto.CallError) as caught:
                while True:
                    for _ in range(4):
                        await asyncio.sleep(0)
                    await call.open()
            told.add((caught.value.code, str(caught.value).partition(" (")[0]))
            await call.cancel()
    assert told == {(grpc.StatusCode.UNAVAILABLE, "not now")}
