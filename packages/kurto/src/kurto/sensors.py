"""What a data source says about its sensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc

from kurto.assets.v1 import asset_service_pb2, asset_service_pb2_grpc, assets_pb2
from kurto.calls import answer
from kurto.exceptions import CallError, ConfigurationMismatchError


@dataclass(frozen=True)
class Burst:
    """How a sensor that sleeps between bursts takes samples.

    Parameters
    ----------
    length_samples : int > 0
        Samples per channel in a burst.
    interval_s : float > 0
        Time from the start of one burst to the start of the next, in seconds.
    """

    length_samples: int
    interval_s: float


@dataclass(frozen=True)
class SensorDeclaration:
    """What a data source says about its sensor.

    Parameters
    ----------
    sensor_id : str
        Id of the sensor.
    sample_rate_hz : float
        Nominal sample rate in Hz.
    channels : sequence of str
        Channel names in the order of the rows that are pushed.
    unit : {"g", "m/s2"}
        Unit of the samples of all channels.
    machine_id, display_name : str
        For a sensor that is created now.
    tags : sequence of str
        For a sensor that is created now.
    full_scale : float, optional
        Largest absolute value of the converter, in the unit, for a sensor that is created now.
    burst : Burst, optional
        For sensors that sleep between bursts.
    """

    sensor_id: str
    sample_rate_hz: float
    channels: Sequence[str]
    unit: str
    machine_id: str = ""
    display_name: str = ""
    tags: Sequence[str] = field(default_factory=tuple)
    full_scale: float | None = None
    burst: Burst | None = None

    def to_proto(self) -> assets_pb2.Sensor:
        """Return the sensor to create."""
        channels = [
            assets_pb2.Channel(name=name, unit=self.unit, full_scale=self.full_scale)
            for name in self.channels
        ]
        config = assets_pb2.SensorConfig(sample_rate_hz=self.sample_rate_hz, channels=channels)
        if self.burst is not None:
            config.acquisition.burst.length_samples = self.burst.length_samples
            config.acquisition.burst.interval.FromNanoseconds(round(self.burst.interval_s * 1e9))
        return assets_pb2.Sensor(
            sensor_id=self.sensor_id,
            machine_id=self.machine_id,
            display_name=self.display_name,
            config=config,
            tags=self.tags,
        )

    def check(self, theirs: assets_pb2.SensorConfig) -> None:
        """Compare with the configuration of a sensor that exists.

        Raises
        ------
        ConfigurationMismatchError
            If rate, channels, unit or acquisition differ.
        """
        mine = self.to_proto().config
        pairs = {
            "sample_rate_hz": (mine.sample_rate_hz, theirs.sample_rate_hz),
            "channels": ([c.name for c in mine.channels], [c.name for c in theirs.channels]),
            "unit": ({c.unit for c in mine.channels}, {c.unit for c in theirs.channels}),
            "burst": (
                mine.acquisition.burst.length_samples,
                theirs.acquisition.burst.length_samples,
            ),
        }
        for name, (given, stored) in pairs.items():
            if given != stored:
                raise ConfigurationMismatchError(
                    f"sensor {self.sensor_id!r} exists with {name} {stored!r}, not {given!r}; "
                    "change the declaration, or the sensor with AssetService.UpdateSensor"
                )


async def create_if_missing(
    stub: asset_service_pb2_grpc.AssetServiceStub,
    declaration: SensorDeclaration,
    metadata: tuple[tuple[str, str], ...],
    timeout_s: float = 10.0,
) -> None:
    """Create the sensor, unless it is there; then compare the configuration.

    Raises
    ------
    CallError
        If the service refuses or does not answer within ``timeout_s`` seconds.
    ConfigurationMismatchError
        If the sensor exists with another configuration.
    """
    request = asset_service_pb2.CreateSensorRequest(sensor=declaration.to_proto())
    try:
        await answer(stub.CreateSensor(request, metadata=metadata, timeout=timeout_s))
    except CallError as error:
        if error.code != grpc.StatusCode.ALREADY_EXISTS:
            raise
        await _compare(stub, declaration, metadata, timeout_s)


async def _compare(
    stub: asset_service_pb2_grpc.AssetServiceStub,
    declaration: SensorDeclaration,
    metadata: tuple[tuple[str, str], ...],
    timeout_s: float,
) -> None:
    request = asset_service_pb2.GetSensorRequest(sensor_id=declaration.sensor_id)
    try:
        response = await answer(stub.GetSensor(request, metadata=metadata, timeout=timeout_s))
    except CallError as error:
        # A token that may only send may not read: OpenStream's answer is compared then.
        if error.code != grpc.StatusCode.PERMISSION_DENIED:
            raise
        return
    declaration.check(response.sensor.config)
