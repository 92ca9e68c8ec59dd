"""Times of samples."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from kurto_analyzer.sample_clock import StreamGeometry

GEOMETRY = StreamGeometry(25_600.0, 2560, 10, 1_700_000_000_000_000)


def test_whole_seconds_are_exact_after_years() -> None:
    index = 25_600 * 86_400 * 3650
    assert GEOMETRY.time_us(index) - GEOMETRY.anchor_us == 86_400 * 3650 * 1_000_000


@pytest.mark.parametrize("rate_hz", [100.0, 12_000.0, 48_828.125, 1 / 3 * 1000, 102_400.0])
@pytest.mark.parametrize("index", [0, 1, 12_345, 10**12 + 7])
def test_times_are_rounded_half_up(rate_hz: float, index: int) -> None:
    exact = Fraction(index) * 1_000_000 / Fraction(rate_hz)
    found = replace(GEOMETRY, sample_rate_hz=rate_hz).time_us(index) - GEOMETRY.anchor_us
    assert Fraction(-1, 2) < found - exact <= Fraction(1, 2)


def test_window_bounds() -> None:
    assert GEOMETRY.window_start_us(3) == GEOMETRY.anchor_us + 300_000
    assert GEOMETRY.window_end_us(3) == GEOMETRY.anchor_us + 1_300_000


def test_difference_names_the_field() -> None:
    assert GEOMETRY.difference(GEOMETRY) is None
    assert GEOMETRY.difference(replace(GEOMETRY, hop_samples=1)) == "hop_samples"
    assert GEOMETRY.difference(replace(GEOMETRY, anchor_us=1)) == "anchor_us"


def test_bursts_have_a_clock_of_their_own() -> None:
    bursts = StreamGeometry(25_600.0, 2560, 1, GEOMETRY.anchor_us, burst_interval_us=10_000_000)
    assert bursts.time_us(2560 * 7 + 256) - bursts.anchor_us == 70_010_000
    assert bursts.window_start_us(7) - bursts.anchor_us == 70_000_000
    assert bursts.window_end_us(7) - bursts.anchor_us == 70_100_000
