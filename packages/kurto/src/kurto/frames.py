"""Feature frames as plain Python values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kurto.signal.v1 import features_pb2, quality_pb2


@dataclass(frozen=True)
class ChannelFrame:
    """The features of one channel in one window.

    Parameters
    ----------
    unit : str
        Unit of the channel's samples: ``"g"`` or ``"m/s2"``.
    values : Mapping[str, float]
        Value by feature name; what could not be computed is absent.
    quality_flags : tuple of str
        What a reader must know about the samples, such as ``"CLIPPED"``.
    """

    unit: str
    values: Mapping[str, float]
    quality_flags: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """The features of one window of one sensor.

    Parameters
    ----------
    sensor_id : str
        Sensor of the window.
    epoch : int
        Epoch of the sample index.
    window_index : int
        Dense number of the window.
    first_index, sample_count : int
        Samples per channel that the window covers.
    start_time, end_time : datetime
        Time of the first sample, and just after the last one, in UTC.
    late : bool
        Whether the frame replaces an empty one after a refill.
    empty_reason : str
        Why there are no values, such as ``"GAP"``; empty when there are.
    channels : Mapping[str, ChannelFrame]
        Features by channel name, in the sensor's order.
    """

    sensor_id: str
    epoch: int
    window_index: int
    first_index: int
    sample_count: int
    start_time: datetime
    end_time: datetime
    late: bool
    empty_reason: str
    channels: Mapping[str, ChannelFrame]


def frame_from_proto(proto: features_pb2.FeatureFrame) -> Frame:
    """Translate a frame of the contract."""
    return Frame(
        sensor_id=proto.sensor_id,
        epoch=proto.epoch,
        window_index=proto.window_index,
        first_index=proto.first_index,
        sample_count=proto.sample_count,
        start_time=proto.start_time.ToDatetime(UTC),
        end_time=proto.end_time.ToDatetime(UTC),
        late=proto.late,
        empty_reason=_empty_reason(proto.empty_reason),
        channels={channel.channel: _channel(channel) for channel in proto.channels},
    )


def _channel(proto: features_pb2.ChannelFeatures) -> ChannelFrame:
    flags = tuple(
        quality_pb2.QualityFlag.Name(flag).removeprefix("QUALITY_FLAG_")
        for flag in proto.quality_flags
    )
    return ChannelFrame(unit=proto.unit, values=dict(proto.values), quality_flags=flags)


def _empty_reason(reason: features_pb2.EmptyReason) -> str:
    if not reason:
        return ""
    return features_pb2.EmptyReason.Name(reason).removeprefix("EMPTY_REASON_")
