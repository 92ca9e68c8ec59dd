"""When and how much is committed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CommitPace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPace:
    """When and how much is committed.

    Attributes
    ----------
    interval_s : float
        Time in which samples of all streams are gathered.
    linger_s : float
        Age at which samples are committed though their block is not complete.
    max_bytes : int
        Most bytes of samples in one transaction.
    retry_first_s, retry_last_s : float
        Shortest and longest wait after a failed commit.
    """

    interval_s: float
    linger_s: float
    max_bytes: int
    retry_first_s: float = 0.1
    retry_last_s: float
