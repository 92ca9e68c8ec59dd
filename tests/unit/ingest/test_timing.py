"""Sample times do not drift, whatever the rate, and are the same on every resend."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurto_ingest.streams.timing import datetime_from_us, microseconds, span_us


@given(st.integers(0, 10**15), st.floats(100, 102_400))
def test_span_is_the_exact_quotient_rounded(count: int, rate: float) -> None:
    exact = Fraction(count) * 10**6 / Fraction(rate)
    assert abs(Fraction(span_us(count, rate)) - exact) <= Fraction(1, 2)


def test_a_year_at_25600_hz_is_a_year() -> None:
    assert span_us(25600 * 86400 * 365, 25600.0) == 365 * 86400 * 10**6


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_microseconds_and_back(moment: datetime) -> None:
    assert datetime_from_us(microseconds(moment)) == moment
    assert microseconds(moment + timedelta(microseconds=1)) == microseconds(moment) + 1
