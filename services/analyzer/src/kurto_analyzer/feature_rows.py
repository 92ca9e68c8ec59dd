"""Rows of ``analyzer.realtime_features`` in PostgreSQL's binary COPY format."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kurto_analyzer.frames import Frame, FrameLayout
from kurto_dsp.arrays import Float32Array

__all__ = ["COLUMNS", "copy_stream", "feature_rows"]

COLUMNS = (
    "start_time",
    "epoch",
    "window_index",
    "config_version",
    "layout_id",
    "empty_reason",
    "late",
    "sensor_id",
    "quality",
    "features",
    "shaft_speed_hz",
    "load",
    "load_step",
)

_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
# Microseconds between 1970 and 2000, from where PostgreSQL counts.
_POSTGRES_EPOCH_US = 946_684_800_000_000
# Field count, then length and value of every column of fixed size, then the length of sensor_id.
_FIXED = struct.Struct(">h iq iq iq iq ii ih i? i")
_NULL = struct.pack(">i", -1)
_NO_LOAD = _NULL + _NULL
_REAL = struct.Struct(">if")
_INT2_OID, _FLOAT4_OID = 21, 700
_ARRAY_1D = struct.Struct(">iiiiii")  # length, dimensions, has nulls, element type, size, first
_ARRAY_2D = struct.Struct(">iiiiiiii")


def copy_stream(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a binary COPY of `rows`."""
    yield _HEADER
    yield b"".join(rows)
    yield _TRAILER


def feature_rows(frames: Sequence[Frame], layout_ids: Mapping[FrameLayout, int]) -> list[bytes]:
    """Return one row per frame.

    Parameters
    ----------
    frames : sequence of Frame
        In any order.
    layout_ids : mapping from FrameLayout to int
        Key of each layout that occurs.
    """
    arrays = _value_arrays(frames)
    return [
        _prefix(frame, layout_ids[frame.layout])
        + (_NULL + _NULL if array is None else _quality(frame.quality) + array)
        + _real(frame.shaft_speed_hz)
        + (_NO_LOAD if math.isnan(frame.load) else _real(frame.load) + _real(frame.load_step))
        for frame, array in zip(frames, arrays, strict=True)
    ]


def _prefix(frame: Frame, layout_id: int) -> bytes:
    name = frame.sensor_id.encode()
    fixed = _FIXED.pack(
        len(COLUMNS),
        8, frame.start_us - _POSTGRES_EPOCH_US,
        8, frame.epoch,
        8, frame.window_index,
        8, frame.config_version,
        4, layout_id,
        2, frame.empty_reason,
        1, frame.late,
        len(name),
    )  # fmt: skip
    return fixed + name


def _real(value: float) -> bytes:
    return _NULL if math.isnan(value) else _REAL.pack(4, value)


def _quality(masks: tuple[int, ...]) -> bytes:
    count = len(masks)
    elements = struct.pack(">" + "ih" * count, *(part for mask in masks for part in (2, mask)))
    return _ARRAY_1D.pack(20 + 6 * count, 1, 0, _INT2_OID, count, 1) + elements


def _value_arrays(frames: Sequence[Frame]) -> list[bytes | None]:
    """Return the last column of every frame: all frames of one shape are converted at once."""
    arrays: list[bytes | None] = [None] * len(frames)
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, frame in enumerate(frames):
        if frame.values is not None:
            by_shape.setdefault(frame.values.shape, []).append(place)
    for shape, places in by_shape.items():
        stacked = np.stack([_values(frames[place]) for place in places])
        for place, elements, null_count in zip(places, *_elements(stacked), strict=True):
            size = 28 + len(elements)
            head = _ARRAY_2D.pack(
                size, 2, int(null_count > 0), _FLOAT4_OID, shape[0], 1, shape[1], 1
            )
            arrays[place] = head + elements
    return arrays


def _values(frame: Frame) -> Float32Array:
    assert frame.values is not None
    return frame.values


def _elements(values: Float32Array) -> tuple[list[bytes], list[int]]:
    """Return length-prefixed elements and the number of nulls of each frame.

    Parameters
    ----------
    values : Float32Array [shape=(frames, channels, features)]
        NaN for null.
    """
    flat = values.reshape(len(values), -1)
    null = np.isnan(flat)
    cells = np.empty(flat.shape, np.dtype([("length", ">i4"), ("value", ">f4")]))
    cells["length"] = np.where(null, -1, 4)
    cells["value"] = flat
    octets = cells.view(np.uint8).reshape(*flat.shape, 8)
    kept = np.ones(octets.shape, bool)
    kept[null, 4:] = False  # a null element is its length alone
    nulls: npt.NDArray[np.int64] = null.sum(axis=1)
    data = octets[kept].tobytes()
    ends = np.cumsum(8 * flat.shape[1] - 4 * nulls).tolist()
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)], nulls.tolist()
