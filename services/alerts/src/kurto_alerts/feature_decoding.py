"""Frames of the contract to frames of the engine."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.signal.v1 import features_pb2 as pb
from kurto_alerts.frames import Frame, Layout

LARGEST_CACHE = 10_000


class FrameDecoder:
    """Decodes frames; equal layouts become the same object.

    Attributes
    ----------
    malformed_count : int
        Messages and frames that could not be decoded so far. A malformed frame is left out, so
        that it shows as a hole and is read from its owner instead.
    """

    def __init__(self) -> None:
        self.malformed_count = 0
        self._layouts: dict[Layout, Layout] = {}

    def decode_batch(self, message: bytes) -> list[Frame]:
        """Return the frames of a serialised `FeatureBatch`."""
        try:
            batch = pb.FeatureBatch.FromString(message)
        except DecodeError:
            self.malformed_count += 1
            return []
        names = tuple(batch.feature_names)
        frames = (self._unpack(frame, names) for frame in batch.frames)
        return [frame for frame in frames if frame is not None]

    def _unpack(self, packed: pb.PackedFeatureFrame, names: tuple[str, ...]) -> Frame | None:
        layout = values = None
        quality = tuple(packed.quality_masks)
        if not packed.empty_reason:
            layout = self._layout(names, tuple(packed.channels), tuple(packed.units))
            data = packed.values_f32le
            sound = len(data) == 4 * len(names) * len(layout.channels) and _consistent(layout)
            quality = quality or (0,) * len(layout.channels)
            if not sound or len(quality) != len(layout.channels):
                self.malformed_count += 1
                return None
            values = np.frombuffer(data, "<f4")
        if not packed.sensor_id or packed.window_index < 0 or packed.epoch < 0:
            self.malformed_count += 1
            return None
        return Frame(
            packed.sensor_id,
            packed.epoch,
            packed.window_index,
            packed.first_index,
            packed.sample_count,
            packed.start_time_us,
            packed.end_time_us,
            packed.late,
            layout,
            values,
            quality,
            *_operation(packed),
            packed.empty_reason == pb.EMPTY_REASON_GAP,
        )

    def decode_frame(self, message: pb.FeatureFrame, features: Sequence[str]) -> Frame:
        """Return a frame with the named features as columns."""
        layout = values = None
        if not message.empty_reason:
            layout = self._layout(
                tuple(features),
                tuple(channel.channel for channel in message.channels),
                tuple(channel.unit for channel in message.channels),
            )
            values = np.array(
                [
                    channel.values.get(feature, np.nan)
                    for channel in message.channels
                    for feature in features
                ],
                np.float32,
            )
        return Frame(
            message.sensor_id,
            message.epoch,
            message.window_index,
            message.first_index,
            message.sample_count,
            _microseconds(message.start_time),
            _microseconds(message.end_time),
            message.late,
            layout,
            values,
            tuple(_mask(channel.quality_flags) for channel in message.channels),
            *_operation(message),
            message.empty_reason == pb.EMPTY_REASON_GAP,
        )

    def _layout(
        self, features: tuple[str, ...], channels: tuple[str, ...], units: tuple[str, ...]
    ) -> Layout:
        if len(self._layouts) > LARGEST_CACHE:
            self._layouts.clear()
        layout = Layout(features, channels, units)
        return self._layouts.setdefault(layout, layout)


def _operation(message: pb.PackedFeatureFrame | pb.FeatureFrame) -> tuple[float, float, float]:
    """Return shaft speed, load and width of a bin of load; NaN for what isn't known."""
    return (
        message.shaft_speed_hz if message.HasField("shaft_speed_hz") else math.nan,
        message.load if message.HasField("load") else math.nan,
        message.load_step if message.HasField("load_step") else math.nan,
    )


def _mask(flags: Iterable[int]) -> int:
    return sum(1 << (flag - 1) for flag in flags if flag > 0)


def _consistent(layout: Layout) -> bool:
    """Tell whether channels have distinct names and one unit each."""
    distinct = len(set(layout.channels)) == len(layout.channels)
    return distinct and len(layout.units) == len(layout.channels)


def _microseconds(time: Timestamp) -> int:
    return time.seconds * 1_000_000 + time.nanos // 1000
