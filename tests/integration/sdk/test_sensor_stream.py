"""The stream of one sensor against a service that fails on demand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
import numpy as np
import pytest
from tests.integration.sdk.epoch_service import until
from tests.integration.sdk.model_service import Faults, ModelService, serving

import kurto
from kurto.sensor_stream import Overflow, SensorStream

OPTIONS = kurto.SenderOptions(
    rotate_interval_s=0.15, response_timeout_s=30.0, write_timeout_s=30.0, batch_bytes=400
)
NEVER = 1_000_000


@asynccontextmanager
async def opened(
    model: ModelService,
    *,
    overflow: Overflow = "wait",
    buffer_s: float = 60.0,
    close_timeout_s: float = 60.0,
    options: kurto.SenderOptions = OPTIONS,
) -> AsyncIterator[SensorStream]:
    """Open a one-channel sensor of 1 kHz on the model."""
    async with (
        serving(model) as address,
        kurto.connect(address) as client,
        client.open_sensor(
            "pump-7",
            sample_rate_hz=1000,
            channels=["axial"],
            unit="g",
            overflow=overflow,
            buffer_s=buffer_s,
            close_timeout_s=close_timeout_s,
            options=options,
        ) as stream,
    ):
        yield stream


def ramp(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return samples that equal their index."""
    return np.arange(first, first + count, dtype=np.float32)


def assert_complete(model: ModelService, count: int) -> None:
    """Every sample came once, in its place."""
    assert model.samples == {i: float(i) for i in range(count)}
    assert model.next_index == count


async def test_leaving_the_block_makes_everything_durable() -> None:
    model = ModelService()
    async with opened(model) as stream:
        for k in range(20):
            await stream.push(ramp(50 * k, 50))
        assert stream.next_index == 1000
    assert_complete(model, 1000)
    assert stream.durable_index == 1000
    assert stream.buffered_sample_count == 0
    assert model.opens == 1


async def test_rotation_acknowledges_while_samples_go_on() -> None:
    model = ModelService()
    async with opened(model) as stream:
        async with asyncio.timeout(60):
            while stream.durable_index == 0 or model.calls < 3:
                await stream.push(ramp(stream.next_index, 20))
                await asyncio.sleep(0.02)
    assert_complete(model, stream.next_index)
    assert model.duplicates == 0


@pytest.mark.parametrize("plan", [[2, 3, 5, 4], [1, 1, 2], [6]])
async def test_broken_calls_are_resumed_by_index(plan: list[int]) -> None:
    model = ModelService(faults=Faults(break_after_messages=list(plan)))
    # A rotation would end a call before the messages after which it is to break.
    options = replace(OPTIONS, rotate_interval_s=3600.0)
    async with opened(model, options=options) as stream:
        for k in range(30):
            await stream.push(ramp(100 * k, 100))
            await asyncio.sleep(0.01)  # or a busy sender puts them all into one message
    assert_complete(model, 3000)
    assert stream.reconnect_count >= 1


async def test_a_call_ended_early_by_the_service_loses_nothing() -> None:
    model = ModelService(faults=Faults(rotate_after_messages=[3, 2, 7]))
    async with opened(model) as stream:
        for k in range(30):
            await stream.push(ramp(100 * k, 100))
            await asyncio.sleep(0)
    assert_complete(model, 3000)


async def test_refused_pushes_are_tried_again() -> None:
    model = ModelService(faults=Faults(refuse_pushes=3))
    async with opened(model) as stream:
        await stream.push(ramp(0, 100))
    assert_complete(model, 100)
    assert 1 <= stream.reconnect_count <= 3


async def test_a_full_buffer_makes_push_wait_for_acknowledgments() -> None:
    model = ModelService()
    async with opened(model, buffer_s=0.3) as stream:
        for k in range(50):
            await stream.push(ramp(100 * k, 100))
            assert stream.buffered_sample_count <= 300
    assert_complete(model, 5000)


async def test_dropped_samples_become_a_gap_that_is_given_up() -> None:
    model = ModelService(faults=Faults(refuse_pushes=NEVER))
    async with opened(model, overflow="drop_oldest", buffer_s=0.3) as stream:
        for k in range(10):
            await stream.push(ramp(100 * k, 100))
        model.faults.refuse_pushes = 4
    assert stream.dropped_sample_count == 700
    assert model.next_index == 1000
    assert set(model.samples) == set(range(700, 1000))
    assert model.abandoned == set(range(700))


