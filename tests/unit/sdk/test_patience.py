"""Which failures are waited out, and for how long."""

import grpc
import pytest

from kurto.backfill import SharePace
from kurto.exceptions import CallError
from kurto.patience import Patience

CODE = grpc.StatusCode


def patience(give_up_after_s: float | None = None, *, fresh_tokens: bool = False) -> Patience:
    """Return a patience of bounded waits."""
    return Patience(give_up_after_s=give_up_after_s, longest_wait_s=60.0, fresh_tokens=fresh_tokens)


def failure(
    code: grpc.StatusCode, reason: str = "", retry_after_s: float | None = None
) -> CallError:
    """Return what a failed call raises."""
    return CallError("no", code=code, reason=reason, retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (CODE.UNIMPLEMENTED, ""),
        (CODE.UNAUTHENTICATED, "UNAUTHENTICATED"),
        (CODE.PERMISSION_DENIED, "ROLE_REQUIRED"),
        (CODE.NOT_FOUND, "UNKNOWN_SENSOR"),
        (CODE.INVALID_ARGUMENT, "INVALID_FIELD"),
        (CODE.FAILED_PRECONDITION, "SENSOR_IN_USE"),
    ],
)
def test_what_waiting_does_not_cure_ends_at_once(code: grpc.StatusCode, reason: str) -> None:
    with pytest.raises(CallError):
        patience().wait_s(failure(code, reason), 0.0)


def test_the_service_is_given_the_time_that_it_asks_for_within_a_bound() -> None:
    waits = patience()
    assert waits.wait_s(failure(CODE.RESOURCE_EXHAUSTED, "STORAGE_FULL", 30.0), 0.0) == 30.0
    assert waits.wait_s(failure(CODE.RESOURCE_EXHAUSTED, "OVERLOADED", 3600.0), 0.0) == 60.0
    assert waits.throttle_count == 2
    assert waits.wait_s(failure(CODE.UNAVAILABLE), 0.0) <= 3.0
    assert waits.throttle_count == 2


def test_nothing_works_for_too_long() -> None:
    waits = patience(give_up_after_s=10.0)
    waits.wait_s(failure(CODE.UNAVAILABLE), 5.0)
    waits.wait_s(failure(CODE.UNAVAILABLE), 15.0)
    with pytest.raises(CallError):
        waits.wait_s(failure(CODE.UNAVAILABLE), 15.1)
    waits.opened(20.0)
    waits.wait_s(failure(CODE.UNAVAILABLE), 30.0)


def test_a_fresh_token_gets_a_few_chances() -> None:
    waits = patience(fresh_tokens=True)
    refused = failure(CODE.UNAUTHENTICATED, "UNAUTHENTICATED")
    for _ in range(3):
        waits.wait_s(refused, 0.0)
    with pytest.raises(CallError):
        waits.wait_s(refused, 0.0)
    waits.opened(0.0)
    waits.wait_s(refused, 0.0)


def test_an_upload_keeps_to_its_share_and_saves_none_up() -> None:
    now = 0.0
    live = True
    pace = SharePace(1000.0, lambda: live, lambda: now)
    assert pace.delay_s(0) == 0.0
    assert pace.delay_s(500) == pytest.approx(0.5)
    assert pace.delay_s(500) == pytest.approx(0.5), "asking again costs nothing"
    now = 0.5
    assert pace.delay_s(500) == 0.0
    now = 100.0
    assert pace.delay_s(500) == 0.0
    assert pace.delay_s(1500) == pytest.approx(1.0), "what was not used is lost"
    live = False
    now = 200.0
    assert pace.delay_s(1500) > 0
