"""Finds what is wrong with data from the quality flags of their frames, counted in windows.

Pure and deterministic: frames in the order of their windows give the same changes, however they
are cut into calls, and whether or not the state was saved and restored in between. Frames without
a problem, of sensors without one, cost one look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_alerts.alert_state import ConditionChange, Withdrawal
from kurto_alerts.data_quality.built_in import Problem
from kurto_alerts.data_quality.decisions import Moment, Place, raised, resolved
from kurto_alerts.frames import Frame, SensorProfile, window_count, window_interval_us

CONFIRMING_WINDOWS = 3
RECOVERY_US = 10_000_000
BIAS_US = 10_000_000


def _bit(flag: QualityFlag) -> int:
    return 1 << (flag - 1)


CLIPPED = _bit(QualityFlag.QUALITY_FLAG_CLIPPED)
FLAT = _bit(QualityFlag.QUALITY_FLAG_FLAT)
NON_FINITE = _bit(QualityFlag.QUALITY_FLAG_NON_FINITE)
BIAS = _bit(QualityFlag.QUALITY_FLAG_BIAS)
_BY_BIT = {
    FLAT: Problem.FLAT,
    NON_FINITE: Problem.NON_FINITE,
    CLIPPED: Problem.CLIPPED,
    BIAS: Problem.BIAS,
}
_ANY = FLAT | NON_FINITE | CLIPPED | BIAS


@dataclass
class _Count:
    """How a problem fares.

    Attributes
    ----------
    bad : int
        Windows in a row with it; those of the last ten seconds for BIAS, one bit a window.
    good : int
        Windows in a row without it.
    alert_id : str
        The open alert; empty for none.
    """

    bad: int = 0
    good: int = 0
    alert_id: str = ""


@dataclass
class _SensorState:
    """Problems of one sensor by (channel, problem), and its windows per second in this epoch."""

    epoch: int = -1
    interval_us: float | None = None
    counts: dict[tuple[str, Problem], _Count] = field(default_factory=dict)


class FrameProblems:
    """Judges the frames of all sensors.

    Parameters
    ----------
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id; looked up at each use.
    """

    def __init__(self, profiles: Mapping[str, SensorProfile]) -> None:
        self._profiles = profiles
        self._states: dict[str, _SensorState] = {}

    @property
    def open_places(self) -> frozenset[Place]:
        """What there are open alerts about."""
        return frozenset(
            Place(sensor_id, channel, problem)
            for sensor_id, state in self._states.items()
            for (channel, problem), count in state.counts.items()
            if count.alert_id
        )

    def take(self, frame: Frame) -> tuple[Frame, list[ConditionChange]]:
        """Judge the next frame of a sensor.

        Returns
        -------
        frame : Frame
            The same with the values of channels that cannot be trusted taken out, which freezes
            their conditions.
        changes : list of ConditionChange
            Alerts raised and resolved.
        """
        state = self._states.get(frame.sensor_id)
        if frame.late or (state is None and not _is_suspect(frame)):
            return frame, []
        if state is None:
            state = self._states[frame.sensor_id] = _SensorState()
        if state.epoch != frame.epoch:
            profile = self._profiles.get(frame.sensor_id)
            state.epoch, state.interval_us = frame.epoch, window_interval_us(frame, profile)
        found = self._found(frame)
        changes: list[ConditionChange] = []
        for at in sorted(state.counts.keys() | found, key=lambda at: (at[0], at[1].value)):
            if at[1] is Problem.GAP or (
                frame.layout is not None and at[0] in frame.layout.channels
            ):
                changes += self._count(frame, state, at, bad=at in found)
        if not state.counts:
            del self._states[frame.sensor_id]
        return _without_untrusted(frame, found), changes

    def _found(self, frame: Frame) -> set[tuple[str, Problem]]:
        """Return the problems of a frame by channel."""
        if frame.layout is None:
            return {("", Problem.GAP)} if frame.gap else set()
        found = {
            (channel, problem)
            for channel, mask in zip(frame.layout.channels, frame.quality, strict=False)
            if mask & _ANY
            for bit, problem in _BY_BIT.items()
            if mask & bit
        }
        if self._is_running(frame):
            return found
        return {at for at in found if at[1] is not Problem.FLAT}

    def _is_running(self, frame: Frame) -> bool:
        """Tell whether the machine is declared, measured or seen to run.

        A flat channel cannot tell it itself: its neighbours on the sensor can, whose noise shows
        that the converter works.
        """
        if frame.shaft_speed_hz > 0:
            return True
        profile = self._profiles.get(frame.sensor_id)
        if profile is not None and profile.nominal_speed_hz is not None:
            return True
        return any(not mask & (FLAT | NON_FINITE) for mask in frame.quality)

    def _count(
        self, frame: Frame, state: _SensorState, at: tuple[str, Problem], *, bad: bool
    ) -> list[ConditionChange]:
        """Count one window and return what came of it."""
        channel, problem = at
        if problem is not Problem.GAP and frame.layout is None:
            return []
        if problem is Problem.GAP and frame.layout is None and not frame.gap:
            return []  # not analysed: nothing is known
        count = state.counts.setdefault(at, _Count())
        value, limit = self._advance(count, problem, state.interval_us, bad=bad)
        place = Place(frame.sensor_id, channel, problem)
        moment = Moment(frame.end_us, frame.epoch, frame.window_index)
        if not count.alert_id and value > limit:
            profile = self._profiles.get(frame.sensor_id)
            machine_id = profile.machine_id if profile else ""
            change = raised(place, moment, value=value, limit=limit, machine_id=machine_id)
            count.alert_id = change.alert_id
            return [change]
        if count.alert_id and count.good >= window_count(RECOVERY_US, state.interval_us):
            change = resolved(place, count.alert_id, moment, value=value, limit=limit)
            del state.counts[at]
            return [change]
        if not count.alert_id and not count.bad:
            del state.counts[at]
        return []

    def _advance(
        self, count: _Count, problem: Problem, interval_us: float | None, *, bad: bool
    ) -> tuple[float, float]:
        """Advance the counts of a problem; return its value, and the limit that is too much."""
        if problem is Problem.BIAS:
            span = window_count(BIAS_US, interval_us)
            count.bad = (count.bad << 1 | bad) & ((1 << span) - 1)
            outside = count.bad.bit_count()
            count.good = 0 if outside > span / 2 else count.good + 1
            return float(outside), span / 2
        count.bad = count.bad + 1 if bad else 0
        count.good = 0 if bad else count.good + 1
        return float(count.bad), CONFIRMING_WINDOWS - 1.0

    def forget(self, sensor_id: str) -> list[Withdrawal]:
        """Withdraw the alerts of a sensor that is not watched any more."""
        state = self._states.pop(sensor_id, _SensorState())
        return [Withdrawal(one.alert_id) for one in state.counts.values() if one.alert_id]

    def state(self, sensor_id: str) -> dict[str, Any]:
        """Return what `restore` needs of a sensor, for JSON; empty if all is well."""
        state = self._states.get(sensor_id)
        if state is None:
            return {}
        counts = [
            # A string, for the bits of a minute of windows are no JSON number.
            [channel, problem.value, str(count.bad), count.good, count.alert_id]
            for (channel, problem), count in sorted(
                state.counts.items(), key=lambda item: (item[0][0], item[0][1].value)
            )
        ]
        return {"epoch": state.epoch, "interval_us": state.interval_us, "counts": counts}

    def restore(
        self, sensor_id: str, document: Mapping[str, Any], open_alerts: Mapping[Place, str]
    ) -> None:
        """Continue where `state` was taken; `open_alerts` are the truth about alerts."""
        state = _SensorState(document.get("epoch", -1), document.get("interval_us"))
        for channel, name, bad, good, alert_id in document.get("counts", ()):
            problem = Problem(name)
            is_open = open_alerts.get(Place(sensor_id, channel, problem)) == alert_id
            if not alert_id or is_open:
                state.counts[channel, problem] = _Count(int(bad), good, alert_id)
        for place, alert_id in open_alerts.items():
            if place.sensor_id == sensor_id:
                at = (place.channel, place.problem)
                state.counts.setdefault(at, _Count()).alert_id = alert_id
        if state.counts:
            self._states[sensor_id] = state


def _is_suspect(frame: Frame) -> bool:
    """Tell whether anything may be wrong with a frame."""
    if frame.layout is None:
        return frame.gap
    return any(mask & _ANY for mask in frame.quality)


def _without_untrusted(frame: Frame, found: set[tuple[str, Problem]]) -> Frame:
    """Return the frame without the values of flat and non-finite channels."""
    bad = {channel for channel, problem in found if problem in (Problem.FLAT, Problem.NON_FINITE)}
    if frame.layout is None or frame.values is None or not bad:
        return frame
    rows = [row for row, channel in enumerate(frame.layout.channels) if channel in bad]
    values = frame.values.reshape(len(frame.layout.channels), -1).copy()
    values[rows] = np.nan
    return replace(frame, values=values.reshape(-1))
