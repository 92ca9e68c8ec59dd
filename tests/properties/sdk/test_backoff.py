"""Waiting times."""

from hypothesis import given
from hypothesis import strategies as st

from kurto.backoff import Backoff


@given(st.integers(1, 100))
def test_waits_grow_and_are_bounded(attempts: int) -> None:
    backoff = Backoff(first_s=0.1, longest_s=3.0)
    waits = [backoff.next_s() for _ in range(attempts)]
    assert all(0.05 <= wait <= 3.0 for wait in waits)
    assert all(wait <= 0.1 * 2**k for k, wait in enumerate(waits))
    backoff.reset()
    assert backoff.next_s() <= 0.1


def test_the_service_is_not_undercut() -> None:
    assert Backoff().next_s(at_least_s=7.0) >= 7.0
