"""What a data source says about its sensor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc

from kurto.assets.v1 import asset_service_pb2, asset_service_pb2_grpc, assets_pb2
from kurto.calls import answer
from kurto.exceptions import CallError, ConfigurationMismatchError
from kurto.machine_data import MachineData

_logger = logging.getLogger("kurto.sensors")
_UPDATE_ATTEMPTS = 3


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
    machine : MachineData
        What is known of the machine under the sensor.
    reconfigure : bool
        Whether a sensor that exists is changed to what `machine` declares.
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
    machine: MachineData = field(default_factory=MachineData)
    reconfigure: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.channels, str):
            raise ValueError(f"channels is {self.channels!r}; give a list: [{self.channels!r}]")

    def to_proto(self) -> assets_pb2.Sensor:
        """Return the sensor to create."""
        channels = [
            assets_pb2.Channel(name=name, unit=self.unit, full_scale=self.full_scale)
            for name in self.channels
        ]
        config = self.machine.to_proto()
        config.sample_rate_hz = self.sample_rate_hz
        config.channels.extend(channels)
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
            "unit": (units(mine), units(theirs)),
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


def units(config: assets_pb2.SensorConfig) -> str:
    """Return the units of a sensor's channels as text, each once."""
    return ", ".join(sorted({channel.unit for channel in config.channels}))


class DeclarationCheck:
    """Compares the configurations that the service answers with the declared one.

    What was declared of the machine is compared once: it may be corrected later by somebody else.

    Parameters
    ----------
    declaration : SensorDeclaration
        What was declared.
    """

    def __init__(self, declaration: SensorDeclaration) -> None:
        self._declaration = declaration
        self._first = True

    def __call__(self, theirs: assets_pb2.SensorConfig) -> None:
        """Take an answer, the first one with care.

        Raises
        ------
        ConfigurationMismatchError
            If rate, channels, unit or acquisition differ; or, with ``reconfigure``, the machine,
            because the token may not change it.
        """
        self._declaration.check(theirs)
        differing = ", ".join(self._declaration.machine.differences(theirs))
        if differing and self._first:
            sensor_id = self._declaration.sensor_id
            if self._declaration.reconfigure:
                raise ConfigurationMismatchError(
                    f"sensor {sensor_id!r} exists with another {differing}; to change it, give a"
                    " token with the roles viewer and engineer, or leave reconfigure out"
                )
            extra = {"sensor_id": sensor_id, "fields": differing}
            _logger.warning(
                "sensor %s exists with another %s: give reconfigure=True, or change it with"
                " AssetService.UpdateSensor",
                sensor_id,
                differing,
                extra=extra,
            )
        self._first = False


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
        await _compare(_AssetCalls(stub, metadata, timeout_s), declaration)


@dataclass(frozen=True)
class _AssetCalls:
    stub: asset_service_pb2_grpc.AssetServiceStub
    metadata: tuple[tuple[str, str], ...]
    timeout_s: float

    async def sensor(self, sensor_id: str) -> assets_pb2.Sensor:
        request = asset_service_pb2.GetSensorRequest(sensor_id=sensor_id)
        response = await answer(
            self.stub.GetSensor(request, metadata=self.metadata, timeout=self.timeout_s)
        )
        return response.sensor

    async def update(self, sensor: assets_pb2.Sensor) -> None:
        request = asset_service_pb2.UpdateSensorRequest(sensor=sensor)
        await answer(
            self.stub.UpdateSensor(request, metadata=self.metadata, timeout=self.timeout_s)
        )


async def _compare(calls: _AssetCalls, declaration: SensorDeclaration) -> None:
    for attempt in range(1, _UPDATE_ATTEMPTS + 1):
        try:
            sensor = await calls.sensor(declaration.sensor_id)
        except CallError as error:
            # A token that may only send may not read: OpenStream's answer is compared then.
            if error.code != grpc.StatusCode.PERMISSION_DENIED:
                raise
            return
        declaration.check(sensor.config)
        if not (declaration.reconfigure and declaration.machine.differences(sensor.config)):
            return
        declaration.machine.put_into(sensor.config)
        try:
            await calls.update(sensor)
            return
        except CallError as error:
            # Somebody else may change the sensor between the two calls.
            if attempt == _UPDATE_ATTEMPTS or error.code != grpc.StatusCode.ABORTED:
                raise
