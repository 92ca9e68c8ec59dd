"""Where an epoch begins by the service's clock, whatever the sender's shows."""

import pytest

from kurto_ingest.exceptions import InvalidField
from kurto_ingest.pushing.stream_validation import start_by_our_clock

NOW = 1_800_000_000_000_000
HOUR = 3_600_000_000


def test_a_recording_brings_its_own_time() -> None:
    start_us = start_by_our_clock(NOW - HOUR, clock_us=NOW + 5, now_us=NOW, backfill=False)
    assert start_us == NOW - HOUR


@pytest.mark.parametrize("wrong_us", [HOUR, -HOUR])
def test_a_buffer_is_timed_by_the_senders_clock(wrong_us: int) -> None:
    start_us = start_by_our_clock(
        NOW + wrong_us - 7, clock_us=NOW + wrong_us, now_us=NOW, backfill=True
    )
    assert start_us == NOW - 7


def test_a_live_epoch_that_began_offline_under_a_clock_that_runs_ahead() -> None:
    start_us = start_by_our_clock(NOW + HOUR - 7, clock_us=NOW + HOUR, now_us=NOW, backfill=False)
    assert start_us == NOW - 7


@pytest.mark.parametrize("clock_us", [None, NOW])
def test_a_start_in_everybodys_future_is_refused(clock_us: int | None) -> None:
    with pytest.raises(InvalidField, match="sender_time"):
        start_by_our_clock(NOW + HOUR, clock_us=clock_us, now_us=NOW, backfill=False)


def test_clocks_that_nearly_agree_are_left_alone() -> None:
    start_us = start_by_our_clock(NOW - HOUR, clock_us=NOW - 3_000, now_us=NOW, backfill=True)
    assert start_us == NOW - HOUR


def test_live_samples_have_no_start() -> None:
    assert start_by_our_clock(None, clock_us=NOW, now_us=NOW, backfill=True) is None
