"""From a message to what a reader asks for, and from pieces to messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import quality_pb2, samples_pb2
from kurto_ingest.assets.conversion import config_message, timestamp_us, us_from_timestamp
from kurto_ingest.assets.model import SensorConfig
from kurto_ingest.assets.validation import require_sensor_id
from kurto_ingest.exceptions import InvalidField
from kurto_ingest.ports import StreamRecord
from kurto_ingest.reading.read_ranges import ReadRequest
from kurto_ingest.reading.sample_pieces import Hole, Piece
from kurto_ingest.records.sample_times import SampleTime, corrected_time
from kurto_ingest.streams.ranges import IndexRange
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["header_message", "piece_message", "read_request"]

_MAX_CHANNELS = 32


def read_request(message: pb.ReadSamplesRequest) -> ReadRequest:
    """Return what `message` asks for.

    Raises
    ------
    InvalidField
        If a range or the list of channels cannot be.
    UnknownSensor
        If no sensor can have this id.
    """
    require_sensor_id(message.sensor_id)
    epoch, first, end = _epoch_range(message)
    start_us, end_us = _time_range(message)
    return ReadRequest(
        sensor_id=message.sensor_id,
        epoch=epoch,
        first=first,
        end=end,
        start_us=start_us,
        end_us=end_us,
        channels=_channels(message.channels),
        resume=_resume(message),
        include_quarantined=message.include_quarantined,
    )


def _epoch_range(message: pb.ReadSamplesRequest) -> tuple[int, int, int | None]:
    if message.WhichOneof("range") != "epoch_range":
        return 0, 0, None
    asked = message.epoch_range
    if asked.epoch < 1:
        raise InvalidField(
            f"epoch_range.epoch must be > 0, not {asked.epoch};"
            " GetStreamPosition tells the newest one.",
            field="epoch_range.epoch",
        )
    if not asked.HasField("indexes"):
        return asked.epoch, 0, None
    first, end = asked.indexes.first_index, asked.indexes.end_index
    if not 0 <= first < end:
        raise InvalidField(
            f"epoch_range.indexes must have 0 <= first_index < end_index, not {first} and {end}.",
            field="epoch_range.indexes",
        )
    return asked.epoch, first, end


def _time_range(message: pb.ReadSamplesRequest) -> tuple[int | None, int | None]:
    if message.WhichOneof("range") != "time_range":
        return None, None
    asked = message.time_range
    start_us = end_us = None
    if asked.HasField("start_time"):
        start_us = us_from_timestamp("time_range.start_time", asked.start_time)
    if asked.HasField("end_time"):
        end_us = us_from_timestamp("time_range.end_time", asked.end_time)
    if start_us is not None and end_us is not None and start_us >= end_us:
        raise InvalidField("time_range must start before it ends.", field="time_range")
    return start_us, end_us


def _channels(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > _MAX_CHANNELS or len(set(names)) < len(names):
        raise InvalidField(
            f"channels must name each channel once, {_MAX_CHANNELS} at most.", field="channels"
        )
    return tuple(names)


def _resume(message: pb.ReadSamplesRequest) -> tuple[int, int]:
    if not message.HasField("resume"):
        return 0, 0
    epoch, index = message.resume.epoch, message.resume.index
    if epoch < 1 or index < 0:
        raise InvalidField(
            f"resume must have epoch > 0 and index >= 0, not {epoch} and {index}.", field="resume"
        )
    return epoch, index


def header_message(
    record: StreamRecord, config: SensorConfig, channels: Sequence[int], asked: IndexRange
) -> pb.ReadSamplesResponse:
    """Return what stands before the pieces of an epoch."""
    stream_format = record.format
    scales = stream_format.scales
    if len(scales) == 1:
        scales = scales * len(stream_format.channels)
    header = pb.SamplesHeader(
        sensor_id=stream_format.sensor_id,
        epoch=stream_format.epoch,
        config=config_message(config),
        channels=[stream_format.channels[number] for number in channels],
        encoding=samples_pb2.SampleEncoding.Name(stream_format.encoding),
        scales=[scales[number] for number in channels] if scales else [],
        anchor_time=timestamp_us(stream_format.anchor_us),
        indexes=samples_pb2.IndexRange(first_index=asked.first, end_index=asked.end),
    )
    return pb.ReadSamplesResponse(header=header)


def piece_message(
    stream_format: StreamFormat, piece: Piece, times: Sequence[SampleTime]
) -> pb.ReadSamplesResponse:
    """Return a piece as it travels.

    Parameters
    ----------
    stream_format : StreamFormat
        The epoch.
    piece : Piece
        What is sent.
    times : sequence of SampleTime
        What was measured of the sender's clock around the first sample.
    """
    if isinstance(piece, Hole):
        indexes = samples_pb2.IndexRange(first_index=piece.first, end_index=piece.end)
        reason = pb.HoleReason.Name(piece.reason)
        return pb.ReadSamplesResponse(hole=pb.SamplesHole(indexes=indexes, reason=reason))
    corrected_us = corrected_time(times, stream_format, piece.first)
    chunk = pb.SamplesChunk(
        first_index=piece.first,
        sample_count=piece.count,
        planar=piece.planar,
        quality_flags=_flags(piece.quality),
        shaft_speed_hz=piece.shaft_speed_hz,
        start_time=timestamp_us(stream_format.time_us(piece.first)),
        corrected_start_time=None if corrected_us is None else timestamp_us(corrected_us),
        quarantined=piece.quarantined,
    )
    return pb.ReadSamplesResponse(chunk=chunk)


def _flags(mask: int) -> list[quality_pb2.QualityFlag]:
    # Flag number n is bit n - 1.
    numbers = [bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1]
    return cast("list[quality_pb2.QualityFlag]", numbers)
