"""What of a stream the analyzer gets next."""

import pytest

from kurto_ingest.assets.model import Channel, SensorConfig
from kurto_ingest.forwarding.feed import FeedLimits, WindowFeed
from kurto_ingest.forwarding.skips import Skip, SkipReason
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.hop_tail import HopRun, HopTail
from kurto_ingest.streams.ranges import IndexRange, RangeSet
from kurto_ingest.streams.stream_format import StreamFormat

HOP = 100
DAY_US = 86_400_000_000


def feed(*, from_index: int = 0, **limits: float) -> WindowFeed:
    """Return a feed of one channel at 1000 Hz: 400 bytes a hop, windows of 10 hops."""
    stream_format = StreamFormat(
        sensor_id="s",
        sensor_key=1,
        epoch=1,
        channels=("x",),
        sample_rate_hz=1000.0,
        encoding=Encoding.F32LE,
        scales=(),
        hop_samples=HOP,
        window_hops=10,
        anchor_us=0,
    )
    config = SensorConfig(version=1, sample_rate_hz=1000.0, channels=(Channel(name="x", unit="g"),))
    values = {
        "in_flight_hops": 50,
        "backlog_bytes": 4000,
        "max_lag_s": 60.0,
        "retention_s": 86_400.0,
    } | limits
    return WindowFeed(
        stream_format,
        config,
        analysis_from_index=from_index,
        limits=FeedLimits(**values),  # type: ignore[arg-type]
    )


def tail(first: int, end: int) -> HopTail:
    """Return a tail that holds hops `first` to `end`."""
    result = HopTail(first, 10**6)
    for hop in range(first, end):
        result.append_full(hop, bytes([hop]) * 400)
    return result


def sent(one: WindowFeed, max_bytes: int = 10**6) -> list[tuple[int, int]]:
    """Send everything that can be sent now."""
    runs = []
    while (run := one.next_run(max_bytes)) is not None:
        runs.append((run.first, run.end))
    return runs


def test_nothing_is_sent_before_the_analyzer_says_where_to_begin() -> None:
    one = feed()
    one.tail = tail(0, 20)
    assert one.next_run(10**6) is None
    assert one.opened(3, 0) is None
    assert sent(one) == [(3, 20)]


def test_runs_are_as_large_as_a_message_and_one_hop_at_least() -> None:
    one = feed()
    one.tail = tail(0, 7)
    one.opened(0, 0)
    assert sent(one, 900) == [(0, 2), (2, 4), (4, 6), (6, 7)]
    one.opened(0, 0)
    assert sent(one, 1) == [(at, at + 1) for at in range(7)]


def test_hops_in_flight_are_bounded_until_acknowledged() -> None:
    one = feed(in_flight_hops=5)
    one.tail = tail(0, 40)
    one.opened(0, 0)
    assert sent(one) == [(0, 15)]
    assert one.in_flight_hops == 6
    one.acknowledged(6)
    assert one.in_flight_hops == 0
    assert sent(one) == [(15, 21)]


def test_a_gap_waits_until_it_is_durable() -> None:
    """Otherwise a crash forgets it, and the sender fills what was called empty already."""
    one = feed()
    one.tail = tail(0, 3)
    one.tail.append_gap(3, 20)
    one.tail.append_full(20, b"x" * 400)
    one.stored_hops = 2
    one.opened(2, 0)
    assert sent(one) == [(2, 3)]
    assert one.waits_for_commit
    one.stored_hops = 20
    assert sent(one) == [(3, 20), (20, 21)]
    assert not one.waits_for_commit


def test_gaps_travel_as_one_run() -> None:
    one = feed()
    one.tail = tail(0, 3)
    one.tail.append_gap(3, 20)
    one.tail.append_full(20, b"x" * 400)
    one.stored_hops = 20
    one.opened(0, 0)
    assert sent(one) == [(0, 3), (3, 20), (20, 21)]


def test_what_is_not_in_memory_is_read_in_pieces() -> None:
    one = feed()
    one.tail = tail(30, 40)
    one.stored_hops = 38
    one.opened(12, 0)
    assert sent(one) == []
    wanted = one.wanted()
    assert wanted == IndexRange(12, 22)
    assert not one.is_live
    one.loaded(wanted, [HopRun(12, 22, (b"y" * 400,) * 10)])
    assert one.wanted() is None  # there is enough for now
    assert sent(one) == [(12, 22)]
    rest = one.wanted()
    assert rest == IndexRange(22, 30)  # and no further than memory begins
    one.loaded(rest, [HopRun(22, 25, ()), HopRun(25, 30, (b"z" * 400,) * 5)])
    assert sent(one) == [(22, 25), (25, 30), (30, 40)]
    assert one.is_live


def test_answer_to_a_question_of_before_is_dropped() -> None:
    one = feed()
    one.stored_hops = 40
    one.opened(0, 0)
    wanted = one.wanted()
    assert wanted is not None
    one.opened(25, 0)
    one.loaded(wanted, [HopRun(0, 10, (b"y" * 400,) * 10)])
    assert sent(one) == []
    assert one.wanted() == IndexRange(25, 35)


