"""Compares the frames of one sensor with its references, window by window."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_alerts.frames import Frame, Layout, SensorProfile
from kurto_alerts.references.baselines import BaselineVersion, baseline_at
from kurto_alerts.references.columns import BaselineColumns, ZoneColumns
from kurto_alerts.references.derived import Derived, derived_name, needs_track
from kurto_alerts.references.machine_classes import zone_table
from kurto_alerts.rules import Measure, Rule
from kurto_dsp.condition import (
    COUNTED_WINDOW_RULES,
    OperatingState,
    OperatingStateMachine,
    WindowColumns,
    is_counted,
)

_FLAT = 1 << (QualityFlag.QUALITY_FLAG_FLAT - 1)


class SensorTrack:
    """Implements `ReferenceTrack`.

    What the machine is doing is judged once a second or burst, on windows that share no sample,
    exactly as the analyzer judges it for baselines. All values are null unless it runs: a machine
    that stands still has not shrunk, and one that starts has not grown.

    Parameters
    ----------
    profile : SensorProfile or None
        Machine class and speed by the nameplate, if the registry has named the sensor.
    rules : iterable of Rule
        Those that select the sensor.
    baselines : sequence of BaselineVersion
        All that are known of the sensor, also those that are added later; each holds for the
        windows of its time.
    """

    def __init__(
        self,
        profile: SensorProfile | None,
        rules: Iterable[Rule],
        baselines: Sequence[BaselineVersion] = (),
    ) -> None:
        wanted = {name: rule for rule in rules if (name := derived_name(rule)) is not None}
        self._rules = [wanted[name] for name in sorted(wanted)]
        self._names = tuple(sorted(wanted))
        self._profile = profile
        self._baselines = baselines
        self._machine = OperatingStateMachine(COUNTED_WINDOW_RULES)
        self._layout: Layout | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of `Derived.values`."""
        return self._names

    def update(self, frame: Frame) -> Derived:
        """Take the next frame, neither empty nor late."""
        assert frame.layout is not None
        assert frame.values is not None
        if frame.layout is not self._layout:
            self._lay_out(frame.layout)
        values = frame.values.reshape(len(frame.layout.channels), -1)
        if is_counted(frame.first_index, frame.sample_count):
            flat = [bool(mask & _FLAT) for mask in frame.quality]
            self._machine.update(self._evidence.evidence(values, flat))
        derived = np.full((len(values), len(self._names)), np.nan)
        if self._names and self._machine.state is OperatingState.RUNNING:
            self._fill(derived, frame, values)
        return Derived(derived, self._machine.state, frame.shaft_speed_hz)

    def _lay_out(self, layout: Layout) -> None:
        self._layout = layout
        self._evidence = WindowColumns(layout.features, layout.channels, layout.units)
        self._baseline_columns = BaselineColumns(layout, self._rules)
        table = zone_table(self._profile.machine_class) if self._profile is not None else None
        self._zone_columns = None if table is None else ZoneColumns(layout, table)

    def _fill(
        self, derived: NDArray[np.float64], frame: Frame, values: NDArray[np.float32]
    ) -> None:
        version = baseline_at(self._baselines, frame.start_us)
        if version is not None:
            self._baseline_columns.fill(derived, frame, values, version)
        if self._zone_columns is not None:
            for column, rule in enumerate(self._rules):
                if rule.measure is Measure.ISO_ZONE:
                    derived[:, column] = self._zone_columns.places(values, self._speed_hz(frame))

    def _speed_hz(self, frame: Frame) -> float:
        """Return the speed that was measured, else that of the nameplate; NaN for neither."""
        if frame.shaft_speed_hz > 0.0:
            return frame.shaft_speed_hz
        nominal = None if self._profile is None else self._profile.nominal_speed_hz
        return math.nan if nominal is None else nominal

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, for JSON; the baselines apart."""
        return {"operating": self._machine.memory()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken."""
        self._machine.restore(state["operating"])


def make_track(
    profile: SensorProfile | None, rules: Iterable[Rule], baselines: Sequence[BaselineVersion] = ()
) -> SensorTrack | None:
    """Return the track of a sensor that these rules select, None if no rule needs one."""
    needing = [rule for rule in rules if not rule.disabled and needs_track(rule)]
    return SensorTrack(profile, needing, baselines) if needing else None
