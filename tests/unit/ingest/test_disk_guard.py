"""What is deleted when the disk is nearly full, and when no samples are taken."""

from datetime import UTC, datetime, timedelta

import pytest

from kurto_ingest.assets.retention import (
    BUFFER_CLASS,
    DEFAULT_CLASS,
    FOREVER_CLASS,
    KEPT_CLASS,
    ClassKind,
    RetentionClass,
)
from kurto_ingest.space.disk_guard import (
    DiskLimits,
    GuardState,
    Sheddable,
    Space,
    bytes_to_free,
    next_state,
    plan_shedding,
    space_left,
)
from kurto_ingest.space.partitioning import PartitionKey, hour_of

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
LIMITS = DiskLimits(shed_ratio=0.10, stop_ratio=0.05, margin_ratio=0.02)
MB = 1_000_000
WEEK = RetentionClass(10, ClassKind.TIME, 168)
OK, SHEDDING, STOPPED = GuardState.OK, GuardState.SHEDDING, GuardState.STOPPED


def partition(
    hours_ago: int,
    retention: RetentionClass = DEFAULT_CLASS,
    *,
    size: int = 100 * MB,
    written: timedelta | None = None,
) -> Sheddable:
    start = hour_of(NOW) - hours_ago
    return Sheddable(
        key=PartitionKey(retention.number, start, start + retention.span_h),
        retention=retention,
        size_bytes=size,
        last_write=None if written is None else NOW - written,
    )


@pytest.mark.parametrize(
    ("state", "free", "following"),
    [
        (OK, 0.5, OK),
        (OK, 0.10, OK),
        (OK, 0.0999, SHEDDING),
        (OK, 0.0499, STOPPED),
        (SHEDDING, 0.11, SHEDDING),
        (SHEDDING, 0.121, OK),
        (SHEDDING, 0.0499, STOPPED),
        (STOPPED, 0.06, STOPPED),
        (STOPPED, 0.07, SHEDDING),
        (STOPPED, 0.11, SHEDDING),
        (STOPPED, 0.13, OK),
        (OK, None, OK),
        (STOPPED, None, STOPPED),
    ],
)
def test_states_follow_with_a_margin(
    state: GuardState, free: float | None, following: GuardState
) -> None:
    assert next_state(state, free, LIMITS) is following


def test_no_flapping_at_any_level() -> None:
    """A free part that moves by less than the margin changes the state at most once."""
    for percent in range(30):
        state, changes = OK, 0
        for step in range(20):
            before = state
            free = percent / 100 + (0.015 if step % 2 else 0.0)
            state = next_state(state, free, LIMITS)
            changes += before is not state
        assert changes <= 2


def test_tighter_bound_counts() -> None:
    assert space_left(50) == Space(database_bytes=50)
    assert space_left(50, max_database_bytes=200).free_ratio == 0.75
    both = space_left(50, max_database_bytes=200, disk=(1000, 100))
    assert (both.free_ratio, both.total_bytes) == (0.1, 1000)
    assert space_left(300, max_database_bytes=200).free_ratio == 0.0


def test_enough_is_freed_to_be_well_again() -> None:
    space = space_left(0, disk=(1000 * MB, 80 * MB))
    assert bytes_to_free(space, LIMITS) == 40 * MB
    assert bytes_to_free(space_left(0, disk=(1000, 500)), LIMITS) == 0
    assert bytes_to_free(Space(database_bytes=9), LIMITS) == 0
    odd = DiskLimits(shed_ratio=0.05, stop_ratio=0.3, margin_ratio=0.02)
    assert next_state(STOPPED, 0.08 + bytes_to_free(space, odd) / 1000 / MB, odd) is OK


def test_oldest_hours_go_first_and_as_few_as_are_needed() -> None:
    found = [partition(hours) for hours in (3, 9, 1, 5)]
    plan = plan_shedding(found, 150 * MB, NOW)
    assert [item.key.start_hour for item in plan] == [hour_of(NOW) - 9, hour_of(NOW) - 5]
    assert plan_shedding(found, 0, NOW) == []


def test_order_of_classes() -> None:
    kept, forever = partition(9000, KEPT_CLASS), partition(800, FOREVER_CLASS)
    short, default, week = partition(2, BUFFER_CLASS), partition(5), partition(100, WEEK)
    plan = plan_shedding([kept, forever, short, default, week], 10**12, NOW)
    assert plan == [week, default, short, forever, kept]


def test_current_hour_and_what_is_made_ahead_stay() -> None:
    current = [partition(0), partition(-1), partition(10, FOREVER_CLASS), partition(20, KEPT_CLASS)]
    assert plan_shedding(current, 10**12, NOW) == []
    assert plan_shedding([partition(1)], 10**12, NOW) == [partition(1)]


def test_uploads_are_as_old_as_their_arrival() -> None:
    late = DEFAULT_CLASS.late()
    fresh = partition(90_000, late, written=timedelta(minutes=59))
    day = partition(90_000, late, written=timedelta(hours=24))
    plan = plan_shedding([fresh, day, partition(30), partition(20)], 10**12, NOW)
    assert plan == [partition(30), day, partition(20)]


def test_what_frees_nothing_is_left() -> None:
    assert plan_shedding([partition(9, size=32 * 1024)], 10**12, NOW) == []
