"""Running, stopped, starting or coasting down, told from level and spectrum without a tacho.

A state machine over windows: what it says depends on the windows alone, in their order, and times
are counts of windows. It is built to fail towards *running*: a machine that only shakes more
is never taken for one that starts, because that would silence its alarms.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kurto_dsp.exceptions import ParameterError


class OperatingState(StrEnum):
    """What a machine is doing."""

    UNKNOWN = "unknown"
    """Too few windows so far, or none for long."""
    STOPPED = "stopped"
    """Nothing but the sensor's noise, or what comes through the floor."""
    START_UP = "start_up"
    """Level or spectrum still move after a stop."""
    RUNNING = "running"
    """In operation: the only state that baselines learn from."""
    COAST_DOWN = "coast_down"
    """The level falls towards a stop."""


@dataclass(frozen=True, slots=True)
class OperatingEvidence:
    """What one window says.

    Parameters
    ----------
    rms_mps2 : float
        RMS acceleration in m/s², of the channel with the largest; NaN when the window is null.
    centroid_hz : float
        Spectral centroid of that channel; NaN when it has none.
    flatness : float
        Spectral flatness of that channel, 0 to 1 (0.56 for white noise); NaN when unknown.
    """

    rms_mps2: float
    centroid_hz: float = math.nan
    flatness: float = math.nan


@dataclass(frozen=True, slots=True)
class OperatingRules:
    """Thresholds and counts of windows.

    The counts suit windows of one second every 0.1 s; a burst sensor wants fewer.

    Parameters
    ----------
    stopped_rms_mps2 : float > 0
        At or below it a machine is stopped, whatever its spectrum (2 mg by default).
    noise_rms_mps2 : float
        Up to this level a spectrum as flat as `noise_flatness` is the sensor's own noise.
    noise_flatness : float
        Flatness of a spectrum without lines.
    stopped_fraction : float
        Part of its running level below which a machine has stopped.
    restart_ratio : float > 1
        Times the level at rest above which a stopped machine starts.
    level_movement, centroid_movement : float > 0
        Change between two halves of the last `trend_windows`, in neper, that is still a movement.
    trend_windows : int >= 4
        Windows over which movement is judged.
    confirm_windows : int >= 1
        Windows in a row that a stop, a start or a first state takes.
    max_transient_windows : int
        After so many windows of starting or coasting down without a stop it counts as running.
    forget_windows : int
        Null windows in a row after which nothing is known any more.
    """

    stopped_rms_mps2: float = 0.02
    noise_rms_mps2: float = 0.3
    noise_flatness: float = 0.45
    stopped_fraction: float = 0.1
    restart_ratio: float = 3.0
    level_movement: float = 0.15
    centroid_movement: float = 0.15
    trend_windows: int = 50
    confirm_windows: int = 5
    max_transient_windows: int = 1200
    forget_windows: int = 100

    def __post_init__(self) -> None:
        if self.trend_windows < 4 or self.confirm_windows < 1:
            raise ParameterError(
                "trend_windows must be at least 4 and confirm_windows at least 1, "
                f"got {self.trend_windows} and {self.confirm_windows}"
            )
        if not 0.0 < self.stopped_fraction < 1.0 < self.restart_ratio:
            raise ParameterError(
                "stopped_fraction must lie between 0 and 1 and restart_ratio above 1, "
                f"got {self.stopped_fraction} and {self.restart_ratio}"
            )


_LEVEL_MEMORY = 0.01
"""Weight of one window in the level at rest or in operation: about ten seconds of windows."""

_LEAST_RMS = 1e-9  # m/s², for the logarithm

_FALL_FACTOR = 2.0
"""A fall counts as coasting down when it is so many times the movement that ends a start-up."""


