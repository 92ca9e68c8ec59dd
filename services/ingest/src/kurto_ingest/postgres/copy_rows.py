"""Rows of ``ingest.sensor_data`` in PostgreSQL's binary COPY format.

asyncpg could make them from tuples, but grows its buffer by little with every block, and copies it
each time.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from kurto_ingest.streams.blocks import Block

__all__ = ["COLUMNS", "CopyChunks", "row_head"]

COLUMNS = (
    "retention_class",
    "block_time",
    "sensor_key",
    "epoch",
    "first_index",
    "sample_count",
    "quality",
    "shaft_speed_hz",
    "samples",
)
_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)
_2000_US = 946_684_800_000_000
_NULL = -1
# Number of fields, then each with its length before it: smallint, timestamptz, integer, bigint,
# bigint, integer, integer. The lengths stand among the arguments, for a struct has no constants.
_FIXED = struct.Struct("!h ih iq ii iq iq ii ii")
_WITHOUT_SPEED = struct.Struct("!ii")  # length of nothing, length of the samples
_WITH_SPEED = struct.Struct("!idi")
_CHUNK_BYTES = 256 * 1024


def row_head(class_number: int, time_us: int, sensor_key: int, epoch: int, block: Block) -> bytes:
    """Return the row of `block` up to its samples, which follow as they are.

    Parameters
    ----------
    class_number : int
        Retention class.
    time_us : int
        Time of the first sample in microseconds since 1970-01-01T00:00:00Z.
    sensor_key, epoch : int
        The stream.
    block : Block
        The samples.
    """
    fixed = _FIXED.pack(
        *(len(COLUMNS), 2, class_number, 8, time_us - _2000_US, 4, sensor_key, 8, epoch),
        *(8, block.first, 4, block.count, 4, block.quality),
    )
    if block.shaft_speed_hz is None:
        return fixed + _WITHOUT_SPEED.pack(_NULL, len(block.data))
    return fixed + _WITH_SPEED.pack(8, block.shaft_speed_hz, len(block.data))


class CopyChunks:
    """The content of one COPY, in chunks of a few hundred KiB.

    Parameters
    ----------
    pieces : sequence of bytes
        Heads of rows, each followed by its samples.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [_SIGNATURE, *pieces, _TRAILER]
        self._at = 0

    def __aiter__(self) -> CopyChunks:
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk."""
        first, at, size_bytes = self._at, self._at, 0
        if first == len(self._pieces):
            raise StopAsyncIteration
        while at < len(self._pieces) and size_bytes < _CHUNK_BYTES:
            size_bytes += len(self._pieces[at])
            at += 1
        self._at = at
        return b"".join(self._pieces[first:at])
