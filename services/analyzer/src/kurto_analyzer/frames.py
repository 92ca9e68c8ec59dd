"""Frames: the features of one window of one sensor, and their forms on the wire."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.signal.v1 import features_pb2 as pb
from kurto_analyzer.quality import mask_flags
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp.arrays import Float32Array

__all__ = [
    "Frame",
    "FrameLayout",
    "bound_us",
    "fill_message",
    "frame_message",
    "pack_frames",
    "set_time",
    "timestamp",
    "unpack_frames",
]

_WIRE_FLOAT = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Names of the rows and columns of a frame's values; shared by all frames alike.

    Attributes
    ----------
    feature_names : tuple of str
        Columns.
    channels : tuple of str
        Rows.
    units : tuple of str
        Unit of each channel's samples, "g" or "m/s2".
    """

    feature_names: tuple[str, ...]
    channels: tuple[str, ...]
    units: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """The features of one window.

    Attributes
    ----------
    sensor_id, epoch, window_index
        Identity.
    first_index : int
        Absolute index of the first sample.
    sample_count : int
        Samples per channel.
    start_us, end_us : int
        Time of the first sample and just after the last, microseconds since 1970.
    config_version : int
        Version of the configuration used.
    late : bool
        True when it replaces an empty frame.
    empty_reason : int
        An `EmptyReason`; 0 when there are values.
    layout : FrameLayout
        Names of rows and columns.
    values : Float32Array or None [shape=(channels, features)]
        NaN for null. None in an empty frame.
    quality : tuple of int
        Mask of each channel; empty in an empty frame.
    shaft_speed_hz : float
        The last speed measured in the window; NaN when none was.
    load, load_step : float
        Load at its end, and the width of a bin of load by the configuration used; NaN when the load
        is not known.
    """

    sensor_id: str
    epoch: int
    window_index: int
    first_index: int
    sample_count: int
    start_us: int
    end_us: int
    config_version: int
    late: bool
    empty_reason: int
    layout: FrameLayout
    values: Float32Array | None
    quality: tuple[int, ...]
    shaft_speed_hz: float = math.nan
    load: float = math.nan
    load_step: float = math.nan

    @property
    def order(self) -> tuple[int, int]:
        """Sorts the frames of one sensor from old to new."""
        return self.epoch, self.window_index

    @classmethod
    def of_window(
        cls,
        sensor_id: str,
        epoch: int,
        window_index: int,
        *,
        geometry: StreamGeometry,
        config_version: int,
        layout: FrameLayout,
        late: bool = False,
        empty_reason: int = 0,
        values: Float32Array | None = None,
        quality: tuple[int, ...] = (),
        shaft_speed_hz: float = math.nan,
        load: float = math.nan,
        load_step: float = math.nan,
    ) -> Frame:
        """Return the frame of a window, its indexes and times from `geometry`."""
        return cls(
            sensor_id=sensor_id,
            epoch=epoch,
            window_index=window_index,
            first_index=window_index * geometry.hop_samples,
            sample_count=geometry.window_samples,
            start_us=geometry.window_start_us(window_index),
            end_us=geometry.window_end_us(window_index),
            config_version=config_version,
            late=late,
            empty_reason=empty_reason,
            layout=layout,
            values=values,
            quality=quality,
            shaft_speed_hz=shaft_speed_hz,
            load=load,
            load_step=load_step,
        )


def pack_frames(frames: Iterable[Frame], feature_names: Sequence[str]) -> pb.FeatureBatch:
    """Return frames in the compact form in which they are published.

    Parameters
    ----------
    frames : iterable of Frame
        All with the columns `feature_names`.
    feature_names : sequence of str
        Columns.
    """
    return pb.FeatureBatch(feature_names=feature_names, frames=[_pack(frame) for frame in frames])


