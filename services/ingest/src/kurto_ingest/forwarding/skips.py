"""Windows that are never analysed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Skip", "SkipReason"]


class SkipReason(Enum):
    """Why windows are left out."""

    NOT_MONITORED = "not_monitored"
    ANALYSIS_SKIPPED = "analysis_skipped"


@dataclass(frozen=True, slots=True)
class Skip:
    """A jump over windows: `next_window` is the next to be analysed."""

    next_window: int
    reason: SkipReason
