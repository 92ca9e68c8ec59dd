"""The hops of one (sensor, epoch) on one stream: put in order, pushed one by one, cut into windows.

Pure: bytes go in, completed windows come out. What comes out depends on the hops alone, not on how
they were grouped into runs, sent again, or interleaved with other sensors.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from kurto_analyzer.encoding import decode_planar
from kurto_analyzer.exceptions import HopJump, InvalidField
from kurto_analyzer.hop_runs import CompletedWindow, HopRun, check_run, skip_reason
from kurto_analyzer.long_windows.history import SampleHistory
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp import FeaturePlan, SensorRing, WindowBatch
from kurto_dsp.arrays import Float32Array

__all__ = ["WindowTrack"]


_MAX_SPEED_HZ = 1e6  # no shaft turns faster; NaN is not below it either
_LARGEST_STORED = 1e30  # float32 holds a little more


@dataclass(slots=True)
class _Pending:
    """A run with the part of it that is done."""

    run: HopRun
    done: int
    samples: Float32Array | None = None


@dataclass(frozen=True, slots=True)
class _Skip:
    window_index: int
    reason: int


class WindowTrack:
    """Order and state of one sensor's hops.

    Parameters
    ----------
    spec : SensorSpec
        What the sensor declared.
    plan : FeaturePlan
        Shared by all sensors of its rate and geometry.
    next_window : int
        The first window to analyse.
    history : SampleHistory
        Keeps the hops for long windows.
    """

    def __init__(
        self, spec: SensorSpec, plan: FeaturePlan, next_window: int, history: SampleHistory
    ) -> None:
        self.plan = plan
        self.history = history
        self._spec = spec
        self._ring = self._new_ring(next_window)
        self._expected_hop = next_window  # of what arrives; the ring knows what is processed
        self._next_window = next_window
        self._pending: deque[_Pending | _Skip | SensorSpec] = deque()
        self._last_empty: dict[int, int] = {}  # newest hop, by reason
        self._speed: tuple[int, float] | None = None  # newest hop with one, and it
        self._load = math.nan  # at the end of the newest hop

    @property
    def spec(self) -> SensorSpec:
        """Configuration of the windows completed now."""
        return self._spec

    @property
    def next_window(self) -> int:
        """Every window below it has been completed or skipped."""
        return self._next_window

    @property
    def has_pending(self) -> bool:
        """Whether `step` has something to do."""
        return bool(self._pending)

    def newest_samples(self) -> tuple[int, Float32Array] | None:
        """Return index and samples of the newest window, or None when there is none.

        Returns
        -------
        int, Float32Array [shape=(channels, window_samples)]
        """
        index = self._ring.window_index
        if index is None or self._ring.has_gap:
            return None
        return index, self._ring.window()

    def accept(self, run: HopRun) -> int:
        """Queue a run and return how many of its hops were duplicates.

        Raises
        ------
        InvalidField, ByteCountMismatch, HopJump
            When the run contradicts the announcement or leaves hops out. Nothing is queued then.
        """
        check_run(run, self._spec)
        if run.late:
            # A window that is not complete yet will be computed in its turn, from the same log.
            if run.first_hop >= self._arrived_window:
                return run.hop_count
            self._pending.append(_Pending(run, 0))
            return 0
        if run.first_hop > self._expected_hop:
            raise HopJump(
                sensor_id=self._spec.sensor_id,
                hop_index=run.first_hop,
                expected=self._expected_hop,
                field="hop_index",
            )
        duplicates = min(self._expected_hop - run.first_hop, run.hop_count)
        if duplicates < run.hop_count:
            self._pending.append(_Pending(run, duplicates))
            self._expected_hop = run.first_hop + run.hop_count
        return duplicates

    def accept_skip(self, window_index: int, reason: int) -> None:
        """Queue a jump: windows below `window_index` that are not complete will never be.

        Raises
        ------
        InvalidField
            When no window can have that number.
        """
        if window_index <= self._arrived_window:
            return
        if not self._spec.holds_hop(window_index):
            raise InvalidField(
                f"Window {window_index} of {self._spec.sensor_id} is too far ahead: its time is "
                "past 2199.",
                field="next_window_index",
                sensor_id=self._spec.sensor_id,
            )
        self._pending.append(_Skip(window_index, skip_reason(reason)))
        self._expected_hop = max(self._expected_hop, window_index)

    def accept_configuration(self, spec: SensorSpec) -> None:
        """Queue a new version of the configuration; its samples must be of the same kind."""
        self._pending.append(spec)

    def discard(self) -> int:
        """Drop what is pending and return what it cost."""
        dropped = sum(i.run.cost for i in self._pending if isinstance(i, _Pending))
        self._pending.clear()
        return dropped

    def step(self, batch: WindowBatch) -> tuple[CompletedWindow | None, int]:
        """Process one hop, late window, skip or configuration.

        Parameters
        ----------
        batch : WindowBatch
            Of this track's plan; a completed window with values is added to it.

        Returns
        -------
        CompletedWindow or None
            What was completed.
        int
            Cost of what is no longer pending, in bytes.
        """
        item = self._pending[0]
        if isinstance(item, _Pending):
            return self._step_run(item, batch)
        self._pending.popleft()
        if isinstance(item, _Skip):
            return self._skip(item), 0
        self._spec = item
        self.history.configure(item)
        limits = [np.inf if limit is None else limit for limit in item.full_scales]
        self._ring.full_scale = np.array(limits)
        return None, 0

    @property
    def _arrived_window(self) -> int:
        """Every window below it is complete or skipped once all that arrived is processed."""
        complete = self._expected_hop - self._spec.geometry.window_hops + 1
        skipped = max((i.window_index for i in self._pending if isinstance(i, _Skip)), default=0)
        return max(self._next_window, complete, skipped)

    def _step_run(self, item: _Pending, batch: WindowBatch) -> tuple[CompletedWindow | None, int]:
        run = item.run
        if item.samples is None and not run.empty_reason:
            item.samples = decode_planar(
                run.planar,
                encoding=self._spec.encoding,
                scales=self._spec.scales,
                channel_count=len(self._spec.channels),
            )
        if run.late:
            self._pending.popleft()
            return self._late(item, batch), run.cost
        completed = self._push(item, run.first_hop + item.done, batch)
        item.done += 1
        if item.done < run.hop_count:
            return completed, 0
        self._pending.popleft()
        if item.samples is None:
            self.history.interrupt(run.first_hop + run.hop_count)
        else:
            self.history.append(run)
        return completed, run.cost

    def _push(self, item: _Pending, hop: int, batch: WindowBatch) -> CompletedWindow | None:
        if item.samples is None:
            self._ring.push_gap(hop)
            self._load = math.nan
            self._last_empty[item.run.empty_reason] = hop
        else:
            self._ring.push(hop, self._hop(item.samples, item.done))
            self._note_state(item.run, item.done)
        window = self._ring.window_index
        if window is None or window < self._next_window:
            return None
        self._next_window = window + 1
        reason = self._empty_reason(window)
        if not reason:
            batch.add(self._ring)
        return CompletedWindow(
            self._spec, window, reason, shaft_speed_hz=self._speed_in(window), load=self._load
        )

    def _note_state(self, run: HopRun, number: int) -> None:
        self._load = _stored(run.loads[number]) if run.loads else math.nan
        if run.shaft_speeds_hz and run.shaft_speeds_hz[number] < _MAX_SPEED_HZ:
            self._speed = run.first_hop + number, _stored(run.shaft_speeds_hz[number])

    def _speed_in(self, window: int) -> float:
        return math.nan if self._speed is None or self._speed[0] < window else self._speed[1]

    def _empty_reason(self, window: int) -> int:
        """Of several reasons the one that a refill cannot take away."""
        return max((r for r, hop in self._last_empty.items() if hop >= window), default=0)

    def _late(self, item: _Pending, batch: WindowBatch) -> CompletedWindow:
        run = item.run
        ring = self._new_ring(run.first_hop)
        assert item.samples is not None
        for number in range(run.hop_count):
            ring.push(run.first_hop + number, self._hop(item.samples, number))
        batch.add(ring)
        known = [speed for speed in run.shaft_speeds_hz if speed < _MAX_SPEED_HZ]
        speed_hz = _stored(known[-1]) if known else math.nan
        load = _stored(run.loads[-1]) if run.loads else math.nan
        return CompletedWindow(
            self._spec, run.first_hop, late=True, shaft_speed_hz=speed_hz, load=load
        )

    def _skip(self, skip: _Skip) -> CompletedWindow | None:
        if skip.window_index <= self._next_window:
            return None
        self._next_window = skip.window_index
        if skip.window_index > self._ring.next_hop:
            self._ring.reset(skip.window_index)
            self.history.interrupt(skip.window_index)
        # One empty frame, of the last window skipped, tells the readers where and why.
        return CompletedWindow(self._spec, skip.window_index - 1, skip.reason)

    def _hop(self, samples: Float32Array, number: int) -> Float32Array:
        length = self._spec.geometry.hop_samples
        return samples[:, number * length : (number + 1) * length]

    def _new_ring(self, first_hop: int) -> SensorRing:
        return SensorRing(
            channel_count=len(self._spec.channels),
            geometry=self.plan.geometry,
            units=self._spec.units,
            full_scale=self._spec.full_scales,
            first_hop=first_hop,
        )


def _stored(value: float) -> float:
    """Round as the store does, so that a window says the same live and when it is read again."""
    if abs(value) > _LARGEST_STORED:
        return math.nan
    return float(np.float32(value))
