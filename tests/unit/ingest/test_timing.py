"""Sample times do not drift, whatever the rate, and are the same on every resend."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from kurto_ingest.assets.conversion import duration, timestamp
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


@given(st.integers(-(10**15), 10**15))
def test_durations_are_those_of_the_library(span_ns: int) -> None:
    expected = Duration()
    expected.FromNanoseconds(span_ns // 1000 * 1000)
    assert duration(span_ns // 1000 * 1000 / 1e9) == expected


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_timestamps_are_those_of_the_library(moment: datetime) -> None:
    expected = Timestamp()
    expected.FromDatetime(moment)
    assert timestamp(moment) == expected
