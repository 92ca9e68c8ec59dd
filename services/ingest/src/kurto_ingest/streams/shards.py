"""Logical shards: part of the data format, so the same for ever."""

from __future__ import annotations

import zlib

__all__ = ["SHARD_COUNT", "shard_of"]

SHARD_COUNT = 64


def shard_of(sensor_id: str) -> int:
    """Return the shard of a sensor: CRC-32 of its id in UTF-8, modulo 64.

    Examples
    --------
    >>> shard_of("pump-7")
    51
    """
    return zlib.crc32(sensor_id.encode()) % SHARD_COUNT
