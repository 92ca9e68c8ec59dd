"""What SensorOpen declares, checked once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from kurto.analyzer.v1.analyzer_service_pb2 import SensorOpen
from kurto.assets.v1.assets_pb2 import SensorConfig
from kurto.signal.v1.samples_pb2 import SampleEncoding
from kurto_analyzer.bearing_catalogue.designations import BearingCatalogue
from kurto_analyzer.encoding import SAMPLE_BYTES
from kurto_analyzer.exceptions import InvalidField
from kurto_analyzer.machine_data import MachineData, read_machine_data
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp import AccelerationUnit
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.condition import ZoneTable
from kurto_dsp.gears import GearStage

__all__ = ["SensorSpec", "is_identifier", "read_sensor_open"]

_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# Within these no index or time leaves 64 bits, nor what PostgreSQL can date.
_MAX_HOP = 1 << 40
_LAST_SECOND = 7_258_118_400  # 2200-01-01
_MAX_CHANNELS = 32
_RATE_HZ = (100.0, 102_400.0)
_MAX_SHARD = 63
_UNITS = {unit.value: unit for unit in AccelerationUnit}


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """One (sensor, epoch) under one version of its configuration.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    epoch : int
        Epoch of the sample index.
    geometry : StreamGeometry
        Rate, hop, window and anchor.
    encoding : int
        A `SampleEncoding`.
    scales : tuple of float
        Unit per integer step, one or one per channel; empty for floats.
    channels : tuple of str
        Names in the order of the samples.
    units : tuple of AccelerationUnit
        Unit of each channel.
    full_scales : tuple of float or None
        Largest magnitude of each channel, None where not declared.
    config_version : int
        Version of the configuration.
    backfill : bool
        True if the samples come from a sender's buffer: all frames are late.
    machine : MachineData
        What is declared of the machine.
    bias_ranges : tuple of ((float, float) or None)
        Smallest and largest mean of each channel in its unit, None where not declared; empty when
        none is declared at all.
    """

    sensor_id: str
    epoch: int
    geometry: StreamGeometry
    encoding: int
    scales: tuple[float, ...]
    channels: tuple[str, ...]
    units: tuple[AccelerationUnit, ...]
    full_scales: tuple[float | None, ...]
    config_version: int
    backfill: bool = False
    machine: MachineData = field(default_factory=MachineData)
    bias_ranges: tuple[tuple[float, float] | None, ...] = ()

    @property
    def nominal_speed_hz(self) -> float | None:
        """Nameplate speed of the shaft in revolutions per second, None where not declared."""
        return self.machine.nominal_speed_hz

    @property
    def bearing(self) -> BearingGeometry | None:
        """The bearing that the sensor watches, None where not declared or not known."""
        return self.machine.bearing

    @property
    def bearing_problem(self) -> str:
        """Why a declared bearing is not used; empty when it is, or none is declared."""
        return self.machine.bearing_problem

    @property
    def machine_class(self) -> ZoneTable | None:
        """Limits by which the machine is graded, None where no class is declared."""
        return self.machine.machine_class

    @property
    def gear_stages(self) -> tuple[GearStage, ...]:
        """Gears in the order of the power flow, from the shaft of the speed on."""
        return self.machine.gear_stages

    @property
    def line_frequency_hz(self) -> float | None:
        """Frequency of the mains, None where not declared."""
        return self.machine.line_frequency_hz

    @property
    def load_step(self) -> float | None:
        """Width of a bin of load, None where no load is declared."""
        return self.machine.load_step

    @property
    def demodulation_band_hz(self) -> tuple[float, float] | None:
        """Edges of the band in which the envelope is taken, None for the usual one."""
        return self.machine.demodulation_band_hz

    @property
    def hop_bytes(self) -> int:
        """Bytes of one hop of all channels."""
        sample_bytes = SAMPLE_BYTES[self.encoding]
        return self.geometry.hop_samples * len(self.channels) * sample_bytes

    def holds_hop(self, hop: int) -> bool:
        """Tell whether `hop` is a number that a hop of this sensor can have."""
        if not 0 <= hop <= _MAX_HOP:
            return False
        return self.geometry.window_end_us(hop) < _LAST_SECOND * 1_000_000

    def same_samples(self, other: SensorSpec) -> bool:
        """Tell whether hops of `self` and `other` may share a window."""
        return (
            (self.sensor_id, self.epoch) == (other.sensor_id, other.epoch)
            and self.geometry == other.geometry
            and (self.encoding, self.scales) == (other.encoding, other.scales)
            and (self.channels, self.units) == (other.channels, other.units)
            and self.demodulation_band_hz == other.demodulation_band_hz
        )


def is_identifier(text: str) -> bool:
    """Tell whether `text` may be the id of a sensor or the name of a channel."""
    return _IDENTIFIER.fullmatch(text) is not None


def read_sensor_open(
    message: SensorOpen, *, max_window_samples: int, catalogue: BearingCatalogue | None = None
) -> SensorSpec:
    """Return what `message` declares.

    Parameters
    ----------
    message : SensorOpen
        As received.
    max_window_samples : int
        Largest window that is accepted, samples times channels.

    Raises
    ------
    InvalidField
        With the field's name, the sensor and what is allowed.
    """
    if not is_identifier(message.sensor_id):
        _refuse(message, "sensor_id", "1 to 128 characters of A-Z a-z 0-9 . _ : -")
    if message.epoch < 0:
        _refuse(message, "epoch", "at least 0")
    if message.encoding not in SAMPLE_BYTES:
        _refuse(message, "encoding", "F32LE, I16LE or I24LE")
    if not 0 <= message.shard <= _MAX_SHARD:
        _refuse(message, "shard", f"0 to {_MAX_SHARD}")
    geometry = _geometry(message)
    channel_count = len(message.config.channels)
    if geometry.window_samples * channel_count > max_window_samples:
        allowed = f"at most {max_window_samples} samples in a window of all channels"
        _refuse(message, "hop_samples", allowed)
    return SensorSpec(
        sensor_id=message.sensor_id,
        epoch=message.epoch,
        geometry=geometry,
        encoding=message.encoding or SampleEncoding.SAMPLE_ENCODING_F32LE,
        scales=_scales(message),
        channels=tuple(channel.name for channel in message.config.channels),
        units=_units(message),
        full_scales=_full_scales(message.config),
        config_version=message.config.version,
        backfill=message.backfill,
        machine=read_machine_data(message.config, catalogue),
        bias_ranges=_bias_ranges(message.config),
    )


def _geometry(message: SensorOpen) -> StreamGeometry:
    rate, (lowest, highest) = message.config.sample_rate_hz, _RATE_HZ
    if not lowest <= rate <= highest:  # NaN fails too
        _refuse(message, "config.sample_rate_hz", f"a finite rate of {lowest:g} to {highest:g} Hz")
    if message.hop_samples < 1:
        _refuse(message, "hop_samples", "at least 1")
    if not 1 <= message.window_hops <= 1000:
        _refuse(message, "window_hops", "1 to 1000 (10, or 1 for burst sensors)")
    if not (message.HasField("anchor_time") and 0 <= message.anchor_time.seconds < _LAST_SECOND):
        _refuse(message, "anchor_time", "the time of sample 0, from 1970 to 2199")
    anchor_us = message.anchor_time.seconds * 1_000_000 + message.anchor_time.nanos // 1000
    return StreamGeometry(
        rate, message.hop_samples, message.window_hops, anchor_us, _burst_interval_us(message)
    )


def _burst_interval_us(message: SensorOpen) -> int:
    acquisition = message.config.acquisition
    if acquisition.WhichOneof("kind") != "burst":
        return 0
    interval_us = acquisition.burst.interval.ToMicroseconds()
    if interval_us <= 0:
        _refuse(message, "config.acquisition.burst.interval", "more than 0")
    return interval_us


def _scales(message: SensorOpen) -> tuple[float, ...]:
    scales = tuple(message.scales)
    if SAMPLE_BYTES[message.encoding] == 4:
        if scales:
            _refuse(message, "scales", "no scale for F32LE")
        return ()
    if len(scales) not in (1, len(message.config.channels)):
        _refuse(message, "scales", "one scale, or one per channel")
    if not all(math.isfinite(scale) and scale > 0 for scale in scales):
        _refuse(message, "scales", "positive and finite")
    return scales


def _units(message: SensorOpen) -> tuple[AccelerationUnit, ...]:
    channels = message.config.channels
    if not 1 <= len(channels) <= _MAX_CHANNELS:
        _refuse(message, "config.channels", f"1 to {_MAX_CHANNELS} channels")
    names = [channel.name for channel in channels]
    if len(set(names)) != len(names) or not all(map(is_identifier, names)):
        allowed = "different names, each 1 to 128 characters of A-Z a-z 0-9 . _ : -"
        _refuse(message, "config.channels", allowed)
    if any(channel.unit not in _UNITS for channel in channels):
        _refuse(message, "config.channels.unit", "g or m/s2")
    return tuple(_UNITS[channel.unit] for channel in channels)


def _full_scales(config: SensorConfig) -> tuple[float | None, ...]:
    # A full scale that cannot be one is no reason to lose the sensor: clipping is then not seen.
    return tuple(
        channel.full_scale if channel.HasField("full_scale") and channel.full_scale > 0 else None
        for channel in config.channels
    )


def _bias_ranges(config: SensorConfig) -> tuple[tuple[float, float] | None, ...]:
    if not any(channel.HasField("bias_range") for channel in config.channels):
        return ()
    return tuple(
        (channel.bias_range.lower, channel.bias_range.upper)
        if channel.HasField("bias_range")
        else None
        for channel in config.channels
    )


def _refuse(message: SensorOpen, name: str, allowed: str) -> NoReturn:
    raise InvalidField(
        f"SensorOpen of {message.sensor_id!r} has a wrong {name}: allowed is {allowed}.",
        field=f"open.{name}",
        sensor_id=message.sensor_id,
        slot=message.slot,
    )
