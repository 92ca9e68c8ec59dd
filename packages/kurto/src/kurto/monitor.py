"""Watches a stream for its progress."""

from __future__ import annotations

from kurto.backfill import Backfill
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


def live_state(sender: Sender, buffer: SampleBuffer, sample_rate_hz: float) -> StreamState:
    """Return the state of a stream whose sender runs; see :class:`kurto.Progress`."""
    if not sender.connected:
        return "offline" if sender.last_error else "connecting"
    behind = buffer.end_index - sender.writer.cursor
    return "catching_up" if behind > _CATCHING_UP_S * sample_rate_hz else "live"
