"""Sample times in integer arithmetic, so that they are the same on every resend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["datetime_from_us", "microseconds", "span_us"]

_US_PER_S = 1_000_000
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def span_us(sample_count: int, sample_rate_hz: float) -> int:
    """Return how long `sample_count` samples take, in microseconds, rounded half up.

    Examples
    --------
    >>> span_us(25600 * 86400 * 365, 25600.0)
    31536000000000
    """
    numerator, denominator = sample_rate_hz.as_integer_ratio()
    return (2 * sample_count * _US_PER_S * denominator + numerator) // (2 * numerator)


def microseconds(moment: datetime) -> int:
    """Return an aware `moment` as microseconds since 1970-01-01T00:00:00Z."""
    return (moment - _ORIGIN) // _US


def datetime_from_us(time_us: int) -> datetime:
    """Return microseconds since 1970-01-01T00:00:00Z as an aware datetime in UTC."""
    return _ORIGIN + timedelta(microseconds=time_us)
