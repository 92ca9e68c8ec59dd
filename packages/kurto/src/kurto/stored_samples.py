"""Stored samples as they are read back: chunks, holes, and what describes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kurto.encoding import EncodingName
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import quality_pb2, samples_pb2

HoleReason = Literal["missing", "abandoned", "expired", "quarantined"]

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_US_PER_S = 1_000_000
_LARGEST = 2**62
_ENCODINGS: dict[int, EncodingName] = {
    samples_pb2.SAMPLE_ENCODING_F32LE: "f32",
    samples_pb2.SAMPLE_ENCODING_I16LE: "i16",
    samples_pb2.SAMPLE_ENCODING_I24LE: "i24",
}
_REASONS: dict[int, HoleReason] = {
    pb.HOLE_REASON_MISSING: "missing",
    pb.HOLE_REASON_ABANDONED: "abandoned",
    pb.HOLE_REASON_EXPIRED: "expired",
    pb.HOLE_REASON_QUARANTINED: "quarantined",
}
_FLAG_PREFIX = "QUALITY_FLAG_"


@dataclass(frozen=True, kw_only=True)
class SamplesHeader:
    """What holds for all samples of one epoch that are read.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    epoch : int
        Epoch of the indexes.
    sample_rate_hz : float
        Nominal rate.
    channels, units : tuple of str
        Name and unit of each row of the samples.
    encoding : {"f32", "i16", "i24"}
        How the samples came and are stored.
    scales : tuple of float
        Unit per integer step of each row; empty for ``"f32"``.
    anchor_us : int
        Time of sample 0 in microseconds since 1970-01-01T00:00:00Z.
    first_index, end_index : int
        What is read: first_index <= i < end_index.
    burst_samples : int
        Samples per channel of a burst; 0 for continuous sensors.
    burst_interval_us : int
        Time from the start of one burst to the start of the next; 0 for continuous sensors.
    """

    sensor_id: str
    epoch: int
    sample_rate_hz: float
    channels: tuple[str, ...]
    units: tuple[str, ...]
    encoding: EncodingName
    scales: tuple[float, ...]
    anchor_us: int
    first_index: int
    end_index: int
    burst_samples: int = 0
    burst_interval_us: int = 0

    @classmethod
    def from_proto(cls, proto: pb.SamplesHeader) -> SamplesHeader:
        """Translate the contract's header."""
        units = {channel.name: channel.unit for channel in proto.config.channels}
        burst = proto.config.acquisition.burst
        return cls(
            sensor_id=proto.sensor_id,
            epoch=proto.epoch,
            sample_rate_hz=proto.config.sample_rate_hz,
            channels=tuple(proto.channels),
            units=tuple(units[name] for name in proto.channels),
            encoding=_ENCODINGS[proto.encoding],
            scales=tuple(proto.scales),
            anchor_us=proto.anchor_time.ToMicroseconds(),
            first_index=proto.indexes.first_index,
            end_index=proto.indexes.end_index,
            burst_samples=burst.length_samples,
            burst_interval_us=burst.interval.ToMicroseconds(),
        )

    def times_us(self, first_index: int, count: int) -> npt.NDArray[np.int64]:
        """Return nominal times of consecutive samples, for burst sensors of one burst.

        Returns
        -------
        np.ndarray [shape=(count,), int64]
            Microseconds since 1970-01-01T00:00:00Z, rounded half up.
        """
        start_us, index = self.anchor_us, first_index
        if self.burst_samples:
            burst, index = divmod(first_index, self.burst_samples)
            start_us += burst * self.burst_interval_us
        numerator, denominator = self.sample_rate_hz.as_integer_ratio()
        step = 2 * _US_PER_S * denominator
        whole_us, rest = divmod(index * step + numerator, 2 * numerator)
        offsets = np.arange(count, dtype=np.int64)
        if count * step + rest < _LARGEST:
            exact: npt.NDArray[np.int64] = (rest + offsets * step) // (2 * numerator)
            return start_us + whole_us + exact
        # Rates that are no simple fraction: a microsecond more or less where it rounds.
        elapsed = rest / (2 * numerator) + offsets * (_US_PER_S / self.sample_rate_hz)
        rounded: npt.NDArray[np.int64] = np.floor(elapsed).astype(np.int64)
        return start_us + whole_us + rounded

    def decode(self, planar: bytes, *, raw: bool) -> npt.NDArray[Any]:
        """Return planar bytes as an array.

        Parameters
        ----------
        planar : bytes
            Samples in the header's encoding.
        raw : bool
            Whether to leave integers as they are instead of scaling them to the unit.

        Returns
        -------
        np.ndarray [shape=(channels, n)]
            float32, int16 or int32 as stored; float64 for scaled integers.
        """
        rows = len(self.channels)
        if self.encoding == "f32":
            return np.frombuffer(planar, dtype="<f4").reshape(rows, -1)
        steps: npt.NDArray[Any]
        if self.encoding == "i16":
            steps = np.frombuffer(planar, dtype="<i2").reshape(rows, -1)
        else:
            steps = _widened(planar).reshape(rows, -1)
        return steps if raw else steps * np.array(self.scales)[:, np.newaxis]


