"""Whatever the batches, what is stored and forwarded is what was sent, on the grid."""

import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_ingest.forwarding.stored_hops import hop_runs
from kurto_ingest.ports import StoredSamples
from kurto_ingest.streams.encoding import Encoding, Planar
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.late import completed_windows
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.quality import GAP, RATE_DRIFT, BlockInspector
from kurto_ingest.streams.ranges import IndexRange, RangeSet
from kurto_ingest.streams.sequence import Intake, StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat

HOP = 7
ENCODINGS = st.sampled_from(list(Encoding))


def make_stream(encoding: Encoding, next_index: int = 0) -> LiveStream:
    """Return a stream of two channels with hops of 7 samples."""
    stream_format = StreamFormat(
        sensor_id="s",
        sensor_key=1,
        epoch=1,
        channels=("x", "y"),
        sample_rate_hz=70.0,
        encoding=encoding,
        scales=(0.5,) if encoding.is_integer else (),
        hop_samples=HOP,
        window_hops=3,
        anchor_us=0,
    )
    return LiveStream(
        stream_format,
        1,
        StreamSequence(next_index, max_missing_ranges=99),
        inspector=BlockInspector(encoding, stream_format.scales, [None, None]),
        tail=HopTail(next_index // HOP, 10**6),
        max_missing_ranges=99,
        charge=lambda _: None,
    )


def source(encoding: Encoding, first: int, count: int) -> Planar:
    """Return samples that tell their index and channel."""
    index = np.arange(first, first + count)
    values = np.stack([index + 1, -index - 1])
    if encoding is Encoding.I24LE:
        return values.astype("<i4").view("u1").reshape(2, count, 4)[..., :3].copy()
    return values.astype("<f4" if encoding is Encoding.F32LE else "<i2")


def commit_some(stream: LiveStream, stored: dict[int, bytes], max_bytes: int) -> RangeSet:
    """Commit a part of what waits, as the store would, and return what it refilled."""
    plan = stream.plan(max_bytes)
    if plan is None:
        return RangeSet()
    for block in plan.blocks:
        assert block.first // HOP == (block.end - 1) // HOP, "a row crosses a line of the grid"
        for at in range(block.count):
            assert block.first + at not in stored, "a sample is stored twice"
            view = stream.format.view(block.data)
            stored[block.first + at] = view[:, at : at + 1].tobytes()
    stream.finish(plan)
    return plan.refilled


def take(
    stream: LiveStream, first: int, data: bytes, shaft_speed_hz: float | None = None
) -> Intake:
    """Give a batch to the stream as ingest does."""
    if stream.accept_hop(first, data, shaft_speed_hz, 0.0):
        return Intake(IndexRange(first, first + HOP), (), None, 0)
    return stream.accept(first, stream.format.view(data), data, shaft_speed_hz, 0.0)


BATCHES = st.lists(
    st.tuples(st.integers(-12, 25), st.integers(1, 20), st.integers(0, 3)), min_size=1, max_size=14
)


@settings(deadline=None, max_examples=300)
@given(ENCODINGS, BATCHES, st.integers(0, 30))
def test_rows_and_hops_are_what_was_sent(
    encoding: Encoding, batches: list[tuple[int, int, int]], begin: int
) -> None:
    stream = make_stream(encoding, begin)
    stored: dict[int, bytes] = {}
    sent: set[int] = set()
    refilled = RangeSet()
    for offset, count, what in batches:
        first = max(0, stream.accepted.next_index + offset)
        samples = source(encoding, first, count)
        data = samples.tobytes()
        take(stream, first, data)
        sent |= {at for at in range(first, first + count) if at >= begin}
        if what == 1:
            stream.close_block()
        if what >= 2:
            for item in commit_some(stream, stored, 1 if what == 2 else 10**6):
                refilled.add(*item)
    stream.close_block()
    while not stream.is_durable:
        for item in commit_some(stream, stored, 50):
            refilled.add(*item)

    assert set(stored) == sent
    for at, data in stored.items():
        assert data == source(encoding, at, 1).tobytes()
    assert stream.pending_bytes == 0
    assert stream.durable.next_index == stream.accepted.next_index
    assert stream.durable.missing == stream.accepted.missing
    assert stream.durable.gap_count == stream.accepted.gap_count
    check_hops(stream, sent, begin, refilled)


def check_hops(stream: LiveStream, sent: set[int], begin: int, refilled: RangeSet) -> None:
    """Every closed hop in memory is the samples sent, or a gap that somebody may have seen."""
    tail = stream.tail
    assert tail.end == stream.accepted.next_index // HOP
    for hop in range(begin // HOP, tail.end):
        run = tail.run(hop, 1)
        whole = set(range(hop * HOP, (hop + 1) * HOP)) <= sent
        if run is None:
            assert whole or hop == begin // HOP, "what is not in memory is in the store"
        elif run.is_gap:
            assert not whole or refilled.touches(hop * HOP, (hop + 1) * HOP)
        else:
            assert whole
            assert run.hops[0] == source(stream.format.encoding, hop * HOP, HOP).tobytes()


@given(st.sets(st.integers(0, 120)), st.sets(st.integers(0, 120), min_size=1))
def test_late_windows_are_those_that_a_refill_completes(
    missing: set[int], refill: set[int]
) -> None:
    total = 126
    closed = missing & refill
    after = StreamSequence(total, max_missing_ranges=sys.maxsize)
    after.missing = RangeSet((at, at + 1) for at in missing - refill)
    refilled = RangeSet((at, at + 1) for at in closed)
    late = completed_windows(refilled, after, hop_samples=HOP, window_hops=3)
    expected = {
        window
        for window in range(total // HOP + 1)  # the newest are not complete yet
        if refilled.touches(window * HOP, (window + 3) * HOP)
        and not after.missing.touches(window * HOP, (window + 3) * HOP)
    }
    assert {at for item in late for at in range(*item)} == expected


def test_first_row_after_a_gap_is_flagged() -> None:
    stream = make_stream(Encoding.F32LE)
    for first in (0, 20):
        samples = source(Encoding.F32LE, first, 7)
        stream.accept(first, samples, None, None, 0.0)
    stream.close_block()
    plan = stream.plan(10**6)
    assert plan is not None
    assert [(block.first, bool(block.quality & GAP)) for block in plan.blocks] == [
        (0, False),
        (20, True),
        (21, False),
    ]


@settings(deadline=None, max_examples=200)
@given(
    ENCODINGS,
    st.lists(st.tuples(st.sampled_from([0, 0, 0, -7, 3, 7]), st.sampled_from([7, 7, 7, 3, 4, 14]))),
    st.sampled_from([0, 0, 7, 3]),
    st.booleans(),
)
def test_a_whole_hop_taken_by_the_short_way_is_the_same(
    encoding: Encoding, batches: list[tuple[int, int]], begin: int, drifting: bool
) -> None:
    short, long = make_stream(encoding, begin), make_stream(encoding, begin)
    for stream in (short, long):
        stream.flag(RATE_DRIFT if drifting else 0)
    for offset, count in batches:
        first = max(0, long.accepted.next_index + offset)
        data = source(encoding, first, count).tobytes()
        expected = long.accept(first, long.format.view(data), data, None, 0.0)
        assert take(short, first, data) == expected
        assert (short.tail.end, short.tail.size_bytes) == (long.tail.end, long.tail.size_bytes)
    assert short.counters == long.counters
    assert short.take_quality() == long.take_quality()
    for stream in (short, long):
        stream.close_block()
    one, other = short.plan(10**6), long.plan(10**6)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.blocks == other.blocks
        assert one.size_bytes == other.size_bytes


SPEEDS = st.sampled_from([None, 0.0, 24.5, 25.25])
SPEED_BATCHES = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 3, 9]), st.integers(1, 20), SPEEDS, st.integers(0, 2)),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, max_examples=300)
@given(SPEED_BATCHES)
def test_shaft_speeds_are_the_same_from_memory_and_from_the_store(
    batches: list[tuple[int, int, float | None, int]],
) -> None:
    stream = make_stream(Encoding.F32LE)
    rows: dict[int, StoredSamples] = {}
    speed_at: dict[int, float | None] = {}

    def commit(max_bytes: int) -> None:
        plan = stream.plan(max_bytes)
        for block in plan.blocks if plan else ():
            row = (block.first, block.count, block.quality, block.shaft_speed_hz, block.data)
            rows[block.first] = StoredSamples(*row)
        if plan:
            stream.finish(plan)

    for jump, count, speed_hz, what in batches:
        first = stream.accepted.next_index + jump
        take(stream, first, source(Encoding.F32LE, first, count).tobytes(), speed_hz)
        speed_at |= dict.fromkeys(range(first, first + count), speed_hz)
        if what:  # wherever a commit cuts a hop
            stream.close_block()
            commit(1 if what == 1 else 10**6)
    stream.close_block()
    while not stream.is_durable:
        commit(10**6)

    end = stream.tail.end
    stored = hop_runs(stream.format, 0, end, [rows[first] for first in sorted(rows)])
    from_store = [run.part(hop, hop + 1) for run in stored for hop in range(run.first, run.end)]
    for hop, run in enumerate(from_store):
        in_memory = stream.tail.run(hop, 1)
        assert in_memory is not None
        assert in_memory.part(hop, hop + 1) == run
        expected = None if run.is_gap else speed_at[(hop + 1) * HOP - 1]
        assert run.speeds_hz == (() if expected is None else (expected,))
    if end:
        alike = stream.tail.run(0, end)
        assert alike is not None
        assert alike == stored[0]
