"""z of each fault family: its comb against the same comb where no fault can be."""

import math
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.combs import (
    Comb,
    comb_heights,
    family_lines_hz,
    fault_combs,
    slip_grid,
)
from kurto_dsp.diagnosis.results import ShaftSpeed, SpeedSource
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum

NULL_RANGE = 2.0
"""Null bases lie between the family's base over and times this."""

LEAST_NULLS = 8
"""Fewest null bases that give a mean and a spread."""

LINE_CAP = 8.0
"""Times the floor beyond which a line counts no more: one giant line is no family."""

OWN_LINE_WIDTH = 2
"""Lines on either side of a family's own line that are kept out of its null."""


@dataclass(frozen=True, slots=True)
class FamilyScore:
    """How high a family's comb stands.

    Parameters
    ----------
    comb : Comb
    z : float
        Standard deviations above the null combs; NaN where it cannot be told.
    slip : float
        Relative shift at which the comb stands highest; 0 where it cannot be told.
    """

    comb: Comb
    z: float
    slip: float


@dataclass(frozen=True, eq=False, slots=True)
class _Ground:
    """What all combs of a window are scored on."""

    levels: Float64Array
    spectrum: EnvelopeSpectrum
    speed: ShaftSpeed

    def heights(
        self, comb: Comb, orders: Float64Array, levels: Float64Array
    ) -> tuple[Float64Array, Float64Array]:
        slips = slip_grid(
            comb,
            shaft_hz=self.speed.hz,
            tolerance=self.speed.source.tolerance,
            duration_s=self.spectrum.duration_s,
        )
        return comb_heights(
            levels,
            comb,
            bases_hz=orders * self.speed.hz,
            slips=slips,
            shaft_hz=self.speed.hz,
            shaft_slips=self.speed.source is SpeedSource.NAMEPLATE,
            resolution_hz=self.spectrum.resolution_hz,
        )


def score_families(
    spectrum: EnvelopeSpectrum, *, bearing: BearingGeometry, speed: ShaftSpeed
) -> tuple[FamilyScore, ...]:
    """Return the scores of outer race, inner race and ball.

    Parameters
    ----------
    spectrum : EnvelopeSpectrum
        Up to `highest_hz`.
    bearing : BearingGeometry
    speed : ShaftSpeed
    """
    combs = fault_combs(bearing)
    ground = _Ground(spectrum.relative(LINE_CAP), spectrum, speed)
    return tuple(_score(comb, combs, ground) for comb in combs)


def score_comb(
    comb: Comb, spectrum: EnvelopeSpectrum, *, bearing: BearingGeometry, speed: ShaftSpeed
) -> FamilyScore:
    """Return the score of one comb, against bases that belong to no fault of the bearing.

    Parameters
    ----------
    comb : Comb
    spectrum : EnvelopeSpectrum
    bearing : BearingGeometry
    speed : ShaftSpeed
    """
    ground = _Ground(spectrum.relative(LINE_CAP), spectrum, speed)
    return _score(comb, (comb, *fault_combs(bearing)), ground)


def highest_hz(bearing: BearingGeometry, speed: ShaftSpeed) -> float:
    """Return up to where the spectrum is needed: the highest tooth of the highest null base.

    Parameters
    ----------
    bearing : BearingGeometry
    speed : ShaftSpeed
    """
    top = max(comb.highest_order for comb in fault_combs(bearing))
    return NULL_RANGE * top * speed.hz * (1.0 + 2.0 * speed.source.tolerance)


def null_bases(comb: Comb, combs: tuple[Comb, ...], *, tolerance: float) -> Float64Array:
    """Return base orders that belong to no fault, for the null of a comb.

    Spaced by the width of the slip search, so that two share few lines. Left out is what
    has a ratio of small whole numbers to a fault's base: a real fault would stand there too.

    Parameters
    ----------
    comb : Comb
    combs : tuple of Comb
        Of all families of the bearing.
    tolerance : float > 0
        Reach of the slip search.

    Returns
    -------
    Float64Array [shape=(bases,)]
    """
    step = math.log1p(2.0 * tolerance)
    count = int(math.log(NULL_RANGE) / step)
    orders = comb.base_order * np.exp(step * np.arange(-count, count + 1))
    keep = np.ones(len(orders), np.bool_)
    ratios = [own / other for own in (1, 2, 3) for other in (1, 2, 3)]
    for ratio in (ratio * other.base_order for ratio in ratios for other in combs):
        keep &= np.abs(np.log(orders / ratio)) > step
    kept: Float64Array = orders[keep]
    return kept


def _score(comb: Comb, combs: tuple[Comb, ...], ground: _Ground) -> FamilyScore:
    speed = ground.speed
    height, slip = ground.heights(comb, np.array([comb.base_order]), ground.levels)
    if math.isnan(height[0]):
        return FamilyScore(comb, math.nan, 0.0)
    # A fault has more lines than its comb has teeth; in the null they would hide the fault.
    background = _without_family(ground, comb, float(slip[0]))
    nulls, _ = ground.heights(
        comb, null_bases(comb, combs, tolerance=speed.source.tolerance), background
    )
    nulls = nulls[np.isfinite(nulls)]
    spread = float(np.std(nulls, ddof=1)) if len(nulls) >= LEAST_NULLS else 0.0
    if spread <= 0.0:
        return FamilyScore(comb, math.nan, 0.0)
    return FamilyScore(comb, (float(height[0]) - float(np.mean(nulls))) / spread, float(slip[0]))


def _without_family(ground: _Ground, comb: Comb, slip: float) -> Float64Array:
    """Return the levels with NaN wherever the family itself may have a line."""
    lines_hz = family_lines_hz(
        comb, slip=slip, shaft_hz=ground.speed.hz, highest_hz=ground.spectrum.highest_hz
    )
    index = np.rint(lines_hz / ground.spectrum.resolution_hz).astype(np.int64)
    index = np.add.outer(index, np.arange(-OWN_LINE_WIDTH, OWN_LINE_WIDTH + 1)).ravel()
    background = ground.levels.copy()
    background[index[(index >= 0) & (index < len(background))]] = np.nan
    return background
