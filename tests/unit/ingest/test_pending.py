"""What is planned from a journal: in order the short way, and else the general one."""

from hypothesis import given
from hypothesis import strategies as st

from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.pending import Abandonment, Journal
from kurto_ingest.streams.sequence import StreamSequence


def sequence(next_index: int = 20, missing: tuple[tuple[int, int], ...] = ()) -> StreamSequence:
    return StreamSequence(next_index, missing, max_missing_ranges=99)


def journal(*entries: Block | Abandonment) -> Journal:
    made = Journal()
    for entry in entries:
        made.enter(entry, 0.0, 10)
    return made


def block(first: int, count: int) -> Block:
    return Block(first, count, b"", 0, None)


def state(one: StreamSequence) -> tuple[object, ...]:
    return one.next_index, list(one.missing), list(one.abandoned), one.gap_count


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 90))
def test_blocks_in_order_are_planned_as_any_others(counts: list[int], max_bytes: int) -> None:
    blocks = [block(20 + sum(counts[:at]), count) for at, count in enumerate(counts)]
    durable, made = sequence(missing=((3, 5),)), journal(*blocks)
    short, general = made.plan(durable, max_bytes), made._plan_any(durable, max_bytes)
    assert short is not None
    assert short.in_order
    assert not general.in_order
    assert state(short.after) == state(general.after)
    assert short[2:-2] == general[2:-2]
    assert state(durable) == (20, [(3, 5)], [], 0)


def test_whatever_else_is_in_the_journal_is_not_in_order() -> None:
    durable = sequence(missing=((3, 9),))
    for entry in (block(31, 5), block(3, 2), Abandonment(4, 6), block(5, 3)):
        plan = journal(block(20, 10), entry).plan(durable, 99)
        assert plan is not None
        assert not plan.in_order
        assert plan.entry_count == 2
        assert state(durable) == (20, [(3, 9)], [], 0)


def test_what_lies_behind_the_limit_does_not_matter() -> None:
    plan = journal(block(20, 10), block(99, 1)).plan(sequence(), 10)
    assert plan is not None
    assert plan.in_order
    assert (plan.entry_count, plan.size_bytes, plan.after.next_index) == (1, 10, 30)


def test_an_empty_journal_plans_nothing() -> None:
    assert Journal().plan(sequence(), 99) is None
