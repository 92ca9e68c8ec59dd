"""Limits of a sender."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SenderOptions:
    """Time and size limits of a sender.

    Parameters
    ----------
    rotate_interval_s : float
        How often a call is half-closed for its acknowledgment, in seconds, ±20 %; more often if
        the service wants it so.
    response_timeout_s : float
        How long an acknowledgment may take after half-closing, in seconds.
    write_timeout_s : float
        How long one write may block, in seconds.
    batch_bytes : int
        Samples of one message, in bytes.
    give_up_after_s : float or None
        Raise when nothing has worked for so long; None: try for ever, the buffer is bounded.
    longest_wait_s : float
        Bound of a wait that the service asks for, such as while its disk is full, in seconds.
    offline_after_s : float
        How long opening a sensor with a disk buffer waits for the service before it goes on
        without it, in seconds.
    max_buffer_bytes : int
        Size that a sensor's samples may take in the buffer directory, in bytes.
    sync_interval_s : float
        How often the disk buffer's files are synced: a power loss costs what came since. A crash
        of the program costs nothing.
    backfill_rate : float
        How fast samples of earlier runs are uploaded from the buffer directory, in multiples of
        the sensor's data rate. They wait while the live samples are behind.
    progress_interval_s : float
        How often ``on_progress`` is called at most, changes of the state apart, in seconds.
    """

    rotate_interval_s: float = 10.0
    response_timeout_s: float = 5.0
    write_timeout_s: float = 10.0
    batch_bytes: int = 200 * 1024
    give_up_after_s: float | None = None
    longest_wait_s: float = 60.0
    offline_after_s: float = 2.0
    max_buffer_bytes: int = 1024 * 1024 * 1024
    sync_interval_s: float = 1.0
    backfill_rate: float = 4.0
    progress_interval_s: float = 1.0
