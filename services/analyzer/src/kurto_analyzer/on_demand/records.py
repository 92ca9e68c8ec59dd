"""Stored samples of one channel, put together from what ingest sends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kurto.assets.v1.assets_pb2 import SensorConfig
from kurto.ingest.v1.ingest_service_pb2 import SamplesChunk, SamplesHeader
from kurto_analyzer.encoding import decode_planar
from kurto_analyzer.exceptions import UnknownChannel
from kurto_analyzer.machine_data import MachineData, read_machine_data
from kurto_analyzer.on_demand.exceptions import AnalysisImpossible, NoSamples
from kurto_analyzer.on_demand.selections import SampleSelection
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp import AccelerationUnit
from kurto_dsp.arrays import Float32Array

__all__ = ["ChannelRecord", "EpochFormat", "RecordBuilder", "StoredRange", "choose_range"]

_MICROSECONDS = 1_000_000
_OTHER_UNIT = AccelerationUnit.MPS2  # of tachometers and other channels that are not accelerations


@dataclass(frozen=True, slots=True)
class EpochFormat:
    """What a header says of an epoch.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    epoch : int
        Epoch of the sample index.
    config : SensorConfig
        As when the epoch began.
    geometry : StreamGeometry
        Rate and time of samples; for burst sensors a hop is a burst.
    first, end : int
        First and end index of what is stored in the range that was asked for.
    """

    sensor_id: str
    epoch: int
    config: SensorConfig
    geometry: StreamGeometry
    first: int
    end: int

    @classmethod
    def of(cls, header: SamplesHeader) -> EpochFormat:
        """Return what `header` says."""
        config = header.config
        burst = config.acquisition.burst
        is_burst = config.acquisition.WhichOneof("kind") == "burst"
        anchor = header.anchor_time
        geometry = StreamGeometry(
            sample_rate_hz=config.sample_rate_hz,
            hop_samples=max(1, burst.length_samples),
            window_hops=1,
            anchor_us=anchor.seconds * _MICROSECONDS + anchor.nanos // 1000,
            burst_interval_us=burst.interval.ToMicroseconds() if is_burst else 0,
        )
        indexes = header.indexes
        return cls(
            header.sensor_id,
            header.epoch,
            config,
            geometry,
            indexes.first_index,
            indexes.end_index,
        )

    def channel(self, name: str) -> str:
        """Return the name of a channel; empty means the first one.

        Raises
        ------
        UnknownChannel
            With the names there are.
        """
        names = [channel.name for channel in self.config.channels]
        if name and name not in names:
            raise UnknownChannel(sensor_id=self.sensor_id, channel=name, channels=", ".join(names))
        return name or names[0]


@dataclass(frozen=True, slots=True)
class StoredRange:
    """Samples of one epoch: ``[first, end)``."""

    epoch: int
    first: int
    end: int


def choose_range(
    selection: SampleSelection, stored: EpochFormat, *, max_samples: int
) -> StoredRange:
    """Return the indexes that a selection means.

    Parameters
    ----------
    selection : SampleSelection
        As asked for.
    stored : EpochFormat
        Its `first` is the first sample from the start on; without a start its `end` is the end of
        what is durable.
    max_samples : int
        Most samples that may be read.

    Raises
    ------
    AnalysisImpossible
        When they would be more.
    NoSamples
        When the first sample from the start on lies beyond the length asked for.
    """
    geometry = stored.geometry
    rate = geometry.sample_rate_hz
    count = max(1, round(selection.duration_s(rate) * rate))
    if count > max_samples:
        raise AnalysisImpossible(
            problem=f"{count / rate:g} s at {rate:g} Hz are more than {max_samples} samples, ask "
            f"for a duration of at most {math.floor(10.0 * max_samples / rate) / 10.0:g} s"
        )
    if geometry.burst_interval_us:
        return _burst_range(selection, stored, count)
    if selection.start_us is None:
        return StoredRange(stored.epoch, max(0, stored.end - count), stored.end)
    end = _first_index(geometry, selection.start_us) + count
    if end <= stored.first:
        raise NoSamples(sensor_id=stored.sensor_id)
    return StoredRange(stored.epoch, stored.first, end)


def _first_index(geometry: StreamGeometry, time_us: int) -> int:
    """Return the first index whose time is not before `time_us`.

    By the times as they are told, which are rounded: who asks for the samples from the start of
    an answer on gets the same ones again.
    """
    offset_s = (time_us - geometry.anchor_us) / _MICROSECONDS
    index = math.floor(offset_s * geometry.sample_rate_hz) - 1
    while geometry.time_us(index) < time_us:
        index += 1
    return index


def _burst_range(selection: SampleSelection, stored: EpochFormat, count: int) -> StoredRange:
    # Between two bursts there is a pause that the index does not show: one burst at most.
    length = stored.geometry.hop_samples
    if selection.start_us is None:
        first = stored.end // length * length - length
        if first < 0:
            raise NoSamples(sensor_id=stored.sensor_id)
    else:
        first = -(-stored.first // length) * length
    return StoredRange(stored.epoch, first, first + min(count, length))


@dataclass(frozen=True, eq=False, slots=True)
class ChannelRecord:
    """Samples of one channel.

    Attributes
    ----------
    sensor_id, channel : str
        Where they are from.
    epoch, first_index : int
        Epoch, and index of the first sample.
    start_us : int
        Nominal time of the first sample, microseconds since 1970.
    sample_rate_hz : float
        Nominal rate.
    unit : AccelerationUnit
        Of the samples.
    full_scale : float or None
        Largest magnitude of the channel, None where not declared.
    samples : Float32Array [shape=(n,)]
        NaN where there is none.
    tacho : Float32Array [shape=(n,)] or None
        The tachometer's channel, when asked for.
    speed_track : tuple of tuple of float
        (time in s from the first sample, shaft speed in Hz) as the sender measured it.
    machine : MachineData
        What is declared of the machine.
    """

    sensor_id: str
    channel: str
    epoch: int
    first_index: int
    start_us: int
    sample_rate_hz: float
    unit: AccelerationUnit
    full_scale: float | None
    samples: Float32Array
    tacho: Float32Array | None
    speed_track: tuple[tuple[float, float], ...]
    machine: MachineData

    @property
    def missing_count(self) -> int:
        """Samples that are not there or not finite."""
        return int(np.count_nonzero(~np.isfinite(self.samples)))


class RecordBuilder:
    """Takes chunks in any order and returns the record.

    Parameters
    ----------
    header : SamplesHeader
        Of the chunks, with one or two channels.
    asked : StoredRange
        What was asked for; the header may hold less of it.
    """

    def __init__(self, header: SamplesHeader, asked: StoredRange) -> None:
        self._format = EpochFormat.of(header)
        self._encoding = header.encoding
        self._scales = tuple(header.scales)
        self._channels = tuple(header.channels)
        self._first = max(asked.first, self._format.first)
        end = min(asked.end, self._format.end)
        shape = (len(self._channels), max(0, end - self._first))
        self._samples = np.full(shape, np.nan, np.float32)
        self._speeds: list[tuple[float, float]] = []

    def add(self, chunk: SamplesChunk) -> None:
        """Put a chunk in its place; what lies outside of the range is left out."""
        decoded = decode_planar(
            chunk.planar,
            encoding=self._encoding,
            scales=self._scales,
            channel_count=len(self._channels),
        )
        offset = chunk.first_index - self._first
        begin, end = max(0, offset), min(self._samples.shape[1], offset + decoded.shape[1])
        if begin >= end:
            return
        self._samples[:, begin:end] = decoded[:, begin - offset : end - offset]
        if chunk.HasField("shaft_speed_hz") and chunk.shaft_speed_hz > 0.0:
            middle_s = 0.5 * (begin + end) / self._format.geometry.sample_rate_hz
            self._speeds.append((middle_s, chunk.shaft_speed_hz))

    def record(self) -> ChannelRecord:
        """Return what came.

        Raises
        ------
        NoSamples
            When nothing did.
        """
        stored = self._format
        if not self._samples.size:
            raise NoSamples(sensor_id=stored.sensor_id)
        channel = next(c for c in stored.config.channels if c.name == self._channels[0])
        declared = {unit.value: unit for unit in AccelerationUnit}
        return ChannelRecord(
            sensor_id=stored.sensor_id,
            channel=channel.name,
            epoch=stored.epoch,
            first_index=self._first,
            start_us=stored.geometry.time_us(self._first),
            sample_rate_hz=stored.geometry.sample_rate_hz,
            unit=declared.get(channel.unit, _OTHER_UNIT),
            full_scale=channel.full_scale if channel.full_scale > 0 else None,
            samples=self._samples[0],
            tacho=self._samples[1] if len(self._channels) > 1 else None,
            speed_track=tuple(sorted(self._speeds)),
            machine=read_machine_data(stored.config),
        )
