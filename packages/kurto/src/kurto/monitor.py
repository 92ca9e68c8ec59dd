"""Watches a stream: how it fares, and why samples are not durable."""

from __future__ import annotations

from kurto.backfill import Backfill
from kurto.exceptions import BufferFullError, NotDurableError
from kurto.progress import Progress, StreamState
from kurto.sample_buffer import SampleBuffer
from kurto.sender import Sender

_CATCHING_UP_S = 2.0


class StreamMonitor:
    """Says how a stream fares.

    Parameters
    ----------
    sender : Sender
        Sends the live samples.
    buffer : SampleBuffer
        Holds them.
    backfill : Backfill or None
        Uploads what earlier runs left.
    sample_rate_hz : float > 0
        Nominal sample rate in Hz.
    """

    def __init__(
        self,
        sender: Sender,
        buffer: SampleBuffer,
        backfill: Backfill | None,
        sample_rate_hz: float,
    ) -> None:
        self._sender = sender
        self._buffer = buffer
        self._backfill = backfill
        self._sample_rate_hz = sample_rate_hz

    def progress(self, *, running: bool) -> Progress:
        """Return how the stream fares now."""
        sender, buffered = self._sender, self._buffer.sample_count
        errors = [sender.last_error, self._backfill.last_error if self._backfill else None]
        return Progress(
            state=live_state(sender, self._buffer, self._sample_rate_hz) if running else "ended",
            epoch=sender.epoch,
            next_index=self._buffer.end_index,
            durable_index=sender.durable_index,
            buffered_sample_count=buffered,
            buffered_s=buffered / self._sample_rate_hz,
            dropped_sample_count=self._buffer.dropped_sample_count,
            reconnect_count=sender.reconnect_count,
            throttle_count=sender.throttle_count,
            last_error=next((str(error) for error in errors if error is not None), ""),
            disk=self._buffer.disk,
        )

    def not_durable(self, end_index: int, timeout_s: float, *, lost: bool) -> NotDurableError:
        """Return the error for samples that were not acknowledged in time."""
        fate = "stay so: wait longer"
        if lost:
            fate = (
                "are lost: give open_sensor a longer close_timeout_s, or a buffer_directory, "
                "which keeps them for the next run"
            )
        return NotDurableError(
            f"samples up to index {end_index} were not acknowledged within {timeout_s:g} s"
            f"{self._because()}; durable up to {self._sender.durable_index}, "
            f"{self._buffer.sample_count} are buffered and {fate}"
        )

    def buffer_full(self) -> BufferFullError:
        """Return the error for samples that do not fit."""
        return BufferFullError(
            f"the buffer is full of samples that are not acknowledged{self._because()}; push them "
            "again later, or give open_sensor a larger buffer_s or a buffer_directory"
        )

    def _because(self) -> str:
        error = self._sender.unmended
        return "" if error is None else f" ({error})"


def live_state(sender: Sender, buffer: SampleBuffer, sample_rate_hz: float) -> StreamState:
    """Return the state of a stream whose sender runs; see :class:`kurto.Progress`."""
    if not sender.connected:
        return "offline" if sender.last_error else "connecting"
    behind = buffer.end_index - sender.writer.cursor
    return "catching_up" if behind > _CATCHING_UP_S * sample_rate_hz else "live"
