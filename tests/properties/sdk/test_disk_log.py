"""The log on disk against a dictionary of samples, through restarts and torn tails."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kurto.disk.log import SegmentLog
from kurto.disk.record import HEADER_BYTES
from kurto.disk.segment import MAGIC, SUFFIX
from kurto.send_buffer import Chunk, Range

CHANNELS = 2
ROW_BYTES = 8


def value(index: int, channel: int) -> float:
    """Every sample has a value of its own."""
    return index + 0.5 * channel


def chunk(first: int, count: int) -> Chunk:
    """Return samples that tell their index and channel."""
    indexes = np.arange(first, first + count)
    samples = np.array([indexes, indexes + 0.5], dtype="<f4")
    return Chunk(first, samples, 24.5 if first % 2 else None, first * 7 if first % 3 else None)


def open_log(directory: Path, segment_bytes: int = 300) -> SegmentLog:
    """Open a log with small segments, to append to."""
    log = SegmentLog(
        directory, channel_count=CHANNELS, row_bytes=ROW_BYTES, segment_bytes=segment_bytes
    )
    log.begin_appending()
    return log


def read_all(log: SegmentLog, max_samples: int = 5) -> dict[int, tuple[float, float]]:
    """Return every sample by its index, read in order."""
    found: dict[int, tuple[float, float]] = {}
    cursor = 0
    while (part := log.first_from(cursor, max_samples)) is not None:
        assert part.first_index >= cursor
        assert part.sample_count <= max_samples
        values = np.frombuffer(part.samples.tobytes(), "<f4").reshape(CHANNELS, -1)
        for offset in range(part.sample_count):
            found[part.first_index + offset] = (float(values[0, offset]), float(values[1, offset]))
        cursor = part.end_index
    return found


def expected(indexes: set[int]) -> dict[int, tuple[float, float]]:
    """Return what the samples of some indexes must be."""
    return {i: (value(i, 0), value(i, 1)) for i in indexes}


class LogMachine(RuleBasedStateMachine):
    """Appends, acknowledgments, drops and crashes in any order."""

    @initialize()
    def begin(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.log = open_log(Path(self.directory.name))
        self.held: set[int] = set()
        self.end = 0
        self.durable = 0
        self.missing: list[Range] = []

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.log.close()
            self.directory.cleanup()

    @rule(count=st.integers(1, 40), gap=st.integers(0, 3))
    def append(self, count: int, gap: int) -> None:
        first = self.end + gap
        self.log.append(chunk(first, count))
        self.held |= set(range(first, first + count))
        self.end = first + count

    @rule(next_index=st.integers(0, 200), hole=st.integers(0, 200), size=st.integers(0, 20))
    def acknowledge(self, next_index: int, hole: int, size: int) -> None:
        before = self.durable
        self.durable = max(before, min(next_index, self.end))
        # What was durable stays so: missing is what was missing, or comes new below the position.
        possible = [*self.missing, Range(before, self.durable)]
        parts = [gap.overlap(Range(hole, hole + size)) for gap in possible]
        self.missing = [part for part in parts if len(part)]
        self.log.acknowledge(self.durable, self.missing)

    @precondition(lambda self: self.held)
    @rule()
    def drop_oldest(self) -> None:
        before = self.indexes()
        lost = self.log.drop_oldest()
        gone = before - self.indexes()
        assert gone == set(sorted(before)[: len(gone)])
        assert lost == len(gone & self.wanted())
        self.held -= gone

    @rule()
    def restart(self) -> None:
        self.log.close()
        self.log = open_log(Path(self.directory.name))
        self.log.acknowledge(self.durable, self.missing)

    @rule(cut=st.integers(1, 400))
    def crash_within_the_last_segment(self, cut: int) -> None:
        self.log.close()
        path = sorted(Path(self.directory.name).glob(f"*{SUFFIX}"))[-1:]
        if path and path[0].stat().st_size:
            with path[0].open("r+b") as file:
                file.truncate(max(0, path[0].stat().st_size - cut))
        self.log = open_log(Path(self.directory.name))
        kept = self.indexes()
        # What a torn tail costs is the end of what was held, never something before it.
        lost = {i for i in self.held if i >= self.log.end_index}
        assert kept >= self.wanted() - lost
        self.held, self.end = self.held - lost, self.log.end_index
        self.durable = min(self.durable, self.end)
        self.missing = [g for g in self.missing if g.end_index <= self.durable]
        self.log.acknowledge(self.durable, self.missing)

    def wanted(self) -> set[int]:
        """Samples that must be here: those that are not durable."""
        gaps = {i for gap in self.missing for i in range(gap.first_index, gap.end_index)}
        return {i for i in self.held if i >= self.durable or i in gaps}

    def indexes(self) -> set[int]:
        """Samples that the log says it holds."""
        return {
            i
            for run in self.log.held(Range(0, 10**9))
            for i in range(run.first_index, run.end_index)
        }

    @invariant()
    def holds_what_it_must(self) -> None:
        if not hasattr(self, "log"):
            return
        indexes = self.indexes()
        assert self.wanted() <= indexes <= self.held
        assert read_all(self.log) == expected(indexes)
        assert self.log.end_index == self.end
        assert self.log.unacknowledged_sample_count == len(self.wanted() & indexes)
        on_disk = sum(p.stat().st_size for p in Path(self.directory.name).iterdir())
        # A torn tail is cut off when something is appended after it.
        assert self.log.size_bytes <= on_disk <= self.log.size_bytes + 40 * ROW_BYTES + HEADER_BYTES


LogMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLog = LogMachine.TestCase


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
@settings(max_examples=8, deadline=None)
def test_a_tail_torn_at_any_byte_leaves_the_records_before_it(counts: list[int]) -> None:
    ends = [len(MAGIC)]
    for count in counts:
        ends.append(ends[-1] + HEADER_BYTES + count * ROW_BYTES)
    with tempfile.TemporaryDirectory() as name:
        log = open_log(Path(name), 10**6)
        for count in counts:
            log.append(chunk(log.end_index, count))
        log.close()
        path = next(Path(name).iterdir())
        content = path.read_bytes()
        assert len(content) == ends[-1]
        for size in range(len(content) + 1):
            whole = sum(counts[: sum(size >= end for end in ends[1:])])
            for tail in (b"", b"\0" * 50, b"\xff" * 50):
                path.write_bytes(content[:size] + tail)
                torn = open_log(Path(name), 10**6)
                assert read_all(torn) == expected(set(range(whole)))
                torn.append(chunk(whole, 3))
                torn.close()
                again = open_log(Path(name), 10**6)
                assert read_all(again) == expected(set(range(whole + 3)))
                again.close()


@given(st.integers(0, 10**6), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_costs_records_and_never_gives_wrong_samples(where: int, bit: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        log = open_log(Path(name))
        for _ in range(12):
            log.append(chunk(log.end_index, 10))
        log.close()
        paths = sorted(Path(name).iterdir())
        path = paths[where % len(paths)]
        content = bytearray(path.read_bytes())
        content[where // len(paths) % len(content)] ^= 1 << bit
        path.write_bytes(content)
        log = open_log(Path(name))
        found = read_all(log)
        assert found == expected(set(found))
        # One damaged segment, at most: three records of ten samples.
        assert len(found) >= 120 - 40
        held = {i for run in log.held(Range(0, 200)) for i in range(run.first_index, run.end_index)}
        assert held == set(found), "what is damaged is known to be lost once it was met"
        log.close()


def test_facts_beside_the_samples_come_back(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append(chunk(1, 3))
    first = log.first_from(1, 2)
    assert first is not None
    assert (first.shaft_speed_hz, first.device_time_us) == (24.5, 7)
    rest = log.first_from(2, 2)
    assert rest is not None
    assert (rest.shaft_speed_hz, rest.device_time_us) == (24.5, None)
    log.close()


def test_long_chunks_become_records_that_take_little_memory(tmp_path: Path) -> None:
    log = open_log(tmp_path, 10**7)
    log.append(chunk(0, 200_000))
    sizes = []
    cursor = 0
    while (part := log.first_from(cursor, 10**6)) is not None:
        sizes.append(part.samples.nbytes)
        cursor = part.end_index
    assert cursor == 200_000
    assert max(sizes) <= 256 * 1024
    log.close()


def test_a_chunk_before_the_end_is_refused(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append(chunk(5, 5))
    with pytest.raises(ValueError, match="10 is next"):
        log.append(chunk(9, 2))
    log.close()
