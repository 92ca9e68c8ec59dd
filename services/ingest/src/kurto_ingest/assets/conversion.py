"""Between messages and domain objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.assets.v1 import assets_pb2
from kurto.signal.v1 import samples_pb2
from kurto_ingest.assets.machine_messages import machine_data_from_message, put_machine_data
from kurto_ingest.assets.model import Burst, Channel, Coupling, Machine, Sensor, SensorConfig, Site
from kurto_ingest.assets.retention_messages import policy_from_message, policy_message
from kurto_ingest.exceptions import InvalidField
from kurto_ingest.streams.timing import microseconds

__all__ = [
    "config_message",
    "duration",
    "duration_us",
    "machine_from_message",
    "machine_message",
    "range_messages",
    "sensor_from_message",
    "sensor_message",
    "site_from_message",
    "site_message",
    "timestamp",
    "timestamp_us",
    "us_from_timestamp",
]

_US_PER_S = 1_000_000
# From 0001-01-01 to 9999-12-31, as google.protobuf.Timestamp has it.
_TIME_S = (-62_135_596_800, 253_402_300_799)


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Return an aware datetime as a message."""
    if moment is None:
        return None
    return timestamp_us(microseconds(moment))


def timestamp_us(time_us: int) -> Timestamp:
    """Return microseconds since 1970-01-01T00:00:00Z as a message."""
    seconds, rest = divmod(time_us, _US_PER_S)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def us_from_timestamp(field: str, message: Timestamp) -> int:
    """Return a message as microseconds since 1970-01-01T00:00:00Z.

    Raises
    ------
    InvalidField
        If it is not a valid time.
    """
    low, high = _TIME_S
    if not (low <= message.seconds <= high and 0 <= message.nanos < 1_000_000_000):
        raise InvalidField(f"{field} must be a time from year 1 to 9999.", field=field)
    return message.seconds * _US_PER_S + message.nanos // 1000


def duration(seconds: float) -> Duration:
    """Return seconds as a message."""
    # By hand: the library's own way costs several times as much, once a second for every sensor.
    whole, rest = divmod(abs(round(seconds * 1e9)), 1_000_000_000)
    return (
        Duration(seconds=whole, nanos=rest)
        if seconds >= 0
        else Duration(seconds=-whole, nanos=-rest)
    )


def duration_us(span_us: int) -> Duration:
    """Return microseconds as a message."""
    message = Duration()
    message.FromMicroseconds(span_us)
    return message


def range_messages(ranges: Iterable[tuple[int, int]]) -> list[samples_pb2.IndexRange]:
    """Return index ranges as messages."""
    return [samples_pb2.IndexRange(first_index=first, end_index=end) for first, end in ranges]


def site_from_message(message: assets_pb2.Site) -> Site:
    """Return a site as a caller describes it."""
    return Site(site_id=message.site_id, display_name=message.display_name)


def site_message(site: Site) -> assets_pb2.Site:
    """Return a stored site."""
    return assets_pb2.Site(
        site_id=site.site_id,
        display_name=site.display_name,
        archived=site.archived,
        create_time=timestamp(site.create_time),
        update_time=timestamp(site.update_time),
    )


def machine_from_message(message: assets_pb2.Machine) -> Machine:
    """Return a machine as a caller describes it."""
    speed = message.nominal_speed_rpm if message.HasField("nominal_speed_rpm") else None
    return Machine(
        machine_id=message.machine_id,
        site_id=message.site_id,
        display_name=message.display_name,
        nominal_speed_rpm=speed,
    )


def machine_message(machine: Machine) -> assets_pb2.Machine:
    """Return a stored machine."""
    return assets_pb2.Machine(
        machine_id=machine.machine_id,
        site_id=machine.site_id,
        display_name=machine.display_name,
        nominal_speed_rpm=machine.nominal_speed_rpm,
        archived=machine.archived,
        create_time=timestamp(machine.create_time),
        update_time=timestamp(machine.update_time),
    )