def _pack(frame: Frame) -> pb.PackedFeatureFrame:
    values = frame.values
    return pb.PackedFeatureFrame(
        sensor_id=frame.sensor_id,
        epoch=frame.epoch,
        window_index=frame.window_index,
        first_index=frame.first_index,
        sample_count=frame.sample_count,
        start_time_us=frame.start_us,
        end_time_us=frame.end_us,
        config_version=frame.config_version,
        late=frame.late,
        empty_reason=pb.EmptyReason.Name(frame.empty_reason) if frame.empty_reason else None,
        channels=frame.layout.channels,
        units=frame.layout.units,
        values_f32le=b"" if values is None else values.astype(_WIRE_FLOAT, copy=False).tobytes(),
        quality_masks=frame.quality,
        shaft_speed_hz=_known(frame.shaft_speed_hz),
        load=_known(frame.load),
        load_step=_known(frame.load_step),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def unpack_frames(batch: pb.FeatureBatch) -> list[Frame]:
    """Return the frames of a published message."""
    return [_unpack(packed, tuple(batch.feature_names)) for packed in batch.frames]


def _unpack(packed: pb.PackedFeatureFrame, feature_names: tuple[str, ...]) -> Frame:
    layout = FrameLayout(feature_names, tuple(packed.channels), tuple(packed.units))
    values = np.frombuffer(packed.values_f32le, _WIRE_FLOAT).reshape(-1, len(feature_names))
    return Frame(
        sensor_id=packed.sensor_id,
        epoch=packed.epoch,
        window_index=packed.window_index,
        first_index=packed.first_index,
        sample_count=packed.sample_count,
        start_us=packed.start_time_us,
        end_us=packed.end_time_us,
        config_version=packed.config_version,
        late=packed.late,
        empty_reason=packed.empty_reason,
        layout=layout,
        values=None if packed.empty_reason else values,
        quality=tuple(packed.quality_masks),
        shaft_speed_hz=packed.shaft_speed_hz if packed.HasField("shaft_speed_hz") else math.nan,
        load=packed.load if packed.HasField("load") else math.nan,
        load_step=packed.load_step if packed.HasField("load_step") else math.nan,
    )


def frame_message(frame: Frame) -> pb.FeatureFrame:
    """Return a frame in the form in which it is served."""
    message = pb.FeatureFrame()
    fill_message(message, frame)
    return message


def fill_message(
    message: pb.FeatureFrame, frame: Frame, wanted: Collection[str] | None = None
) -> None:
    """Write a frame into an empty message: in place, since messages in messages are copied.

    Parameters
    ----------
    message : FeatureFrame
        As it is in the response.
    frame : Frame
        As computed or read.
    wanted : collection of str, optional
        Features to keep; all when None.
    """
    message.sensor_id = frame.sensor_id
    message.epoch = frame.epoch
    message.window_index = frame.window_index
    message.first_index = frame.first_index
    message.sample_count = frame.sample_count
    set_time(message.start_time, frame.start_us)
    set_time(message.end_time, frame.end_us)
    message.config_version = frame.config_version
    message.late = frame.late
    _set_operation(message, frame)
    if frame.values is None:
        message.empty_reason = pb.EmptyReason.Name(frame.empty_reason)  # type: ignore[assignment]
        return
    layout = frame.layout
    nulls = np.isnan(frame.values).tolist()
    values_by_row = zip(frame.values.tolist(), nulls, frame.quality, strict=True)
    rows = zip(layout.channels, layout.units, values_by_row, strict=True)
    for name, unit, (values, null, mask) in rows:
        channel = message.channels.add(channel=name, unit=unit, quality_flags=mask_flags(mask))
        named = zip(layout.feature_names, values, null, strict=True)
        if wanted is None:
            channel.values.update({key: value for key, value, absent in named if not absent})
        else:
            channel.values.update({k: v for k, v, absent in named if k in wanted and not absent})


def _set_operation(message: pb.FeatureFrame, frame: Frame) -> None:
    # Rounded as they are stored and published: whoever reads a frame gets the same bin.
    if not math.isnan(frame.shaft_speed_hz):
        message.shaft_speed_hz = float(np.float32(frame.shaft_speed_hz))
    if not math.isnan(frame.load):
        message.load = float(np.float32(frame.load))
    if not math.isnan(frame.load_step):
        message.load_step = float(np.float32(frame.load_step))


def set_time(time: Timestamp, time_us: int) -> None:
    """Write microseconds since 1970 into a protobuf time: in place, since messages are copied."""
    time.seconds, microseconds = divmod(time_us, 1_000_000)
    time.nanos = microseconds * 1000


def timestamp(time_us: int) -> Timestamp:
    """Return microseconds since 1970 as a protobuf time."""
    time = Timestamp()
    set_time(time, time_us)
    return time


def bound_us(time: Timestamp) -> int:
    """Return the first whole microsecond that is not before `time`."""
    return time.seconds * 1_000_000 - (-time.nanos // 1000)
