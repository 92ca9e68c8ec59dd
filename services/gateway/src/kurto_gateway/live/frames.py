"""Feature frames as the analyzer packs them, unpacked for what a client asks for."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import cast

from kurto.signal.v1 import features_pb2, quality_pb2
from kurto_gateway.live.cursors import EntryId, Position
from kurto_gateway.live.encoding import Encoded

__all__ = ["FeatureFilter", "LiveFrame", "feature_filter", "frames_of"]

#: Sorted feature names, or None for all of them.
FeatureFilter = tuple[str, ...] | None
_OVERHEAD_BYTES = 384  # what the objects around a packed frame weigh, as measured
_FLAGS = cast("tuple[quality_pb2.QualityFlag, ...]", tuple(quality_pb2.QualityFlag.values()[1:]))


def feature_filter(names: list[str]) -> FeatureFilter:
    """Return the filter for `names`; equal sets give equal filters."""
    return tuple(sorted(set(names))) or None


class LiveFrame:
    """One frame of the live stream, shared by all clients.

    Parameters
    ----------
    packed : PackedFeatureFrame
        The frame.
    feature_names : tuple of str
        Columns of its values.
    position : Position
        Its place in the stream.
    """

    __slots__ = (
        "_data",
        "_fresh",
        "_packed",
        "_views",
        "feature_names",
        "late",
        "order",
        "position",
        "sensor_id",
        "size",
    )

    def __init__(
        self,
        packed: features_pb2.PackedFeatureFrame,
        feature_names: tuple[str, ...],
        position: Position,
    ) -> None:
        self._packed: features_pb2.PackedFeatureFrame | None = packed
        self._data = b""
        self.feature_names = feature_names
        self.position = position
        #: Sensor of the window, and whether its window came out of turn.
        self.sensor_id = packed.sensor_id
        self.late = packed.late
        #: Later windows of a sensor have a higher one.
        self.order = (packed.epoch, packed.window_index)
        #: Bytes that it weighs in a queue.
        self.size = packed.ByteSize() + _OVERHEAD_BYTES
        self._views: dict[FeatureFilter, Encoded] = {}
        self._fresh = True

    @property
    def packed(self) -> features_pb2.PackedFeatureFrame:
        """The frame as the analyzer packed it."""
        if self._packed is not None:
            return self._packed
        return features_pb2.PackedFeatureFrame.FromString(self._data)

    def view(self, wanted: FeatureFilter) -> Encoded:
        """Return the frame with the `wanted` features, made once for each filter."""
        view = self._views.get(wanted)
        if view is None:
            view = Encoded(_unpack(self.packed, self.feature_names, wanted))
            if self._fresh:
                self._views[wanted] = view
        return view

    def shrink(self) -> None:
        """Keep the bytes only: parsed, and seen by clients, a frame weighs ten times as much."""
        if self._packed is not None:
            self._data = self._packed.SerializeToString()
            # The message shares memory with the whole batch that it came in.
            self._packed = None
        self._views = {}
        self._fresh = False


def frames_of(entry: EntryId, batch: features_pb2.FeatureBatch) -> list[LiveFrame]:
    """Return the frames of one entry of the live stream."""
    names = _shared(tuple(batch.feature_names))
    return [
        LiveFrame(packed, names, Position(entry, ordinal))
        for ordinal, packed in enumerate(batch.frames)
    ]


@lru_cache(maxsize=64)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first tuple of these names: every batch brings them, and frames keep them."""
    return names


def _unpack(
    packed: features_pb2.PackedFeatureFrame, names: tuple[str, ...], wanted: FeatureFilter
) -> features_pb2.FeatureFrame:
    frame = features_pb2.FeatureFrame(
        sensor_id=packed.sensor_id,
        epoch=packed.epoch,
        window_index=packed.window_index,
        first_index=packed.first_index,
        sample_count=packed.sample_count,
        config_version=packed.config_version,
        late=packed.late,
        empty_reason=packed.empty_reason,
    )
    frame.start_time.FromMicroseconds(packed.start_time_us)
    frame.end_time.FromMicroseconds(packed.end_time_us)
    if packed.values_f32le:
        _add_channels(frame, packed, names, wanted)
    return frame


def _add_channels(
    frame: features_pb2.FeatureFrame,
    packed: features_pb2.PackedFeatureFrame,
    names: tuple[str, ...],
    wanted: FeatureFilter,
) -> None:
    columns = _columns(names, wanted)
    # Little-endian, as every machine that kurto runs on.
    values = memoryview(packed.values_f32le).cast("f")
    for row, channel in enumerate(packed.channels):
        first = row * len(names)
        added = frame.channels.add(channel=channel, unit=packed.units[row])
        added.quality_flags.extend(_flags(packed.quality_masks[row]))
        found = {name: values[first + column] for name, column in columns}
        added.values.update({name: v for name, v in found.items() if math.isfinite(v)})


@lru_cache(maxsize=256)
def _columns(names: tuple[str, ...], wanted: FeatureFilter) -> tuple[tuple[str, int], ...]:
    return tuple(
        (name, column) for column, name in enumerate(names) if wanted is None or name in wanted
    )


@lru_cache(maxsize=256)
def _flags(mask: int) -> tuple[quality_pb2.QualityFlag, ...]:
    return tuple(flag for flag in _FLAGS if mask >> (flag - 1) & 1)
