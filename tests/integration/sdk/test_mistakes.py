"""What newcomers do: start again at once, mistype an argument, name a wrong address."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from tests.integration.sdk.model_service import Context, ModelService, serving

import kurto
from kurto.ingest.v1 import ingest_service_pb2 as pb

SENSOR: dict[str, Any] = {"sample_rate_hz": 1000, "channels": ["axial"], "unit": "g"}
HOLD_S = 0.3


@dataclass
class HeldSensor(ModelService):
    """A model service whose sensor another sender holds, as ingest says it."""

    refused_opens: int = 0
    open_times_s: list[float] = field(default_factory=list)

    async def OpenStream(
        self, request: pb.OpenStreamRequest, context: Context
    ) -> pb.OpenStreamResponse:
        self.open_times_s.append(asyncio.get_running_loop().time())
        if self.refused_opens:
            self.refused_opens -= 1
            info = error_details_pb2.ErrorInfo(reason="SENSOR_IN_USE", domain="kurto")
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromTimedelta(timedelta(seconds=HOLD_S))
            details = [any_pb2.Any(), any_pb2.Any()]
            details[0].Pack(info)
            details[1].Pack(retry)
            code = grpc.StatusCode.FAILED_PRECONDITION
            status = status_pb2.Status(code=code.value[0], message="in use", details=details)
            await context.abort(
                code, "in use", (("grpc-status-details-bin", status.SerializeToString()),)
            )
        return await super().OpenStream(request, context)


async def test_sensor_whose_last_sender_has_just_ended_is_waited_for() -> None:
    model = HeldSensor(refused_opens=1)
    async with (
        serving(model) as address,
        kurto.connect(address) as client,
        client.open_sensor("pump-7", **SENSOR) as stream,
    ):
        await stream.push(np.zeros((1, 100), np.float32))
    assert len(model.samples) == 100
    first_s, second_s = model.open_times_s
    assert second_s - first_s >= HOLD_S


async def test_sensor_that_another_sender_holds_is_refused_after_one_wait() -> None:
    model = HeldSensor(refused_opens=10)
    async with serving(model) as address, kurto.connect(address) as client:
        with pytest.raises(kurto.CallError, match="in use") as caught:
            async with client.open_sensor("pump-7", **SENSOR):
                pass
    assert caught.value.reason == "SENSOR_IN_USE"
    assert len(model.open_times_s) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overflow": "drop"}, "overflow is 'drop'; use one of wait, drop_oldest, raise"),
        ({"channels": "axial"}, r"channels is 'axial'; give a list: \['axial'\]"),
    ],
)
async def test_mistyped_argument_is_refused_before_anything_is_called(
    arguments: dict[str, Any], message: str
) -> None:
    model = HeldSensor()
    async with serving(model) as address, kurto.connect(address) as client:
        with pytest.raises(ValueError, match=message):
            async with client.open_sensor("pump-7", **{**SENSOR, **arguments}):
                pass
    assert not model.sensors
    assert not model.open_times_s


async def test_unit_that_differs_is_named_as_it_is_written() -> None:
    model = HeldSensor()
    async with serving(model) as address, kurto.connect(address) as client:
        async with client.open_sensor("pump-7", **SENSOR):
            pass
        with pytest.raises(kurto.ConfigurationMismatchError, match="unit 'g', not 'm/s2'"):
            async with client.open_sensor("pump-7", **{**SENSOR, "unit": "m/s2"}):
                pass


@pytest.mark.parametrize("target", ["", "localhost", ":8080", "http://localhost:8080"])
async def test_target_without_host_and_port_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="give host:port"):
        async with kurto.connect(target):
            pass


async def test_service_that_is_not_there_is_asked_about(free_port: int) -> None:
    async with kurto.connect(f"127.0.0.1:{free_port}") as client:
        with pytest.raises(kurto.CallError, match="is kurto running at this host:port"):
            async with client.open_sensor("pump-7", **SENSOR):
                pass
