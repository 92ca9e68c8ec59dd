"""What becomes of samples when the block is left, and how often they are acknowledged before."""

import asyncio
import time
from typing import Any

import grpc
import numpy as np
import pytest
from tests.integration.sdk.model_service import Faults, ModelService, serving

import kurto
import kurto.sync
from kurto.ingest.v1 import ingest_service_pb2 as pb

SENSOR: dict[str, Any] = {"sample_rate_hz": 1000, "channels": ["axial"], "unit": "g"}
SAMPLES = np.arange(100, dtype=np.float32)


@pytest.mark.parametrize(
    "error",
    [
        kurto.CallError("of another call", code=grpc.StatusCode.NOT_FOUND),
        kurto.BufferFullError("of another stream"),
        ValueError("of the program"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_something_else_costs_no_samples(error: Exception) -> None:
    model = ModelService()
    with pytest.raises(type(error), match=str(error)):
        async with (
            serving(model) as address,
            kurto.connect(address) as client,
            client.open_sensor("pump-7", **SENSOR) as stream,
        ):
            await stream.push(SAMPLES)
            raise error
    assert model.samples == {i: float(i) for i in range(100)}


async def test_a_stream_that_was_refused_ends_with_that() -> None:
    refusal = (grpc.StatusCode.FAILED_PRECONDITION, "SENSOR_IN_USE")
    model = ModelService(faults=Faults(break_after_messages=[1], refusal=refusal))
    with pytest.raises(kurto.CallError) as caught:
        async with (
            serving(model) as address,
            kurto.connect(address) as client,
            client.open_sensor("pump-7", **SENSOR) as stream,
        ):
            while True:
                await stream.push(SAMPLES[:1])
                await asyncio.sleep(0.01)
    assert caught.value.reason == "SENSOR_IN_USE"


async def test_a_task_that_is_cancelled_ends_at_once() -> None:
    model = ModelService(faults=Faults(refuse_pushes=10**9))

    async def send(address: str) -> None:
        async with (
            kurto.connect(address) as client,
            client.open_sensor("pump-7", **SENSOR, close_timeout_s=600.0) as stream,
        ):
            await stream.push(SAMPLES)
            await asyncio.Event().wait()

    async with serving(model) as address:
        sending = asyncio.create_task(send(address))
        async with asyncio.timeout(60):
            while model.calls < 2:
                await asyncio.sleep(0.01)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending


async def test_what_was_not_acknowledged_is_explained() -> None:
    model = ModelService(faults=Faults(refuse_pushes=10**9))
    with pytest.raises(kurto.NotDurableError, match=r"not now.*lost.*buffer_directory"):
        async with (
            serving(model) as address,
            kurto.connect(address) as client,
            client.open_sensor(
                "pump-7", **SENSOR, close_timeout_s=2.0, buffer_s=0.1, overflow="raise"
            ) as stream,
        ):
            await stream.push(SAMPLES)
            async with asyncio.timeout(60):
                while not model.calls:
                    await asyncio.sleep(0.01)
            with pytest.raises(kurto.NotDurableError, match=r"not now.*stay so"):
                await stream.flush(timeout_s=2.0)
            with pytest.raises(kurto.BufferFullError, match=r"larger buffer_s or a buffer_dir"):
                await stream.push(SAMPLES)


class Hasty(ModelService):
    """A service that wants its senders to rotate often."""

    async def OpenStream(self, request: pb.OpenStreamRequest, context: Any) -> Any:
        opened = await super().OpenStream(request, context)
        opened.limits.rotate_interval.FromMilliseconds(100)
        return opened


@pytest.mark.parametrize(
    ("model", "asked_s"),
    [
        pytest.param(Hasty(), 600.0, id="as-the-service-asks"),
        pytest.param(ModelService(), 0.1, id="as-the-program-asks"),
    ],
)
async def test_the_shorter_interval_of_rotation_counts(model: ModelService, asked_s: float) -> None:
    options = kurto.SenderOptions(rotate_interval_s=asked_s)
    async with (
        serving(model) as address,
        kurto.connect(address) as client,
        client.open_sensor("pump-7", **SENSOR, options=options) as stream,
    ):
        await stream.push(SAMPLES)
        async with asyncio.timeout(60):
            while stream.durable_index < 100:
                await asyncio.sleep(0.01)


async def test_counts_without_async() -> None:
    model = ModelService(faults=Faults(refuse_pushes=1))

    def send(address: str) -> tuple[int, int, int]:
        with (
            kurto.sync.connect(address) as client,
            client.open_sensor("pump-7", **SENSOR, buffer_s=0.1, overflow="drop_oldest") as stream,
        ):
            stream.push(SAMPLES)
            stream.push(SAMPLES)
            buffered, dropped = stream.buffered_sample_count, stream.dropped_sample_count
            while not stream.reconnect_count:
                time.sleep(0.01)
        return buffered, dropped, stream.buffered_sample_count

    async with serving(model) as address, asyncio.timeout(60):
        assert await asyncio.to_thread(send, address) == (100, 100, 0)
