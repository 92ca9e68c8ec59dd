"""Whatever comes early, late, twice or not at all: each sample is kept once, in its place."""

import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kurto_ingest.pushing.session import Session
from kurto_ingest.quarantine.future_samples import FutureSamples
from kurto_ingest.quarantine.ledger import QuarantineLedger
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.epoch_stream import EpochStream
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.quarantine import QuarantinePosition, grid_line
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import microseconds
from kurto_service.testing import FakeClock

HOP = 7
RATE = 70.0
LIMIT_S = 2.0
PUSH = st.tuples(st.just("push"), st.integers(0, 600), st.integers(1, 30))
NEXT = st.tuples(st.just("next"), st.just(0), st.integers(1, 30))
GIVE_UP = st.tuples(st.just("give up"), st.integers(0, 600), st.integers(1, 400))
WAIT = st.tuples(st.just("wait"), st.integers(1, 200), st.just(0))
COMMIT = st.tuples(st.just("commit"), st.integers(1, 2000), st.just(0))
RESTART = st.tuples(st.just("restart"), st.just(0), st.just(0))
STEPS = st.lists(st.one_of(PUSH, NEXT, GIVE_UP, WAIT, COMMIT, RESTART), max_size=30)


class Plant:
    """A stream with its clock, the rows that were committed, and what they should be."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.format = StreamFormat(
            sensor_id="s", sensor_key=1, epoch=1, channels=("x",), sample_rate_hz=RATE,
            encoding=Encoding.F32LE, scales=(), hop_samples=HOP, window_hops=3,
            anchor_us=microseconds(self.clock.now()),
        )  # fmt: skip
        events = cast("EventLog", SimpleNamespace(note=lambda *_, **__: None))
        self.future = FutureSamples(self.clock, LIMIT_S, QuarantineLedger(10**9), events)
        self.usual: dict[int, float] = {}
        self.apart: dict[int, float] = {}
        self.sent: set[int] = set()
        self.taken_apart: set[int] = set()
        self.given_up: set[int] = set()
        self.last = 0
        self.charged_bytes = 0
        self.session = self.begin(StreamSequence(0, max_missing_ranges=99), None)

    def begin(self, position: StreamSequence, apart: QuarantinePosition | None) -> Session:
        """Make the stream live from what is stored."""
        stream = EpochStream(
            self.format, 1, position,
            inspector=BlockInspector(Encoding.F32LE, (), [None]),
            tail=HopTail(position.next_index // HOP, 10**6),
            max_missing_ranges=99, charge=self.charge,
        )  # fmt: skip
        stream.resume_quarantine(apart)
        return Session(stream, cast("Any", _Sensor()), "boot")

    def charge(self, size_bytes: int) -> None:
        self.charged_bytes += size_bytes

    def push(self, first: int, count: int) -> None:
        """Take a batch as ingest does."""
        live, end = self.session.live, first + count
        samples = np.arange(first, end, dtype="<f4").reshape(1, -1)
        boundary = None
        if end > self.session.timely_index:
            boundary = self.future.boundary(self.session, first, end)
        self.check_place(end, boundary)
        split = end if boundary is None else max(first, boundary)
        if first < split:
            live.accept(first, samples[:, : split - first], None, None, 0.0)
        if boundary is not None:
            live.set_apart(boundary, split, samples[:, split - first :], None, 0.0)
            self.future.taken(self.session, split, end, 0, new=False)
            self.taken_apart |= set(range(split, end))
        self.sent |= set(range(first, end)) - self.given_up
        self.last = end

    def check_place(self, end: int, boundary: int | None) -> None:
        """What is taken at the usual place is in time, but for the rest of a hop."""
        elapsed_us = microseconds(self.clock.now()) - self.format.anchor_us
        in_time = grid_line(round((elapsed_us / 1e6 + LIMIT_S) * RATE), HOP)
        usual_end = end if boundary is None else min(end, boundary)
        assert usual_end <= max(in_time, self.session.live.accepted.next_index + HOP)
        assert boundary is None or boundary % HOP == 0
        first_apart = min(self.taken_apart, default=sys.maxsize) // HOP * HOP
        if end <= min(in_time - HOP, first_apart) and not self.given_up:
            assert boundary is None

    def give_up(self, first: int, count: int) -> None:
        told = self.told_end
        end = min(first + count, told)
        if first < end:
            self.session.live.abandon(first, end)
            quarantine = self.session.live.quarantine
            if quarantine is not None:
                line = min(self.session.timely_index, quarantine.accepted.index)
                self.session.timely_index = line
            self.given_up |= set(range(first, end)) - self.sent

    @property
    def told_end(self) -> int:
        return max((*self.sent, *self.given_up), default=-1) + 1

    def commit(self, max_bytes: int) -> bool:
        """Store some of what waits; returns whether there was anything."""
        live = self.session.live
        live.close_block()
        plan = live.plan(max_bytes)
        if plan is None:
            return False
        _store(self.usual, plan.blocks)
        if plan.quarantine is not None:
            _store(self.apart, plan.quarantine.blocks)
        live.finish(plan)
        return True

    def settle(self) -> None:
        """Commit everything, and compare what is stored and told with what was sent."""
        while self.commit(10**6):
            pass
        live = self.session.live
        assert live.is_durable
        assert live.pending_bytes == self.charged_bytes == 0
        assert not self.usual.keys() & self.apart.keys()
        assert self.usual.keys() | self.apart.keys() == self.sent
        for index, value in (*self.usual.items(), *self.apart.items()):
            assert index == value
        told = live.acknowledged
        assert told.next_index == self.told_end
        assert indexes(told.missing) == set(range(self.told_end)) - self.sent - self.given_up
        assert indexes(told.missing) & indexes(told.abandoned) == set()
        assert live.durable.durable_count(RangeSet([(0, self.told_end)])) == len(self.usual)

    def restart(self) -> None:
        self.settle()
        self.charged_bytes = 0
        live = self.session.live
        apart = None if live.quarantine is None else live.quarantine.durable
        if apart is not None:  # as stores read it
            apart = apart.copy()
            if live.durable.next_index > apart.index:
                apart.index = grid_line(live.durable.next_index, HOP)
        self.session = self.begin(live.durable.copy(), apart)


class _Sensor:
    """As much of a sensor as a session looks at."""

    config = SimpleNamespace(machine=SimpleNamespace(process_values=()))


def _store(rows: dict[int, float], blocks: Sequence[Block]) -> None:
    for block in blocks:
        assert block.first // HOP == (block.end - 1) // HOP
        for index, value in enumerate(np.frombuffer(block.data, "<f4"), start=block.first):
            assert index not in rows
            rows[index] = float(value)


def indexes(ranges: RangeSet) -> set[int]:
    return {index for item in ranges for index in range(*item)}


@settings(max_examples=300, deadline=None)
@given(STEPS)
@example([("push", 400, 5), ("wait", 100, 0), ("push", 150, 20)])
async def test_each_sample_is_kept_once_in_its_place(
    steps: list[tuple[str, int, int]],
) -> None:
    plant = Plant()
    for kind, number, count in steps:
        if kind == "push":
            plant.push(number, count)
        elif kind == "next":
            plant.push(plant.last, count)
        elif kind == "give up":
            plant.give_up(number, count)
        elif kind == "wait":
            await plant.clock.advance(number / RATE)
        elif kind == "commit":
            plant.commit(number)
        else:
            plant.restart()
    plant.settle()
