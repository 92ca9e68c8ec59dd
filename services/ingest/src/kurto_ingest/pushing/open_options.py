"""What a sender says when it opens a stream, beside its declaration."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OpenOptions"]


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """What a sender says beside its declaration; times are microseconds since 1970-01-01T00:00:00Z.

    Attributes
    ----------
    clock_us : int or None
        Its clock now.
    start_us : int or None
        Time of sample 0, for recordings.
    takeover : bool
        True to replace another live sender.
    backfill : bool
        True for samples from a buffer: the sensor is not held.
    """

    clock_us: int | None = None
    start_us: int | None = None
    takeover: bool = False
    backfill: bool = False
