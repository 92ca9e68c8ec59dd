"""The newest hops of a sensor, kept for its long windows, and the memory that all share.

Pure. Nothing is taken for a sensor that never sends, and nothing is kept of one at rest.
"""

from __future__ import annotations

import math
from collections import deque

from kurto_analyzer.hop_runs import HopRun
from kurto_analyzer.long_windows.lengths import LongLengths, LongWindowPolicy
from kurto_analyzer.long_windows.stretches import LongWindow, Stretch, pieces
from kurto_analyzer.sensor_spec import SensorSpec

__all__ = ["HistoryRoom", "SampleHistory"]


class HistoryRoom:
    """Bytes that the histories of all sensors may take together.

    Room is reserved for a whole history when its first hop comes, so that as many sensors as fit
    have whole windows; a shared pool of bytes would leave all of them with parts of one.

    Parameters
    ----------
    limit_bytes : int
        All of it.

    Attributes
    ----------
    reserved_bytes : int
        What is reserved.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.reserved_bytes = 0

    def exchange(self, held: int, wanted: int) -> bool:
        """Give `held` bytes back for `wanted` ones; False, and nothing changes, if too few are."""
        if self.reserved_bytes - held + wanted > self.limit_bytes and wanted > held:
            return False
        self.reserved_bytes += wanted - held
        return True


class SampleHistory:
    """The newest hops without a gap between them.

    Parameters
    ----------
    spec : SensorSpec
        What the sensor declared.
    first_hop : int
        The hop that comes first.
    policy : LongWindowPolicy
        How much to keep.
    room : HistoryRoom
        Shared by all sensors.
    """

    def __init__(
        self, spec: SensorSpec, first_hop: int, policy: LongWindowPolicy, room: HistoryRoom
    ) -> None:
        self._spec = spec
        self._policy = policy
        self._room = room
        self._stretches: deque[Stretch] = deque()
        self._reserved_bytes = 0
        self._end_hop = first_hop
        self._measured_hz = math.nan
        self._done_hop = 0
        self._denied = False
        self._seen_hop, self._seen_at_s = first_hop, 0.0
        self._lengths = self._wanted_lengths()

    @property
    def end_hop(self) -> int:
        """The hop that comes next."""
        return self._end_hop

    @property
    def lengths(self) -> LongLengths | None:
        """Lengths as of the newest hop; None for a sensor without long windows."""
        return self._lengths

    @property
    def denied(self) -> bool:
        """Whether nothing is kept because the room of all sensors is taken."""
        return self._denied

    @property
    def held_hops(self) -> int:
        """Hops that are kept, none of them missing."""
        return self._end_hop - self._stretches[0].first_hop if self._stretches else 0

    @property
    def is_due(self) -> bool:
        """Whether a window can be cut out, and the last one was more than the interval ago."""
        if self._lengths is None or not self._stretches:
            return False
        interval = self._lengths.interval_hops
        return self._end_hop // interval != self._done_hop // interval and self._span() is not None

    @property
    def has_news(self) -> bool:
        """Whether a window can be cut out that was not before."""
        span = self._span()
        return span is not None and span[1] > self._done_hop

    @property
    def shortfall(self) -> str:
        """Why there is no long window, and what to do."""
        if self._spec.backfill:
            return "its samples come from a sender's buffer, and only live ones are diagnosed"
        if self._lengths is None:
            seconds = self._policy.shortest_burst_s
            return f"its bursts are shorter than {seconds:g} s: lengthen them"
        if self._denied:
            return "the memory for long windows is taken: raise KURTO_ANALYZER_HISTORY_BYTES"
        geometry = self._spec.geometry
        hop_s = geometry.hop_samples / geometry.sample_rate_hz
        held_s, wanted_s = self.held_hops * hop_s, self._lengths.kept_hops * hop_s
        return f"{held_s:.1f} s without a gap are there, {wanted_s:.1f} s are needed: ask again"

    def append(self, run: HopRun) -> None:
        """Keep hops with samples; they follow what is kept, or overlap it."""
        if self._lengths is None or self._spec.backfill:
            return
        if run.first_hop > self._end_hop:
            self._stretches.clear()
        self._end_hop = max(self._end_hop, run.first_hop + run.hop_count)
        self._note_speed(run)
        if not self._reserve(self._lengths):
            self._stretches.clear()
            return
        grid_hops, channel_count = self._lengths.grid_hops, len(self._spec.channels)
        self._stretches += pieces(run, channel_count=channel_count, most_hops=grid_hops)
        oldest = self._end_hop - self._lengths.kept_hops
        while self._stretches[0].end_hop <= oldest:
            self._stretches.popleft()

    def interrupt(self, next_hop: int) -> None:
        """Begin anew at `next_hop`: hops before it are missing or were skipped."""
        self._end_hop = max(self._end_hop, next_hop)
        self.release()

    def configure(self, spec: SensorSpec) -> None:
        """Go on under another version of the configuration; the samples are of the same kind."""
        self._spec = spec
        self._lengths = self._wanted_lengths()

    def release(self) -> None:
        """Let go of everything that is kept; what comes next is kept again."""
        self._stretches.clear()
        self._room.exchange(self._reserved_bytes, 0)
        self._reserved_bytes = 0
        self._denied = False

    def rest(self, now_s: float, idle_s: float) -> None:
        """Let go of everything when nothing has come for `idle_s`; called every now and then."""
        if self._end_hop != self._seen_hop:
            self._seen_hop, self._seen_at_s = self._end_hop, now_s
        elif self._reserved_bytes and now_s - self._seen_at_s >= idle_s:
            self.release()

    def window(self) -> LongWindow | None:
        """Return the newest long window, or None when too few hops are kept."""
        span = self._span()
        if span is None:
            return None
        first, end = span
        wanted = tuple(s for s in self._stretches if s.end_hop > first and s.first_hop < end)
        return LongWindow(self._spec, first, end, wanted)

    def note_done(self, window: LongWindow) -> None:
        """Take note that a window was cut out: the next is due after the interval."""
        self._done_hop = max(self._done_hop, window.end_hop)

    def _span(self) -> tuple[int, int] | None:
        if self._lengths is None or not self._stretches:
            return None
        end = self._end_hop - self._end_hop % self._lengths.grid_hops
        first = end - self._lengths.window_hops
        return (first, end) if self._stretches[0].first_hop <= first else None

    def _note_speed(self, run: HopRun) -> None:
        speed_hz = next((s for s in reversed(run.shaft_speeds_hz) if 0.0 < s < math.inf), math.nan)
        if speed_hz == self._measured_hz or math.isnan(speed_hz):
            return
        self._measured_hz = speed_hz
        self._lengths = self._wanted_lengths()

    def _wanted_lengths(self) -> LongLengths | None:
        measured_hz = self._measured_hz
        speed_hz = self._spec.nominal_speed_hz if math.isnan(measured_hz) else measured_hz
        return self._policy.lengths(self._spec.geometry, speed_hz)

    def _reserve(self, lengths: LongLengths) -> bool:
        wanted = (lengths.kept_hops + lengths.grid_hops) * self._spec.hop_bytes
        if wanted == self._reserved_bytes:
            return True
        if self._room.exchange(self._reserved_bytes, wanted):
            self._reserved_bytes, self._denied = wanted, False
            return True
        self._room.exchange(self._reserved_bytes, 0)
        self._reserved_bytes, self._denied = 0, True
        return False
