"""Values that go with samples arrive once, whatever breaks."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration.sdk.epoch_service import EpochService
from tests.integration.sdk.model_service import Faults, ModelService, serving
from tests.integration.sdk.test_sync import served

import kurto
import kurto.sync

LOAD = kurto.ProcessValueDefinition("load", "%", role="load", bin_width=10.0)
OPTIONS = kurto.SenderOptions(rotate_interval_s=0.2, response_timeout_s=30.0, batch_bytes=200)
HOP = 100


@asynccontextmanager
async def opened(
    address: str, boot_id: str = "run", **settings: Any
) -> AsyncIterator[kurto.SensorStream]:
    settings = {"options": OPTIONS, "process_values": [LOAD], **settings}
    async with (
        kurto.connect(address) as client,
        client.open_sensor(
            "pump-7", sample_rate_hz=1000.0, channels=["axial"], unit="g", boot_id=boot_id,
            **settings,
        ) as stream,
    ):  # fmt: skip
        yield stream


def samples(first: int, count: int) -> np.ndarray[Any, Any]:
    return np.arange(first, first + count, dtype=np.float32)


async def push(stream: kurto.SensorStream, first: int, end: int, step: int = 50) -> None:
    """Push samples, and in each piece the number of its first one as the load."""
    for at in range(first, end, step):
        await stream.push_values({"load": at})
        await stream.push(samples(at, step))


async def test_values_arrive_with_their_samples() -> None:
    service = ModelService()
    async with serving(service) as address, opened(address) as stream:
        await stream.push_values({"load": 12.5}, quality="uncertain")
        await stream.push(samples(0, 1000))
        await stream.flush(60)
    assert service.process_values == {("load", 0): (12.5, "%", 2)}
    (declared,) = service.sensors["pump-7"].config.process_values
    assert declared == LOAD.to_proto()


async def test_values_arrive_once_though_calls_break() -> None:
    service = ModelService(
        faults=Faults(
            break_after_messages=[5, -1, 4, 7], refuse_pushes=1, rotate_after_messages=[-1, 9]
        )
    )
    async with serving(service) as address, opened(address) as stream:
        for first in range(0, 3000, 500):
            for at in range(first, first + 500, HOP):
                await stream.push_values({"load": at})
                await stream.push(samples(at, HOP))
            await stream.flush(60)
    assert stream.reconnect_count > 0
    assert sorted(service.samples) == list(range(3000))
    wanted = {("load", at): (float(at), "%", 1) for at in range(0, 3000, HOP)}
    assert service.process_values == wanted


async def test_one_value_a_hop_goes() -> None:
    service = ModelService()
    async with serving(service) as address, opened(address) as stream:
        await push(stream, 0, 1000)
        await stream.flush(60)
    hops = [index // HOP for _, index in service.process_values]
    assert sorted(hops) == list(range(10))
    # What came in the second half of a hop went at the beginning of the next, unless replaced.
    wanted = {("load", at): (float(at), "%", 1) for at in range(0, 1000, HOP)}
    assert service.process_values == wanted


async def test_values_that_the_sensor_does_not_declare_are_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = ModelService()
    async with serving(service) as address:
        async with opened(address, process_values=()) as stream:
            with pytest.raises(ValueError, match="not declared"):
                await stream.push_values({"load": 1.0})
            await stream.push(samples(0, 100))
        with caplog.at_level(logging.WARNING, "kurto.sender"):
            async with opened(address) as stream:
                for at in range(100, 400, HOP):
                    await stream.push_values({"load": at})
                    await stream.push(samples(at, HOP))
                await stream.flush(60)
    assert sorted(service.samples) == list(range(400))
    assert service.process_values == {}
    (record,) = [one for one in caplog.records if one.name == "kurto.sender"
                 and "left out" in one.getMessage()]  # fmt: skip
    assert "load in %" in record.getMessage()


async def test_values_on_disk_are_sent_by_the_next_run(tmp_path: Path) -> None:
    service = ModelService()
    async with serving(service) as address:
        async with opened(address, buffer_directory=tmp_path, close_timeout_s=0.05) as stream:
            service.faults.refuse_pushes = 10**6
            for at in range(0, 530, 53):
                await stream.push_values({"load": at})
                await stream.push(samples(at, 53))
        assert service.process_values == {}
        service.faults.refuse_pushes = 0
        async with opened(address, buffer_directory=tmp_path) as stream:
            await stream.push_values({"load": -1.0})
            await stream.push(samples(530, 200))
            await stream.flush(60)
    assert sorted(service.samples) == list(range(730))
    assert service.process_values[("load", 0)] == (0.0, "%", 1)
    # The hop in which the first run ended may have a value of it.
    assert service.process_values[("load", 600)] == (-1.0, "%", 1)
    hops = sorted(index // HOP for _, index in service.process_values)
    assert hops == [*range(6), 6]


def test_values_from_a_program_without_a_loop() -> None:
    service = EpochService()
    with served(service) as address, kurto.sync.connect(address) as client:
        opening = client.open_sensor(
            "pump-7", sample_rate_hz=1000.0, channels=["axial"], unit="g", options=OPTIONS,
            process_values=[LOAD],
        )  # fmt: skip
        with opening as stream:
            stream.push_values({"load": 1.0})
            stream.push(samples(0, 100))
            with pytest.raises(ValueError, match="not declared"):
                stream.push_values({"heat": 1.0})
            stream.flush(60)