def sensor_from_message(message: assets_pb2.Sensor) -> Sensor:
    """Return a sensor as a caller describes it."""
    return Sensor(
        sensor_id=message.sensor_id,
        machine_id=message.machine_id,
        display_name=message.display_name,
        tags=tuple(message.tags),
        config=_config_from_message(message.config),
        retention=policy_from_message(message.retention),
    )


def _config_from_message(message: assets_pb2.SensorConfig) -> SensorConfig:
    return SensorConfig(
        version=message.version,
        sample_rate_hz=message.sample_rate_hz,
        channels=tuple(_channel_from_message(channel) for channel in message.channels),
        burst=_burst_from_message(message.acquisition),
        machine=machine_data_from_message(message),
    )


def _burst_from_message(message: assets_pb2.Acquisition) -> Burst | None:
    if message.WhichOneof("kind") != "burst":
        return None
    interval = message.burst.interval
    return Burst(
        length_samples=message.burst.length_samples,
        interval_s=interval.seconds + interval.nanos / 1e9,
    )


def _channel_from_message(message: assets_pb2.Channel) -> Channel:
    try:
        coupling = Coupling(message.coupling)
    except ValueError:
        raise InvalidField(
            f"coupling must be AC (1), DC (2) or absent, not {message.coupling}.",
            field="sensor.config.channels.coupling",
        ) from None
    sensitivity = message.HasField("sensitivity_mv_per_unit")
    return Channel(
        name=message.name,
        unit=message.unit,
        full_scale=message.full_scale if message.HasField("full_scale") else None,
        sensitivity_mv_per_unit=message.sensitivity_mv_per_unit if sensitivity else None,
        coupling=coupling,
        position=message.position,
        bias_range=_bias_range(message),
    )


def _bias_range(message: assets_pb2.Channel) -> tuple[float, float] | None:
    if not message.HasField("bias_range"):
        return None
    return message.bias_range.lower, message.bias_range.upper


def sensor_message(sensor: Sensor) -> assets_pb2.Sensor:
    """Return a stored sensor."""
    return assets_pb2.Sensor(
        sensor_id=sensor.sensor_id,
        machine_id=sensor.machine_id,
        display_name=sensor.display_name,
        config=config_message(sensor.config),
        tags=sensor.tags,
        monitored=sensor.monitored,
        archived=sensor.archived,
        create_time=timestamp(sensor.create_time),
        update_time=timestamp(sensor.update_time),
        retention=policy_message(sensor.retention),
    )


def config_message(config: SensorConfig) -> assets_pb2.SensorConfig:
    """Return a stored configuration."""
    message = assets_pb2.SensorConfig(
        version=config.version,
        sample_rate_hz=config.sample_rate_hz,
        channels=[_channel_message(channel) for channel in config.channels],
        acquisition=_acquisition_message(config.burst),
    )
    put_machine_data(config.machine, message)
    return message


def _acquisition_message(burst: Burst | None) -> assets_pb2.Acquisition:
    if burst is None:
        return assets_pb2.Acquisition(continuous=assets_pb2.ContinuousAcquisition())
    return assets_pb2.Acquisition(
        burst=assets_pb2.BurstAcquisition(
            length_samples=burst.length_samples, interval=duration(burst.interval_s)
        )
    )


def _channel_message(channel: Channel) -> assets_pb2.Channel:
    bias_range = None
    if channel.bias_range is not None:
        lower, upper = channel.bias_range
        bias_range = assets_pb2.BiasRange(lower=lower, upper=upper)
    return assets_pb2.Channel(
        name=channel.name,
        unit=channel.unit,
        full_scale=channel.full_scale,
        sensitivity_mv_per_unit=channel.sensitivity_mv_per_unit,
        coupling=assets_pb2.Coupling.Name(channel.coupling),
        position=channel.position,
        bias_range=bias_range,
    )
