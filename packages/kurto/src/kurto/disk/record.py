"""One chunk of samples as a record of a segment file."""

from __future__ import annotations

import json
import math
import struct
import zlib
from dataclasses import astuple, dataclass
from typing import BinaryIO

import numpy as np

from kurto.process_values import SentValue
from kurto.send_buffer import Chunk

_HEADER = struct.Struct("<IIIIqqd")
_CRC = struct.Struct("<I")
_SEED = 0x4B555254  # so that a block of zeros is no header
_NO_TIME = -(2**63)
_HAS_VALUES = 1 << 31  # in the count: process values follow the samples, and their length
_LENGTH = struct.Struct("<I")
HEADER_BYTES = _HEADER.size


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What stands before the samples of a record.

    Attributes
    ----------
    payload_crc : int
        CRC-32 of the samples' bytes.
    payload_bytes : int
        Bytes that follow the header.
    first_index, end_index : int
        Half-open range of absolute sample indexes.
    device_time_us : int or None
        Sender's clock at the first sample, microseconds since 1970-01-01T00:00:00Z.
    shaft_speed_hz : float or None
        Shaft speed in Hz.
    has_values : bool
        Whether process values follow the samples.
    """

    payload_crc: int
    payload_bytes: int
    first_index: int
    end_index: int
    device_time_us: int | None
    shaft_speed_hz: float | None
    has_values: bool = False


def encode(chunk: Chunk) -> bytes:
    """Return a chunk as a record: a header with its own checksum, samples, process values."""
    payload = chunk.samples.tobytes() + _values_bytes(chunk.values)
    speed, time_us = chunk.shaft_speed_hz, chunk.device_time_us
    header = _HEADER.pack(
        0,
        zlib.crc32(payload),
        len(payload),
        chunk.sample_count | (_HAS_VALUES if chunk.values else 0),
        chunk.first_index,
        _NO_TIME if time_us is None else time_us,
        math.nan if speed is None else speed,
    )
    crc = _CRC.pack(zlib.crc32(header[_CRC.size :], _SEED))
    return crc + header[_CRC.size :] + payload


def decode_header(data: bytes) -> RecordHeader | None:
    """Return the header at the start of some bytes, or None if there is no sound one."""
    if len(data) < HEADER_BYTES:
        return None
    crc, payload_crc, size, count, first, time_us, speed = _HEADER.unpack_from(data)
    has_values, count = bool(count & _HAS_VALUES), count & ~_HAS_VALUES
    if crc != zlib.crc32(data[_CRC.size : HEADER_BYTES], _SEED) or count == 0:
        return None
    return RecordHeader(
        payload_crc=payload_crc,
        payload_bytes=size,
        first_index=first,
        end_index=first + count,
        device_time_us=None if time_us == _NO_TIME else time_us,
        shaft_speed_hz=None if math.isnan(speed) else speed,
        has_values=has_values,
    )


def _values_bytes(values: tuple[SentValue, ...]) -> bytes:
    if not values:
        return b""
    text = json.dumps([astuple(value) for value in values]).encode()
    return text + _LENGTH.pack(len(text))


def _split(payload: bytes) -> tuple[bytes, tuple[SentValue, ...]]:
    (size,) = _LENGTH.unpack(payload[-_LENGTH.size :])
    end = len(payload) - _LENGTH.size
    values = tuple(SentValue(*parts) for parts in json.loads(payload[end - size : end]))
    return payload[: end - size], values


def sound(header: RecordHeader, file: BinaryIO) -> bool:
    """Whether the samples that follow in a file are those that the header tells of."""
    payload = file.read(header.payload_bytes)
    return len(payload) == header.payload_bytes and zlib.crc32(payload) == header.payload_crc


def decode_payload(header: RecordHeader, payload: bytes, channel_count: int) -> Chunk | None:
    """Return the chunk of a record, or None if its samples are damaged."""
    if len(payload) != header.payload_bytes or zlib.crc32(payload) != header.payload_crc:
        return None
    values: tuple[SentValue, ...] = ()
    if header.has_values:
        payload, values = _split(payload)
    count = header.end_index - header.first_index
    sample_bytes, rest = divmod(len(payload), channel_count * count)
    if rest or not sample_bytes:
        return None
    # Only sent again, never computed with: the bytes of a sample may stay bytes.
    samples = np.frombuffer(payload, np.dtype(f"V{sample_bytes}")).reshape(channel_count, count)
    speed, time_us = header.shaft_speed_hz, header.device_time_us
    return Chunk(header.first_index, samples, speed, time_us, values)
