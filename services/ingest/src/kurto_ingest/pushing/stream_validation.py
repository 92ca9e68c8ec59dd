"""What an OpenStream request and a batch must be like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kurto_ingest.assets.model import SensorConfig
from kurto_ingest.exceptions import (
    ByteCountMismatch,
    IndexWentBackwards,
    InvalidField,
    StreamMismatch,
)
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = [
    "StreamDeclaration",
    "check_batch",
    "check_boot_id",
    "check_declaration",
    "check_same_stream",
    "check_shaft_speed",
    "encoding_from_number",
    "start_by_our_clock",
]

_MAX_BOOT_ID = 128
_CLOCK_TOLERANCE_US = 60_000_000  # clocks differ
_CLOCK_STEP_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDeclaration:
    """What a sender says about its stream when it opens it."""

    boot_id: str
    sample_rate_hz: float
    channels: tuple[str, ...]
    encoding: Encoding
    scales: tuple[float, ...]


def encoding_from_number(number: int) -> Encoding:
    """Return the encoding that the protocol calls `number`; 0 means F32LE.

    Raises
    ------
    InvalidField
        If there is none.
    """
    try:
        return Encoding(number or Encoding.F32LE)
    except ValueError:
        raise InvalidField(
            f"encoding must be F32LE (1), I16LE (2) or I24LE (3), not {number}.", field="encoding"
        ) from None


def check_declaration(declaration: StreamDeclaration, config: SensorConfig) -> None:
    """Raise unless a sender may open a sensor of `config` like this.

    Raises
    ------
    InvalidField
        If a field is out of range in itself.
    StreamMismatch
        If rate or channels differ from the configuration.
    """
    rate = declaration.sample_rate_hz
    if not (math.isfinite(rate) and rate > 0):
        raise InvalidField(
            f"sample_rate_hz must be a finite number > 0, not {rate}.", field="sample_rate_hz"
        )
    _check_scales(declaration)
    if rate != config.sample_rate_hz:
        raise StreamMismatch(
            f"The sensor is configured for {config.sample_rate_hz:g} Hz, not {rate:g} Hz:"
            " change the sender, or the sensor with UpdateSensor.",
            field="sample_rate_hz",
        )
    if declaration.channels != config.channel_names:
        raise StreamMismatch(
            f"The sensor has the channels {list(config.channel_names)}, not"
            f" {list(declaration.channels)[:33]}: change the sender, or the sensor with"
            " UpdateSensor.",
            field="channels",
        )


def check_boot_id(boot_id: str) -> None:
    """Raise `InvalidField` unless `boot_id` may name a run of a converter."""
    if not 1 <= len(boot_id) <= _MAX_BOOT_ID or "\x00" in boot_id:
        raise InvalidField(
            f"boot_id must have 1 to {_MAX_BOOT_ID} characters: make a random one when the"
            " converter starts.",
            field="boot_id",
        )


def _check_scales(declaration: StreamDeclaration) -> None:
    scales = declaration.scales
    if not declaration.encoding.is_integer:
        if scales:
            raise InvalidField(
                "scales must be empty for F32LE, whose samples are in the unit already.",
                field="scales",
            )
        return
    if len(scales) not in {1, len(declaration.channels)}:
        raise InvalidField(
            f"scales must have 1 entry, or {len(declaration.channels)}, one a channel;"
            f" not {len(scales)}.",
            field="scales",
        )
    for scale in scales:
        if not math.isfinite(scale) or scale == 0:
            raise InvalidField(f"scales must be finite and not 0, not {scale}.", field="scales")


def check_same_stream(declaration: StreamDeclaration, opened: StreamFormat) -> None:
    """Raise `StreamMismatch` unless `declaration` is that of an epoch `opened` before."""
    differences: Sequence[tuple[str, object, object]] = (
        ("sample_rate_hz", declaration.sample_rate_hz, opened.sample_rate_hz),
        ("channels", declaration.channels, opened.channels),
        ("encoding", declaration.encoding.name, opened.encoding.name),
        ("scales", declaration.scales, opened.scales),
    )
    for field, now, then in differences:
        if now != then:
            raise StreamMismatch(
                f"This boot_id opened epoch {opened.epoch} with {field} {then}, not {now}:"
                " give another boot_id to begin a new epoch.",
                field=field,
            )


def check_batch(
    stream_format: StreamFormat,
    *,
    first_index: int,
    sample_count: int,
    byte_count: int,
    next_index: int,
    max_batch_samples: int,
) -> int:
    """Return the number of samples per channel of a batch.

    Parameters
    ----------
    stream_format : StreamFormat
        Gives channels and encoding.
    first_index, sample_count, byte_count : int
        What the batch says; `sample_count` 0 means derived from the bytes.
    next_index : int
        First index never seen, for the message.
    max_batch_samples : int
        Largest number of samples per channel.

    Raises
    ------
    IndexWentBackwards
        If the first index is negative.
    ByteCountMismatch
        If the bytes are not whole samples of every channel, not `sample_count` of them, or none.
    InvalidField
        If the sample count is negative or above the limit.
    """
    if first_index < 0:
        raise IndexWentBackwards(
            f"first_index counts from 0 since the epoch began and cannot be {first_index};"
            f" the next one is {next_index}.",
            sensor_id=stream_format.sensor_id,
            first_index=first_index,
            next_index=next_index,
        )
    frame_bytes = stream_format.frame_bytes
    count, rest = divmod(byte_count, frame_bytes)
    if rest or count == 0 or sample_count not in {0, count}:
        _refuse_bytes(stream_format, sample_count, byte_count, count)
    if count > max_batch_samples:
        raise InvalidField(
            f"A batch may have {max_batch_samples} samples per channel, not {count}:"
            " send several batches.",
            field="batch.sample_count",
        )
    return count


def _refuse_bytes(
    stream_format: StreamFormat, sample_count: int, byte_count: int, count: int
) -> None:
    if sample_count < 0:
        raise InvalidField(
            f"sample_count must not be negative, not {sample_count}: 0 means derived.",
            field="batch.sample_count",
        )
    frame_bytes = stream_format.frame_bytes
    expected = (sample_count or count or 1) * frame_bytes
    raise ByteCountMismatch(
        f"{len(stream_format.channels)} channels of {stream_format.encoding.name} take"
        f" {frame_bytes} bytes per sample; the batch has {byte_count} bytes"
        + (f" instead of {expected} for {sample_count} samples" if sample_count else "")
        + ": send whole samples of every channel.",
        expected_bytes=expected,
        actual_bytes=byte_count,
    )


def check_shaft_speed(speed_hz: float) -> None:
    """Raise `InvalidField` unless `speed_hz` may be a shaft speed."""
    if not (math.isfinite(speed_hz) and speed_hz >= 0):
        raise InvalidField(
            f"shaft_speed_hz must be finite and >= 0, or absent, not {speed_hz}.",
            field="batch.shaft_speed_hz",
        )


def start_by_our_clock(
    start_us: int | None, *, clock_us: int | None, now_us: int, backfill: bool
) -> int | None:
    """Return the time of sample 0 by the service's clock.

    A buffer's samples were timed by the sender's clock, whose offset is known now; so was what
    seems to lie in the future, but not in the sender's. A recording brings its own time. Clocks
    that differ by less than a second are taken as right: one call does not measure better.

    Raises
    ------
    InvalidField
        If the first sample lies in the future or before 1970.
    """
    if start_us is None:
        return None
    if clock_us is not None and (backfill or now_us < start_us <= clock_us):
        offset_us = now_us - clock_us
        start_us += offset_us if abs(offset_us) >= _CLOCK_STEP_US else 0
    if not 0 <= start_us <= now_us + _CLOCK_TOLERANCE_US:
        raise InvalidField(
            "start_time must be the time of the first sample, between 1970 and now; send"
            " sender_time too if it is by a clock that may be wrong; leave it out for live"
            " samples.",
            field="start_time",
        )
    return start_us