def test_hop_that_is_complete_but_not_in_memory_waits_for_the_store() -> None:
    one = feed()
    one.tail = tail(0, 5)
    one.tail.append_stored(5)
    one.tail.append_full(6, b"x" * 400)
    one.opened(0, 0)
    assert sent(one) == [(0, 5)]
    assert one.wanted() is None
    one.stored_hops = 6
    assert one.wanted() == IndexRange(5, 6)


def test_windows_before_a_stop_are_left_out() -> None:
    one = feed(from_index=1_450)
    one.tail = tail(0, 30)
    assert one.opened(2, 0) == Skip(15, SkipReason.NOT_MONITORED)
    assert sent(one) == [(15, 30)]


def test_newest_epoch_skips_when_it_is_too_far_behind() -> None:
    one = feed(max_lag_s=5.0)
    one.stored_hops = 100
    one.lag_watch.note(0, behind=True)
    assert one.opened(20, 6_000_000) == Skip(90, SkipReason.ANALYSIS_SKIPPED)
    assert one.wanted() == IndexRange(90, 100)
    older = feed(max_lag_s=5.0)
    older.newest = False
    older.stored_hops = 100
    older.lag_watch.note(0, behind=True)
    assert older.opened(20, 6_000_000) is None


def test_a_recording_that_comes_faster_than_it_was_taken_is_analysed_whole() -> None:
    one = feed(max_lag_s=5.0)
    assert one.opened(0, 0) is None
    one.stored_hops = 100_000
    assert one.overdue(1_000_000) is None
    assert one.overdue(5_900_000) is None
    assert one.overdue(6_100_000) == Skip(99_990, SkipReason.ANALYSIS_SKIPPED)


def test_catching_up_begins_the_patience_anew() -> None:
    one = feed(max_lag_s=5.0)
    one.stored_hops = 100
    assert one.opened(20, 0) is None
    one.acknowledged(91)
    assert one.overdue(4_000_000) is None
    one.stored_hops = 300
    assert one.overdue(8_000_000) is None
    assert one.overdue(12_000_000) is None


def test_recordings_are_kept_from_their_arrival() -> None:
    """Index 0 lies days back: an analyzer that comes back goes on where it was all the same."""
    one = feed(retention_s=3.0)
    one.newest = False
    one.stored_hops = 100
    one.uploaded_us = DAY_US - 2_000_000
    assert one.opened(40, DAY_US) is None
    assert one.opened(40, DAY_US + 2_000_000) == Skip(91, SkipReason.ANALYSIS_SKIPPED)


def test_windows_that_retention_has_dropped_are_skipped() -> None:
    one = feed(retention_s=3.0)
    one.newest = False
    one.stored_hops = 100
    assert one.opened(0, 5_000_000) == Skip(20, SkipReason.ANALYSIS_SKIPPED)
    assert one.opened(50, 5_000_000) is None
    assert one.opened(0, DAY_US) == Skip(91, SkipReason.ANALYSIS_SKIPPED)
    assert one.finished


def test_lag_counts_windows_that_could_be_there() -> None:
    one = feed()
    one.tail = tail(0, 9)
    one.opened(0, 0)
    assert one.lag_s == 0
    one.tail = tail(0, 30)
    assert one.lag_s == pytest.approx(2.1)
    one.acknowledged(21)
    assert one.lag_s == 0
    assert one.finished


def test_late_windows_follow_their_empty_ones_and_are_known_stored_by_a_later_answer() -> None:
    one = feed()
    one.tail = tail(0, 15)
    one.stored_hops = 15  # they are read from the store
    one.opened(0, 0)
    one.refilled(RangeSet([(3, 5), (12, 14)]))
    assert one.wanted_late() is None  # nothing was sent yet
    sent(one)
    assert one.wanted_late() == 3
    one.loaded_late(3, [HopRun(3, 13, (b"x" * 400,) * 10)])
    run = one.next_late()
    assert run is not None
    assert (run.first, run.end) == (3, 13)
    assert one.acknowledged(6) is None  # windows 0 to 5 were sent before
    one.tail.append_full(15, b"x" * 400)
    sent(one)
    assert one.acknowledged(7) == RangeSet([(3, 4)])
    assert one.wanted_late() == 4


def test_late_windows_without_an_answer_are_sent_again_on_the_next_call() -> None:
    one = feed()
    one.stored_hops = 20
    one.acked_window = 11
    one.opened(11, 0)
    one.cursor = 20
    one.refilled(RangeSet([(3, 4)]))
    one.loaded_late(3, [HopRun(3, 13, (b"x" * 400,) * 10)])
    assert one.next_late() is not None
    assert not one.finished
    one.reset()
    assert list(one.late) == [IndexRange(3, 4)]


def test_late_windows_of_a_time_without_analysis_are_not_sent() -> None:
    one = feed(from_index=1_000)
    assert one.refilled(RangeSet([(5, 12)])) == RangeSet([(5, 10)])
    assert list(one.late) == [IndexRange(10, 12)]
