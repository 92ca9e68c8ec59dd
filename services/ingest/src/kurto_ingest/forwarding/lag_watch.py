"""Since when a stream has been behind."""

from __future__ import annotations

__all__ = ["LagWatch"]


class LagWatch:
    """How long a stream's windows have been waiting for the analyzer without a break.

    The time that the waiting samples span says little by itself: a recording, or what a sender kept
    while it was cut off, comes much faster than it was taken.
    """

    def __init__(self) -> None:
        self._since_us: int | None = None

    def note(self, now_us: int, *, behind: bool) -> None:
        """Note whether windows wait now; times are microseconds since 1970-01-01T00:00:00Z."""
        if not behind:
            self._since_us = None
        elif self._since_us is None:
            self._since_us = now_us

    def behind_s(self, now_us: int) -> float:
        """Return for how long windows have been waiting, in seconds."""
        return 0.0 if self._since_us is None else (now_us - self._since_us) / 1e6
