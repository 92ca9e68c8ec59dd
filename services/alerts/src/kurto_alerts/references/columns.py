"""Derived columns of one layout of frames: against a baseline, and among the zones of ISO."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from kurto_alerts.frames import Frame, Layout
from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.derived import needs_track
from kurto_alerts.rules import Measure, Rule
from kurto_dsp.catalogue import feature_names
from kurto_dsp.condition import (
    Baseline,
    ReferenceLayout,
    VibrationQuantity,
    ZoneTable,
    align,
    log_levels,
    zone_place,
)
from kurto_dsp.condition.log_levels import is_acceleration_level, positive_features
from kurto_dsp.condition.window_columns import EVIDENCE_FEATURES

_LEVELS = tuple(name for name in feature_names() if is_acceleration_level(name))
_ZONE_FEATURES = tuple(f"{quantity.value}_rms" for quantity in VibrationQuantity)
_SECONDS_A_MINUTE = 60.0


def needed_features(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the features of frames that rules with references need beside those they name."""
    names: set[str] = set()
    for rule in rules:
        if rule.disabled or not needs_track(rule):
            continue
        names.update(EVIDENCE_FEATURES)
        if rule.measure is Measure.ACCELERATION_GROWTH:
            names.update(_LEVELS)
        elif rule.measure is Measure.ISO_ZONE:
            names.update(_ZONE_FEATURES)
    return frozenset(names)


class BaselineColumns:
    """Fills the columns that compare with a baseline.

    Parameters
    ----------
    layout : Layout
        Rows and columns of the frames.
    rules : sequence of Rule
        One a derived column.
    """

    def __init__(self, layout: Layout, rules: Sequence[Rule]) -> None:
        self._rules = rules
        growth = any(rule.measure is Measure.ACCELERATION_GROWTH for rule in rules)
        named = {rule.feature for rule in rules}
        features = tuple(
            name
            for name in positive_features(layout.features)
            if name in named or (growth and is_acceleration_level(name))
        )
        self._layout = ReferenceLayout(layout.channels, layout.units, features)
        self._columns = [layout.features.index(name) for name in features]
        self._levels = [at for at, name in enumerate(features) if is_acceleration_level(name)]
        self._baseline_id: int | None = None
        self._baseline: Baseline | None = None

    def fill(
        self,
        derived: NDArray[np.float64],
        frame: Frame,
        values: NDArray[np.float32],
        version: BaselineVersion,
    ) -> None:
        """Write what a frame is against a baseline.

        Parameters
        ----------
        derived : NDArray[np.float64]
            Shape (channels, rules), written to; left alone where the baseline knows nothing.
        frame : Frame
            Says at which speed and load it was.
        values : NDArray[np.float32]
            Shape (channels, features): its features.
        version : BaselineVersion
            The baseline that holds.
        """
        if self._baseline is None or self._baseline_id != version.baseline_id:
            self._baseline = align(version.baseline, self._layout)
            self._baseline_id = version.baseline_id
        place = self._baseline.cuts.bin_of(speed_hz=frame.shaft_speed_hz, load=frame.load)
        levels = self._baseline.levels(place)
        if levels is None or not self._columns:
            return
        compared = levels.compare(log_levels(values[:, self._columns]))
        for column, rule in enumerate(self._rules):
            if rule.measure is Measure.ACCELERATION_GROWTH:
                grown = compared.factor[:, self._levels]
                derived[:, column] = np.fmax.reduce(grown, axis=1, initial=np.nan)
            elif rule.feature in self._layout.features:
                at = self._layout.features.index(rule.feature)
                if rule.measure is Measure.BASELINE_RATIO:
                    derived[:, column] = compared.factor[:, at]
                elif rule.measure is Measure.BASELINE_Z_SCORE:
                    derived[:, column] = compared.z[:, at]


class ZoneColumns:
    """Tells the place of each channel among the zones of a table.

    Parameters
    ----------
    layout : Layout
        Rows and columns of the frames.
    table : ZoneTable
        Limits of the sensor's machine class.
    """

    def __init__(self, layout: Layout, table: ZoneTable) -> None:
        self._speeds_rpm = table.speed_range_rpm
        self._graded = [
            (layout.features.index(f"{quantity.value}_rms"), boundaries)
            for quantity in VibrationQuantity
            if (boundaries := table.boundaries(quantity)) is not None
            and f"{quantity.value}_rms" in layout.features
        ]

    def places(self, values: NDArray[np.float32], speed_hz: float) -> NDArray[np.float64]:
        """Return the place of each channel: of velocity and displacement the worse counts.

        Parameters
        ----------
        values : NDArray[np.float32]
            Shape (channels, features).
        speed_hz : float
            Shaft speed; NaN if it isn't known, which refuses nothing.

        Returns
        -------
        NDArray[np.float64]
            Shape (channels,): NaN without a value, and at speeds that the table isn't for.
        """
        worst = np.full(len(values), np.nan)
        slowest, fastest = self._speeds_rpm
        rpm = _SECONDS_A_MINUTE * speed_hz
        if rpm < slowest or rpm > fastest:
            return worst
        for column, boundaries in self._graded:
            worst = np.fmax(worst, zone_place(values[:, column].astype(np.float64), boundaries))
        return worst
