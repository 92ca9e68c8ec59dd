"""Snapshots at absolute times, and how long missing samples are waited for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurto_ingest.assets.retention import Snapshots
from kurto_ingest.keeping.kept import (
    CopyPace,
    KeepReason,
    KeepRequest,
    KeptRange,
    SnapshotProgress,
    next_look,
    snapshot_starts,
    take_snapshots,
)

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
HOURLY = Snapshots(interval_s=3600, length_s=10, keep_for_s=86400)
PACE = CopyPace(settle_s=2, longest_s=300, patience_s=86400)


def kept(end: datetime, attempts: int = 0) -> KeptRange:
    start = end - timedelta(seconds=10)
    request = KeepRequest(
        sensor_id="s", keep_id="k", start=start, end=end, reason=KeepReason.REQUEST
    )
    return KeptRange(
        request=request,
        start=start,
        end=end,
        expire_time=None,
        attempts=attempts,
        create_time=NOW,
    )


def test_snapshots_lie_at_multiples_of_the_interval() -> None:
    first, end = datetime(2026, 11, 23, 9, 59, 59, tzinfo=UTC), NOW + timedelta(hours=2)
    hours = [item.hour for item in snapshot_starts(HOURLY, first, end)]
    assert hours == [10, 11, 12]
    exactly = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert list(snapshot_starts(HOURLY, exactly, exactly)) == []
    assert len(list(snapshot_starts(HOURLY, exactly, exactly + timedelta(microseconds=1)))) == 1


@given(
    st.integers(60_000_000, 10**10),
    st.lists(st.integers(1, 10**11), min_size=1, max_size=8),
    st.integers(1, 5),
)
def test_snapshots_come_once_however_samples_advance(
    interval_us: int, steps: list[int], limit: int
) -> None:
    policy = Snapshots(interval_s=interval_us / 1e6, length_s=1)
    durable, taken = NOW, None
    found = []
    for step in steps:
        durable += timedelta(microseconds=min(step, 4 * interval_us))
        for _ in range(9):
            progress = SnapshotProgress(
                sensor_id="s", epoch=1, policy=policy, anchor=NOW, durable=durable, taken=taken
            )
            ranges, after = take_snapshots(progress, limit)
            taken = after.taken
            found += [item.start for item in ranges]
    assert found == list(snapshot_starts(policy, NOW, durable))


def test_new_policy_looks_back_a_week_at_most() -> None:
    progress = SnapshotProgress(
        sensor_id="s",
        epoch=1,
        policy=HOURLY,
        anchor=NOW - timedelta(days=400),
        durable=NOW,
        taken=None,
    )
    assert len(take_snapshots(progress, 10_000)[0]) == 7 * 24


@pytest.mark.parametrize(
    ("after_end_s", "may_grow", "wait_s"),
    [
        (-100, True, 102),  # after it has ended and settled
        (1, False, 1),
        (2, False, None),
        (3, True, 1),
        (400, True, 100),
        (5000, True, 300),
        (86_399, True, 300),
        (86_400, True, None),
    ],
)
def test_missing_samples_are_looked_for_less_and_less_often(
    after_end_s: float, may_grow: bool, wait_s: float | None
) -> None:
    end = NOW + timedelta(seconds=500)
    now = end + timedelta(seconds=after_end_s)
    look = next_look(kept(end), now, PACE, may_grow=may_grow)
    assert look == (None if wait_s is None else now + timedelta(seconds=wait_s))


def test_patience_counts_from_the_request_for_old_samples() -> None:
    old = kept(NOW - timedelta(days=300))
    assert next_look(old, NOW + timedelta(seconds=8), PACE, may_grow=True) is not None