class OperatingStateMachine:
    """Tells the state of one machine, window by window.

    Parameters
    ----------
    rules : OperatingRules, optional

    Examples
    --------
    >>> machine = OperatingStateMachine()
    >>> for _ in range(20):
    ...     state = machine.update(OperatingEvidence(1.5, 900.0, 0.05))
    >>> state
    <OperatingState.RUNNING: 'running'>
    """

    def __init__(self, rules: OperatingRules | None = None) -> None:
        self._rules = rules or OperatingRules()
        self.reset()

    @property
    def state(self) -> OperatingState:
        """The state after the last window."""
        return self._state

    def reset(self) -> None:
        """Forget everything, such as the running level after a repair."""
        self._state = OperatingState.UNKNOWN
        self._levels: deque[float] = deque(maxlen=self._rules.trend_windows)
        self._centroids: deque[float] = deque(maxlen=self._rules.trend_windows)
        self._running_level: float | None = None
        self._rest_level: float | None = None
        self._candidate, self._agreeing = False, 0
        self._windows_in_state = 0
        self._null_windows = 0

    def memory(self) -> dict[str, Any]:
        """Return everything that `restore` needs, for JSON; every number comes back exactly."""
        return {
            "state": self._state.value,
            "levels": list(self._levels),
            "centroids": [None if math.isnan(one) else one for one in self._centroids],
            "running_level": self._running_level,
            "rest_level": self._rest_level,
            "agreeing": [self._candidate, self._agreeing],
            "windows_in_state": self._windows_in_state,
            "null_windows": self._null_windows,
        }

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Continue where `memory` was taken, under the same rules."""
        self.reset()
        self._state = OperatingState(memory["state"])
        self._levels.extend(memory["levels"])
        self._centroids.extend(math.nan if one is None else one for one in memory["centroids"])
        self._running_level = memory["running_level"]
        self._rest_level = memory["rest_level"]
        self._candidate, self._agreeing = memory["agreeing"]
        self._windows_in_state = memory["windows_in_state"]
        self._null_windows = memory["null_windows"]

    def update(self, window: OperatingEvidence) -> OperatingState:
        """Return the state after one more window.

        Parameters
        ----------
        window : OperatingEvidence
            Null windows change nothing until there are `forget_windows` in a row.
        """
        if not (math.isfinite(window.rms_mps2) and window.rms_mps2 >= 0.0):
            self._null_windows += 1
            if self._null_windows >= self._rules.forget_windows:
                self.reset()
            return self._state
        self._null_windows = 0
        quiet = self._is_quiet(window)
        self._agreeing = self._agreeing + 1 if quiet is self._candidate else 1
        self._candidate = quiet
        self._windows_in_state += 1
        self._levels.append(math.log(max(window.rms_mps2, _LEAST_RMS)))
        self._centroids.append(
            math.log(window.centroid_hz) if window.centroid_hz > 0.0 else math.nan
        )
        self._step(quiet)
        self._learn(math.log(max(window.rms_mps2, _LEAST_RMS)))
        return self._state

    def _is_quiet(self, window: OperatingEvidence) -> bool:
        rules, rms = self._rules, window.rms_mps2
        if rms <= rules.stopped_rms_mps2:
            return True
        if rms <= rules.noise_rms_mps2 and window.flatness >= rules.noise_flatness:
            return True
        level = math.log(rms)
        if self._state is OperatingState.STOPPED:
            # Judged by the level at rest, so that a machine repaired to run more quietly than a
            # tenth of its old level is seen to run.
            assert self._rest_level is not None
            return level < self._rest_level + math.log(rules.restart_ratio)
        if self._running_level is None:
            return False
        return level <= self._running_level + math.log(rules.stopped_fraction)

    def _step(self, quiet: bool) -> None:
        confirmed = self._agreeing >= self._rules.confirm_windows
        if confirmed and quiet and self._state is not OperatingState.STOPPED:
            self._enter(OperatingState.STOPPED)
            self._rest_level = self._levels[-1]
        elif confirmed and not quiet and self._state is OperatingState.STOPPED:
            self._enter(OperatingState.START_UP)
        elif not quiet:
            self._step_in_motion()

    def _step_in_motion(self) -> None:
        full = len(self._levels) == self._rules.trend_windows
        match self._state:
            case OperatingState.UNKNOWN:
                if self._agreeing >= 2 * self._rules.confirm_windows:
                    starts = self._rise() > self._rules.level_movement
                    self._enter(OperatingState.START_UP if starts else OperatingState.RUNNING)
            case OperatingState.START_UP:
                if self._is_overdue() or (full and not self._moves()):
                    self._enter(OperatingState.RUNNING)
            case OperatingState.RUNNING:
                if full and self._rise() < -_FALL_FACTOR * self._rules.level_movement:
                    self._enter(OperatingState.COAST_DOWN)
            case OperatingState.COAST_DOWN:
                # A level that rises again without a stop is no start: it may be damage.
                risen = self._rise() > self._rules.level_movement
                if self._is_overdue() or (full and (risen or not self._moves())):
                    self._enter(OperatingState.RUNNING)

    def _enter(self, state: OperatingState) -> None:
        self._state = state
        self._windows_in_state = 0
        if state is OperatingState.START_UP:  # it ends after a whole trend without movement
            self._levels.clear()
            self._centroids.clear()

    def _learn(self, level: float) -> None:
        if self._state is OperatingState.STOPPED:
            self._rest_level = _towards(self._rest_level, level)
        elif self._state is OperatingState.RUNNING:
            self._running_level = _towards(self._running_level, level)

    def _is_overdue(self) -> bool:
        return self._windows_in_state >= self._rules.max_transient_windows

    def _rise(self) -> float:
        """Change of the level between two halves of the last windows, in neper."""
        return _change(self._levels)

    def _moves(self) -> bool:
        if abs(self._rise()) > self._rules.level_movement:
            return True
        return abs(_change(self._centroids)) > self._rules.centroid_movement


def _towards(level: float | None, value: float) -> float:
    return value if level is None else level + _LEVEL_MEMORY * (value - level)


def _change(values: deque[float]) -> float:
    """Return the median of the newer half minus that of the older half; 0 without enough values."""
    listed = list(values)
    half = len(listed) // 2
    older = sorted(value for value in listed[:half] if not math.isnan(value))
    newer = sorted(value for value in listed[half:] if not math.isnan(value))
    if not (older and newer):
        return 0.0
    return newer[len(newer) // 2] - older[len(older) // 2]