async def test_a_jump_of_the_index_is_a_gap() -> None:
    model = ModelService()
    async with opened(model) as stream:
        await stream.push(ramp(0, 10))
        await stream.push(ramp(100, 10), first_index=100)
    assert set(model.samples) == set(range(10)) | set(range(100, 110))
    assert model.abandoned == set(range(10, 100))


async def test_an_index_that_goes_back_is_refused() -> None:
    async with opened(ModelService()) as stream:
        await stream.push(ramp(0, 10))
        with pytest.raises(ValueError, match="10 is next"):
            await stream.push(ramp(0, 10), first_index=5)


async def test_a_full_buffer_can_raise() -> None:
    model = ModelService(faults=Faults(refuse_pushes=NEVER))
    async with opened(model, overflow="raise", buffer_s=0.1) as stream:
        await stream.push(ramp(0, 100))
        with pytest.raises(kurto.BufferFullError):
            await stream.push(ramp(100, 1))
        with pytest.raises(kurto.BufferFullError, match="push smaller arrays"):
            await stream.push(ramp(100, 101))
        model.faults.refuse_pushes = 1


async def test_a_sensor_taken_over_ends_the_stream_with_the_reason() -> None:
    faults = Faults(
        break_after_messages=[2], refusal=(grpc.StatusCode.FAILED_PRECONDITION, "SENSOR_IN_USE")
    )
    with pytest.raises(kurto.CallError) as caught:
        async with opened(ModelService(faults=faults)) as stream:
            for k in range(1000):
                await stream.push(ramp(10 * k, 10))
                await asyncio.sleep(0.01)
    assert caught.value.reason == "SENSOR_IN_USE"
    assert not caught.value.retryable


async def test_a_sender_that_was_displaced_gives_way() -> None:
    model = ModelService(faults=Faults(stale_after_messages=3), newest_epoch=2)
    with pytest.raises(kurto.CallError, match="taken the sensor over") as caught:
        async with opened(model) as stream:
            for k in range(1000):
                await stream.push(ramp(10 * k, 10))
                await asyncio.sleep(0.01)
    assert caught.value.reason == "SENSOR_IN_USE"
    assert model.opens == 1


async def test_a_fence_raised_by_this_sender_itself_is_no_reason_to_end() -> None:
    model = ModelService(faults=Faults(stale_after_messages=2))  # the first batch
    async with opened(model) as stream:
        for k in range(3):
            await stream.push(ramp(10 * k, 10))
        await until(lambda: stream.reconnect_count >= 1)
        model.faults.stale_after_messages = -1
    assert_complete(model, 30)


async def test_flush_waits_for_durability() -> None:
    model = ModelService()
    options = kurto.SenderOptions(rotate_interval_s=60.0)
    async with opened(model, options=options) as stream:
        await stream.push(ramp(0, 500))
        await stream.flush(timeout_s=60.0)
        assert stream.durable_index == 500
        assert_complete(model, 500)


async def test_close_says_what_is_not_durable() -> None:
    model = ModelService(faults=Faults(refuse_pushes=1000))
    with pytest.raises(kurto.NotDurableError, match="100 are buffered"):
        async with opened(model, close_timeout_s=0.3) as stream:
            await stream.push(ramp(0, 100))


async def test_another_configuration_is_refused_with_both_values() -> None:
    model = ModelService()
    async with serving(model) as address, kurto.connect(address) as client:
        async with client.open_sensor("s", sample_rate_hz=1000, channels=["a"], unit="g"):
            pass
        with pytest.raises(kurto.ConfigurationMismatchError, match=r"1000\.0, not 2000"):
            async with client.open_sensor("s", sample_rate_hz=2000, channels=["a"], unit="g"):
                pass


async def test_a_service_that_is_away_is_a_call_error(free_port: int) -> None:
    async with kurto.connect(f"127.0.0.1:{free_port}") as client:
        with pytest.raises(kurto.CallError) as caught:
            await client.latest_features("pump-7", timeout_s=30.0)
    assert caught.value.code == grpc.StatusCode.UNAVAILABLE
