"""What a data source declares of its machine, when the sensor is new and when it exists."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
import pytest
from tests.integration.sdk.model_service import Context, ModelService, serving

import kurto
from kurto.assets.v1 import asset_service_pb2, assets_pb2


@dataclass
class Registry(ModelService):
    """A model service whose sensors can be changed."""

    denied: set[str] = field(default_factory=set)
    conflicts: int = 0
    updates: list[assets_pb2.Sensor] = field(default_factory=list)

    async def GetSensor(
        self, request: asset_service_pb2.GetSensorRequest, context: Context
    ) -> asset_service_pb2.GetSensorResponse:
        if "GetSensor" in self.denied:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "needs the role viewer")
        return await super().GetSensor(request, context)

    async def UpdateSensor(
        self, request: asset_service_pb2.UpdateSensorRequest, context: Context
    ) -> asset_service_pb2.UpdateSensorResponse:
        if "UpdateSensor" in self.denied:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "needs the role engineer")
        if self.conflicts:
            self.conflicts -= 1
            await context.abort(grpc.StatusCode.ABORTED, "somebody else was quicker")
        self.updates.append(request.sensor)
        self.sensors[request.sensor.sensor_id] = request.sensor
        return asset_service_pb2.UpdateSensorResponse(sensor=request.sensor)

    @property
    def config(self) -> assets_pb2.SensorConfig:
        return self.sensors["pump-7"].config


@asynccontextmanager
async def opened(service: Registry, **declared: Any) -> AsyncIterator[kurto.SensorStream]:
    """Open the sensor and push something."""
    async with (
        serving(service) as address,
        kurto.connect(address) as client,
        client.open_sensor(
            "pump-7", sample_rate_hz=1000, channels=["axial"], unit="g", **declared
        ) as stream,
    ):
        await stream.push(np.zeros(10, dtype=np.float32))
        yield stream


async def test_new_sensor_has_what_was_declared() -> None:
    service = Registry()
    async with opened(
        service,
        nominal_speed_rpm=1480,
        bearing=(9, 7.94, 39.04),
        machine_class="group 2 rigid",
        gears=[(20, 57)],
        line_frequency_hz=50,
        demodulation_band_hz=(100, 300),
    ):
        pass
    config = service.config
    assert config.nominal_speed_rpm == 1480
    assert config.bearing.geometry.element_count == 9
    assert config.machine_class.industrial.support == assets_pb2.MACHINE_SUPPORT_RIGID
    assert (config.gears[0].driving_teeth, config.gears[0].driven_teeth) == (20, 57)
    assert (config.line_frequency_hz, config.demodulation_band.high_hz) == (50, 300)
    assert (config.sample_rate_hz, config.channels[0].name) == (1000, "axial")


async def test_sensor_that_exists_stays_as_it_is_and_a_difference_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = Registry()
    async with opened(service, bearing="SKF 6205", nominal_speed_rpm=1480):
        pass
    service.faults.refuse_pushes = 2  # the stream is opened three times
    with caplog.at_level(logging.WARNING, "kurto.sensors"):
        async with opened(service, bearing="SKF 6206", nominal_speed_rpm=1480, takeover=True):
            pass
        async with opened(service, bearing="SKF 6205"):
            pass
    assert service.opens >= 4
    assert service.config.bearing.designation == "SKF 6205"
    assert service.updates == []
    (record,) = [each for each in caplog.records if each.name == "kurto.sensors"]
    assert "another bearing: give reconfigure=True" in record.getMessage()


async def test_reconfigure_changes_what_is_declared_and_nothing_else() -> None:
    service = Registry(conflicts=1)
    async with opened(service, bearing="SKF 6205", nominal_speed_rpm=1480, tags=["north"]):
        pass
    async with opened(service, bearing="SKF 6206", line_frequency_hz=50, reconfigure=True):
        pass
    (update,) = service.updates
    assert list(update.tags) == ["north"]
    assert service.config.bearing.designation == "SKF 6206"
    assert (service.config.nominal_speed_rpm, service.config.line_frequency_hz) == (1480, 50)
    async with opened(service, bearing="SKF 6206", reconfigure=True):
        pass
    assert len(service.updates) == 1


async def test_reconfigure_without_the_role_is_refused_only_where_something_differs() -> None:
    service = Registry()
    async with opened(service, bearing="SKF 6205"):
        pass
    service.denied = {"GetSensor", "UpdateSensor"}
    async with opened(service, bearing="SKF 6205", reconfigure=True) as stream:
        await stream.flush()
    with pytest.raises(kurto.ConfigurationMismatchError, match=r"another bearing; .* engineer"):
        async with opened(service, bearing="SKF 6206", reconfigure=True):
            pass
    service.denied = {"UpdateSensor"}
    with pytest.raises(kurto.CallError, match="engineer"):
        async with opened(service, bearing="SKF 6206", reconfigure=True):
            pass


async def test_bad_value_is_refused_before_anything_is_called() -> None:
    service = Registry()
    with pytest.raises(ValueError, match="class IV"):
        async with opened(service, machine_class="class V"):
            pass
    assert service.sensors == {}
