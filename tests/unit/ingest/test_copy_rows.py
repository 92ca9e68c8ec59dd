"""Rows in PostgreSQL's binary COPY format."""

import struct

from kurto_ingest.postgres.copy_rows import COLUMNS, CopyChunks, row_head
from kurto_ingest.streams.blocks import Block


async def content(pieces: list[bytes]) -> tuple[bytes, int]:
    chunks = [chunk async for chunk in CopyChunks(pieces)]
    return b"".join(chunks), len(chunks)


def fields(row: bytes) -> list[bytes | None]:
    (count,) = struct.unpack_from("!h", row)
    found: list[bytes | None] = []
    at = 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", row, at)
        at += 4
        found.append(None if length < 0 else row[at : at + length])
        at += max(0, length)
    assert at == len(row)
    return found


def test_a_row_holds_every_column_in_network_order() -> None:
    block = Block(5120, 3, b"samples", 6, 24.5)
    row = fields(row_head(2, 946_684_800_000_001, 7, 9, block) + block.data)
    assert len(row) == len(COLUMNS)
    forms = ("!h", "!q", "!i", "!q", "!q", "!i", "!i", "!d")
    numbers = [
        struct.unpack(form, value or b"")[0] for form, value in zip(forms, row, strict=False)
    ]
    assert numbers == [2, 1, 7, 9, 5120, 3, 6, 24.5]
    assert row[-1] == b"samples"


def test_an_unknown_shaft_speed_is_null() -> None:
    block = Block(0, 1, b"xy", 0, None)
    row = fields(row_head(1, 0, 1, 1, block) + block.data)
    assert row[-2:] == [None, b"xy"]
    assert struct.unpack("!q", row[1] or b"") == (-946_684_800_000_000,)


async def test_chunks_are_bounded_and_lose_nothing() -> None:
    pieces = [bytes([k]) * 10_240 for k in range(100)]
    data, count = await content(pieces)
    assert data.startswith(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
    assert data.endswith(b"\xff\xff")
    assert data[19:-2] == b"".join(pieces)
    assert count == 4


async def test_nothing_to_copy_is_a_valid_copy() -> None:
    data, count = await content([])
    assert (len(data), count) == (21, 1)
