"""Which failures a sender waits out, how long, and when it gives up."""

from __future__ import annotations

import grpc

from kurto.backoff import Backoff
from kurto.exceptions import CallError

_TOKEN_ATTEMPTS = 3
_THROTTLES = frozenset({"OVERLOADED", "STORAGE_FULL"})


class Patience:
    """Decides what follows a failed call.

    Parameters
    ----------
    give_up_after_s : float or None
        How long nothing may work, in seconds; None: for ever.
    longest_wait_s : float
        Bound of a wait that the service asks for, in seconds.
    fresh_tokens : bool
        Whether a refused token may be followed by a good one.
    """

    def __init__(
        self, *, give_up_after_s: float | None, longest_wait_s: float, fresh_tokens: bool
    ) -> None:
        self._give_up_after_s = give_up_after_s
        self._longest_wait_s = longest_wait_s
        self._token_attempts = _TOKEN_ATTEMPTS if fresh_tokens else 0
        self._refused_tokens = 0
        self._backoff = Backoff()
        self._worked_at: float | None = None
        self.throttle_count = 0

    def opened(self, now_s: float) -> None:
        """Note that the service lets us in."""
        self._worked_at = now_s
        self._refused_tokens = 0

    def acknowledged(self) -> None:
        """Note an acknowledgment: the next failure is the first again."""
        self._backoff.reset()

    def wait_s(self, error: CallError, now_s: float) -> float:
        """Return how long to wait before the next attempt, in seconds.

        Raises
        ------
        CallError
            If waiting does not help, or nothing has worked for too long.
        """
        if self._worked_at is None:
            self._worked_at = now_s
        limit = self._give_up_after_s
        if limit is not None and now_s - self._worked_at > limit:
            raise error
        if not error.retryable and not self._may_refresh(error):
            raise error
        asked_s = error.retry_after_s
        if error.reason in _THROTTLES or error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            self.throttle_count += 1
        return self._backoff.next_s(None if asked_s is None else min(asked_s, self._longest_wait_s))

    def _may_refresh(self, error: CallError) -> bool:
        if error.code is not grpc.StatusCode.UNAUTHENTICATED:
            return False
        self._refused_tokens += 1
        return self._refused_tokens <= self._token_attempts