def _widened(planar: bytes) -> npt.NDArray[np.int32]:
    triples = np.frombuffer(planar, dtype=np.uint8).reshape(-1, 3)
    quadruples = np.zeros((len(triples), 4), dtype=np.uint8)
    quadruples[:, 1:] = triples
    # The sample stands in the upper three bytes, so that the shift extends its sign.
    return quadruples.view("<i4")[:, 0] >> 8


@dataclass(frozen=True, kw_only=True)
class SamplesChunk:
    """Consecutive samples.

    Attributes
    ----------
    header : SamplesHeader
        What holds for the epoch.
    first_index : int
        Absolute index of the first sample.
    samples : np.ndarray [shape=(channels, n)]
        The samples, in the channel's unit or raw.
    quality_flags : tuple of str
        What a reader must know about them, such as ``"CLIPPED"``; empty when all is well.
    shaft_speed_hz : float or None
        Shaft speed, when the sender measured it.
    start_time : datetime
        Nominal time of the first sample.
    corrected_start_time : datetime or None
        The same, corrected by what was measured of the sender's clock.
    quarantined : bool
        True if they lay too far in the future when they came: their times are not to be trusted.
    """

    header: SamplesHeader
    first_index: int
    samples: npt.NDArray[Any]
    quality_flags: tuple[str, ...] = ()
    shaft_speed_hz: float | None = None
    start_time: datetime = _ORIGIN
    corrected_start_time: datetime | None = None
    quarantined: bool = False

    @property
    def end_index(self) -> int:
        """Index after the last sample."""
        return self.first_index + int(self.samples.shape[1])

    @classmethod
    def from_proto(
        cls, header: SamplesHeader, proto: pb.SamplesChunk, *, raw: bool
    ) -> SamplesChunk:
        """Translate the contract's chunk."""
        corrected = proto.corrected_start_time if proto.HasField("corrected_start_time") else None
        flags = (quality_pb2.QualityFlag.Name(flag) for flag in proto.quality_flags)
        return cls(
            header=header,
            first_index=proto.first_index,
            samples=header.decode(proto.planar, raw=raw),
            quality_flags=tuple(name.removeprefix(_FLAG_PREFIX) for name in flags),
            shaft_speed_hz=proto.shaft_speed_hz if proto.HasField("shaft_speed_hz") else None,
            start_time=_moment(proto.start_time.ToMicroseconds()),
            corrected_start_time=_moment(corrected.ToMicroseconds()) if corrected else None,
            quarantined=proto.quarantined,
        )


@dataclass(frozen=True, kw_only=True)
class SamplesHole:
    """Consecutive samples that are not there.

    Attributes
    ----------
    header : SamplesHeader
        What holds for the epoch.
    first_index, end_index : int
        first_index <= i < end_index are not there.
    reason : {"missing", "abandoned", "expired", "quarantined"}
        They have not come; the sender gave them up; they were deleted; or they are in quarantine,
        which is read with `include_quarantined`.
    """

    header: SamplesHeader
    first_index: int
    end_index: int
    reason: HoleReason

    @classmethod
    def from_proto(cls, header: SamplesHeader, proto: pb.SamplesHole) -> SamplesHole:
        """Translate the contract's hole."""
        return cls(
            header=header,
            first_index=proto.indexes.first_index,
            end_index=proto.indexes.end_index,
            reason=_REASONS.get(proto.reason, "missing"),
        )


SamplesPiece: TypeAlias = SamplesChunk | SamplesHole


def _moment(time_us: int) -> datetime:
    return _ORIGIN + timedelta(microseconds=time_us)
