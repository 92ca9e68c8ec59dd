"""Limits of a sender."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SenderOptions:
    """Time and size limits of a sender.

    Parameters
    ----------
    rotate_interval_s : float
        How often a call is half-closed for its acknowledgment, in seconds, ±20 %.
    response_timeout_s : float
        How long an acknowledgment may take after half-closing, in seconds.
    write_timeout_s : float
        How long one write may block, in seconds.
    batch_bytes : int
        Samples of one message, in bytes.
    give_up_after_s : float or None
        Raise when nothing has worked for so long; None: try for ever, the buffer is bounded.
    """

    rotate_interval_s: float = 10.0
    response_timeout_s: float = 5.0
    write_timeout_s: float = 10.0
    batch_bytes: int = 200 * 1024
    give_up_after_s: float | None = None
