"""The buffer against a set of indexes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kurto.send_buffer import Chunk, Range, SendBuffer

sizes = st.lists(st.integers(1, 9), min_size=1, max_size=12)
jumps = st.lists(st.integers(0, 5), min_size=12, max_size=12)


def filled(chunk_sizes: list[int], gaps: list[int]) -> tuple[SendBuffer, set[int]]:
    """Return a buffer whose samples equal their indexes, and the indexes in it."""
    buffer, held = SendBuffer(first_index=0, capacity_samples=1000), set[int]()
    for size, gap in zip(chunk_sizes, gaps, strict=False):
        first = buffer.end_index + gap
        buffer.append(Chunk(first, np.arange(first, first + size)[np.newaxis]))
        held |= set(range(first, first + size))
    return buffer, held


def indexes(ranges: list[Range]) -> set[int]:
    """Return every index of some ranges."""
    return {i for r in ranges for i in range(r.first_index, r.end_index)}


@given(sizes, jumps, st.integers(1, 7))
def test_walking_yields_each_sample_once_in_order(
    chunk_sizes: list[int], gaps: list[int], step: int
) -> None:
    buffer, held = filled(chunk_sizes, gaps)
    cursor, walked = 0, list[int]()
    while (chunk := buffer.first_from(cursor, step)) is not None:
        assert chunk.first_index >= cursor
        assert chunk.end_index - chunk.first_index <= step
        walked += chunk.samples[0].tolist()
        cursor = chunk.end_index
    assert walked == sorted(held)


@given(sizes, jumps, st.integers(0, 60), st.integers(0, 60), st.integers(1, 20))
def test_only_what_is_wholly_durable_is_dropped(
    chunk_sizes: list[int], gaps: list[int], next_index: int, hole: int, hole_size: int
) -> None:
    buffer, held = filled(chunk_sizes, gaps)
    missing = [Range(hole, hole + hole_size)] if hole + hole_size <= next_index else []
    buffer.acknowledge(next_index, missing)
    kept = indexes(list(buffer.held(Range(0, 1000))))
    needed = {i for i in held if i >= next_index or i in indexes(missing)}
    assert needed <= kept <= held
    assert buffer.sample_count == len(kept)


@given(sizes, jumps, st.integers(0, 50), st.integers(1, 50))
def test_held_and_not_held_split_a_range(
    chunk_sizes: list[int], gaps: list[int], first: int, size: int
) -> None:
    buffer, held = filled(chunk_sizes, gaps)
    wanted = Range(first, first + size)
    inside = indexes(list(buffer.held(wanted)))
    outside = indexes(list(buffer.not_held(wanted)))
    assert inside == held & indexes([wanted])
    assert outside == indexes([wanted]) - held


@given(sizes, jumps, st.integers(1, 30))
def test_dropping_makes_room_by_the_oldest(
    chunk_sizes: list[int], gaps: list[int], room: int
) -> None:
    buffer, held = filled(chunk_sizes, gaps)
    buffer.capacity_samples = max(buffer.sample_count, room)
    dropped = buffer.drop_oldest(room)
    kept = sorted(indexes(list(buffer.held(Range(0, 1000)))))
    assert kept == sorted(held)[dropped:]
    assert buffer.free_samples >= room
