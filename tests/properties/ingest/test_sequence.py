"""The order of samples against a model that is too simple to be wrong: sets of integers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kurto_ingest.exceptions import TooManyMissingRanges
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence

LIMIT = 5
INDEX = st.integers(0, 60)
LENGTH = st.integers(1, 15)


def runs(numbers: set[int]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers as half-open ranges."""
    return [
        (first, next(at for at in range(first, 10**6) if at not in numbers))
        for first in sorted(numbers)
        if first - 1 not in numbers
    ]


class SequenceMachine(RuleBasedStateMachine):
    """Batches, gaps, refills, duplicates and abandonments in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = StreamSequence(max_missing_ranges=LIMIT, max_abandoned_ranges=LIMIT)
        self.present: set[int] = set()
        self.given_up: set[int] = set()
        self.remembered: set[int] = set()
        self.next_index = 0
        self.gap_count = 0

    @property
    def missing(self) -> set[int]:
        return set(range(self.next_index)) - self.present - self.given_up

    @rule(first=INDEX, count=LENGTH)
    def send_anywhere(self, first: int, count: int) -> None:
        self.send(first, count)

    @rule(count=LENGTH)
    def send_next(self, count: int) -> None:
        self.send(self.next_index, count)

    @rule(skip=LENGTH, count=LENGTH)
    def jump(self, skip: int, count: int) -> None:
        self.send(self.next_index + skip, count)

    @precondition(lambda self: self.missing)
    @rule(data=st.data(), count=LENGTH)
    def refill(self, data: st.DataObject, count: int) -> None:
        self.send(data.draw(st.sampled_from(sorted(self.missing))), count)

    def send(self, first: int, count: int) -> None:
        batch = set(range(first, first + count))
        fresh = {index for index in batch if index >= self.next_index}
        refills = batch & self.missing
        gap = set(range(self.next_index, first))
        after = (self.missing - refills) | gap
        grows = len(runs(after)) > len(runs(self.missing))
        if grows and len(runs(after)) > LIMIT:
            before = self.sequence.copy()
            with pytest.raises(TooManyMissingRanges):
                self.sequence.offer(first, count)
            assert self.sequence.next_index == before.next_index
            assert self.sequence.missing == before.missing
            return
        intake = self.sequence.offer(first, count)
        assert (intake.gap is not None) == bool(gap)
        assert {at for item in intake.refills for at in range(*item)} == refills
        assert set(range(*intake.fresh) if intake.fresh else ()) == fresh
        assert intake.duplicate_count == len(batch - fresh - refills)
        self.gap_count += bool(gap)
        self.present |= fresh | refills
        self.next_index = max(self.next_index, first + count)

    @rule(first=INDEX, count=LENGTH)
    def abandon(self, first: int, count: int) -> None:
        chosen = set(range(first, first + count)) & self.missing
        before, after = len(runs(self.missing)), len(runs(self.missing - chosen))
        if after > max(before, LIMIT):
            with pytest.raises(TooManyMissingRanges):
                self.sequence.abandon(first, first + count)
            return
        assert self.sequence.abandon(first, first + count) == len(chosen)
        self.given_up |= chosen
        self.remembered |= chosen
        for run in runs(self.remembered)[:-LIMIT]:  # the newest ones are remembered
            self.remembered -= set(range(*run))

    @rule(data=st.lists(st.tuples(INDEX, LENGTH), max_size=4))
    def count_what_is_there(self, data: list[tuple[int, int]]) -> None:
        ranges = RangeSet((first, first + count) for first, count in data)
        wanted = {at for item in ranges for at in range(*item)}
        forgotten = self.given_up - self.remembered
        assert self.sequence.durable_count(ranges) == len(wanted & (self.present | forgotten))

    @invariant()
    def agrees_with_the_model(self) -> None:
        assert self.sequence.next_index == self.next_index
        assert [tuple(item) for item in self.sequence.missing] == runs(self.missing)
        assert [tuple(item) for item in self.sequence.abandoned] == runs(self.remembered)
        absent = self.missing | self.remembered
        assert [tuple(item) for item in self.sequence.absent] == runs(absent)
        assert self.sequence.gap_count == self.gap_count


SequenceMachine.TestCase.settings = settings(
    max_examples=200, stateful_step_count=30, deadline=None
)
TestSequence = SequenceMachine.TestCase

RANGE = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(st.lists(st.tuples(st.booleans(), RANGE), max_size=12), RANGE)
def test_range_set_is_a_set(
    changes: list[tuple[bool, tuple[int, int]]], asked: tuple[int, int]
) -> None:
    ranges, model = RangeSet(), set[int]()
    for add, (first, end) in changes:
        if add:
            ranges.add(first, end)
            model |= set(range(first, end))
        else:
            ranges.remove(first, end)
            model -= set(range(first, end))
    assert [tuple(item) for item in ranges] == runs(model)
    assert ranges.total == len(model)
    wanted = set(range(*asked))
    inside, outside = ranges.within(*asked), ranges.outside(*asked)
    if wanted:
        assert {at for item in inside for at in range(*item)} == wanted & model
        assert {at for item in outside for at in range(*item)} == wanted - model
        assert ranges.touches(*asked) == bool(wanted & model)
