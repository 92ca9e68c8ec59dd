"""The sample rate as measured at arrival."""

from __future__ import annotations

import pytest

from kurto_ingest.pushing.rate_meter import RateMeter


def test_batches_do_not_blur_the_rate() -> None:
    meter = RateMeter()
    for second in range(6):
        # Batches of 0.1 s; the reading comes at some moment between two of them.
        batches = 10 * second + second % 3
        meter.read(0.1 * batches, 2560 * batches)
    assert meter.rate_hz == pytest.approx(25_600.0)


def test_nothing_is_no_rate() -> None:
    meter = RateMeter()
    assert meter.rate_hz == 0.0
    meter.read(1.0, 100)
    assert meter.rate_hz == 0.0


def test_the_rate_ends_when_samples_end() -> None:
    meter = RateMeter(span=5)
    meter.read(1.0, 100)
    for _ in range(6):
        meter.read(2.0, 200)
    assert meter.rate_hz == 0.0
