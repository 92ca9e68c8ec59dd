"""Which samples are frozen: ranges, revolutions, bursts, holes."""

import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurto.stored_samples import SamplesChunk, SamplesHeader, SamplesHole
from kurto_alerts.evidence.moments import (
    SHARED_SPAN,
    EvidenceState,
    Moment,
    SharedMoment,
    choose_source,
    share_moments,
)
from kurto_alerts.evidence.ranges import FrozenSpan, gather_record, line_count, reaches

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SPAN = FrozenSpan(before_s=2.0, after_s=2.0, longest_s=60.0, sample_count=1000)


@pytest.mark.parametrize(
    ("speed_hz", "seconds"),
    [
        (None, 4.0),
        (50.0, 4.0),
        (5.0, 4.0),
        (4.0, 5.0),  # 20 revolutions of 0.25 s
        (0.5, 40.0),
        (0.01, 60.0),
        (0.0, 4.0),
        (float("nan"), 4.0),
    ],
)
def test_a_slow_shaft_has_twenty_revolutions(speed_hz: float | None, seconds: float) -> None:
    start_time, end_time = SPAN.around(NOW, NOW, speed_hz)
    assert (end_time - start_time).total_seconds() == pytest.approx(seconds)
    assert NOW - start_time == end_time - NOW


def test_every_alert_that_shares_a_moment_has_its_seconds() -> None:
    start_time, end_time = SPAN.around(NOW, NOW + timedelta(seconds=1.5), None)
    assert start_time == NOW - timedelta(seconds=2)
    assert end_time == NOW + timedelta(seconds=3.5)


@given(st.lists(st.floats(0.0, 20.0), min_size=1, max_size=60))
def test_each_alert_has_a_moment_that_holds_it(times_s: list[float]) -> None:
    moments = [
        Moment(f"{n}", "/pump" if n % 3 else "/fan", NOW + timedelta(seconds=at_s))
        for n, at_s in enumerate(times_s)
    ]
    shared, links = share_moments(moments, [])
    by_id = {moment.alert_id: moment for moment in moments}
    assert sorted(alert_id for alert_id, _ in links) == sorted(by_id)
    for alert_id, at in links:
        assert shared[at].place == by_id[alert_id].place
        assert shared[at].first <= by_id[alert_id].time <= shared[at].last
    for one in shared:
        assert one.last - one.first <= SHARED_SPAN
    # At most one moment begins in any two seconds of a place.
    for place in ("/pump", "/fan"):
        firsts = sorted(one.first for one in shared if one.place == place)
        assert all(b - a > SHARED_SPAN for a, b in itertools.pairwise(firsts))


def test_what_is_stored_is_never_widened() -> None:
    stored = SharedMoment(3, "/pump", NOW, NOW, EvidenceState.STORED)
    later = Moment("b", "/pump", NOW + timedelta(seconds=1))
    shared, links = share_moments([Moment("a", "/pump", NOW), later], [stored])
    assert links == [("a", 0), ("b", 1)]
    assert shared[0] == stored
    assert shared[1].evidence_id == 0


def header(first: int, end: int, *, epoch: int = 1, burst: int = 0) -> SamplesHeader:
    return SamplesHeader(
        sensor_id="a",
        epoch=epoch,
        sample_rate_hz=100.0,
        channels=("x", "y"),
        units=("g", "g"),
        encoding="f32",
        scales=(),
        anchor_us=0,
        first_index=first,
        end_index=end,
        burst_samples=burst,
        burst_interval_us=60_000_000 if burst else 0,
    )


def chunk(of: SamplesHeader, first: int, end: int, speed_hz: float | None = None) -> SamplesChunk:
    index = np.arange(first, end, dtype=np.float32)
    return SamplesChunk(
        header=of, first_index=first, samples=np.stack([index, -index]), shaft_speed_hz=speed_hz
    )


def test_holes_stay_holes() -> None:
    of = header(100, 200)
    hole = SamplesHole(header=of, first_index=130, end_index=150, reason="missing")
    pieces: list[SamplesChunk | SamplesHole] = [
        chunk(of, 100, 130, 24.0),
        hole,
        chunk(of, 150, 200, 25.0),
    ]
    record = gather_record(pieces, moment_us=1_500_000, limit=1000)
    assert record is not None
    assert (record.first_index, record.missing_count, record.speed_hz) == (100, 20, 25.0)
    assert record.start_us == 1_000_000
    assert np.isnan(record.samples[:, 30:50]).all()
    assert (record.samples[1, 50:] == -np.arange(150, 200)).all()


def test_too_many_samples_leave_those_around_the_moment() -> None:
    of = header(0, 1000)
    record = gather_record([chunk(of, 0, 1000)], moment_us=5_000_000, limit=100)
    assert record is not None
    assert (record.first_index, record.samples.shape) == (450, (2, 100))
    record = gather_record([chunk(of, 0, 1000)], moment_us=9_990_000, limit=100)
    assert record is not None
    assert record.first_index == 900


def test_of_bursts_the_last_one_by_the_moment() -> None:
    of = header(50, 350, burst=100)
    pieces = [chunk(of, 50, 350)]
    record = gather_record(pieces, moment_us=121_000_000, limit=1000)
    assert record is not None
    assert (record.first_index, record.samples.shape[1]) == (200, 100)
    assert record.start_us == 120_000_000
    record = gather_record(pieces, moment_us=119_000_000, limit=1000)
    assert record is not None
    assert record.first_index == 100


def test_of_epochs_the_one_with_most_samples() -> None:
    short, long = header(0, 10, epoch=2), header(0, 90, epoch=1)
    record = gather_record([chunk(long, 0, 90), chunk(short, 0, 10)], moment_us=0, limit=1000)
    assert record is not None
    assert record.header.epoch == 1
    assert gather_record([], moment_us=0, limit=1000) is None


def test_when_samples_reach_an_end() -> None:
    assert reaches(header(0, 100), 1_000_000)
    assert not reaches(header(0, 98), 1_000_000)
    assert reaches(header(0, 200, burst=100), 10**12)
    assert not reaches(header(0, 250, burst=100), 0)


@given(st.integers(1, 600_000))
def test_lines_leave_two_segments(sample_count: int) -> None:
    lines = line_count(sample_count)
    assert 16 <= lines <= 6400
    assert lines < 32 or 2 * 2.56 * lines <= sample_count


def test_which_part_is_meant() -> None:
    sources = [("a", "x"), ("a", "y"), ("b", "x")]
    assert choose_source(sources, ("", ""), ("a", "y")) == ("a", "y")
    assert choose_source(sources, ("b", ""), ("a", "y")) == ("b", "x")
    assert choose_source(sources, ("a", ""), ("b", "x")) == ("a", "x")
    assert choose_source(sources, ("", "x"), ("a", "y")) == ("a", "x")
    assert choose_source(sources, ("c", ""), ("a", "y")) is None
    assert choose_source(sources, ("a", "z"), ("a", "y")) is None
