"""Puts frames on the live stream, and goes on without it while it is away."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from kurto_analyzer.exceptions import LiveStreamUnavailable
from kurto_analyzer.frames import Frame, pack_frames
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.ports import LiveFeatures
from kurto_service.clock import Clock

__all__ = ["Publisher"]

_LOG = logging.getLogger(__name__)
_REMEMBERED_SENSORS = 10_000


class Publisher:
    """Publishes the frames of a tick as one message.

    What is not published is not lost: it is committed, and window indexes are dense, so that
    readers see the hole and page it from ListFeatures.

    Parameters
    ----------
    live : LiveFeatures
        Where to.
    clock : Clock
        Tells when to try again.
    metrics : AnalyzerMetrics
        Counts frames.
    retry_s : float
        Seconds without an attempt after a failed one.
    """

    def __init__(
        self, live: LiveFeatures, clock: Clock, metrics: AnalyzerMetrics, *, retry_s: float
    ) -> None:
        self._live = live
        self._clock = clock
        self._metrics = metrics
        self._retry_s = retry_s
        self._retry_at: float | None = None
        self._newest: dict[str, tuple[int, int]] = {}

    @property
    def degraded(self) -> bool:
        """Whether the last attempt failed."""
        return self._retry_at is not None

    async def publish(self, frames: Sequence[Frame]) -> None:
        """Publish frames, all of the same columns; a failure is logged and counted only."""
        if not frames:
            return
        if self._retry_at is not None and self._clock.monotonic() < self._retry_at:
            self._metrics.frames.labels("unpublished").inc(len(frames))
            return
        names = frames[0].layout.feature_names
        batch = pack_frames(frames, names).SerializeToString()
        latest = {
            frame.sensor_id: pack_frames([frame], names).SerializeToString()
            for frame in self._newest_of(frames)
        }
        try:
            await self._live.publish(batch, latest)
        except LiveStreamUnavailable as error:
            self._failed(error, len(frames))
            return
        self._metrics.frames.labels("published").inc(len(frames))
        if self._retry_at is not None:
            self._retry_at = None
            _LOG.info("Live stream is back", extra={"action": "publish_recovered"})

    def _newest_of(self, frames: Sequence[Frame]) -> list[Frame]:
        """Return the newest frame of each sensor, unless a newer one was published before."""
        newest: dict[str, Frame] = {}
        for frame in frames:
            if not frame.late and frame.order >= self._newest.get(frame.sensor_id, (-1, -1)):
                self._newest[frame.sensor_id] = frame.order
                newest[frame.sensor_id] = frame
        while len(self._newest) > _REMEMBERED_SENSORS:
            del self._newest[next(iter(self._newest))]
        return list(newest.values())

    def _failed(self, error: LiveStreamUnavailable, frame_count: int) -> None:
        self._metrics.frames.labels("unpublished").inc(frame_count)
        if self._retry_at is None:
            extra = {"action": "publish_failed", "error": error.message}
            _LOG.warning("Live stream does not take frames; they are committed only", extra=extra)
        self._retry_at = self._clock.monotonic() + self._retry_s
