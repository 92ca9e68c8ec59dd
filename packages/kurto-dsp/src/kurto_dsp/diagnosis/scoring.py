"""z of each fault family: its comb against the same comb where no fault can be."""

import math
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import BoolArray, Float64Array
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.comb_plans import CombPlan, LineGrid, plan_comb
from kurto_dsp.diagnosis.combs import Comb, cage_comb, family_lines_hz, fault_combs
from kurto_dsp.diagnosis.results import ShaftSpeed
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum

NULL_RANGE = 2.0
"""Null bases lie between the family's base over and times this."""

NULL_COUNT = 80
"""Null bases before those near a fault are left out."""

NULL_RATIOS = (1.0, 0.5, 2.0)
"""Multiples of a fault's base at which its lines would fill most of a comb."""

LEAST_NULLS = 8
"""Fewest null bases that give a mean and a spread."""

LINE_CAP = 8.0
"""Times the floor beyond which a line counts no more: the count of lines matters, not one."""

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


class FamilyScorer:
    """Scores spectra of one bearing, speed and length.

    Parameters
    ----------
    bearing : BearingGeometry
    speed : ShaftSpeed
    spectrum : EnvelopeSpectrum
        Any of those to score: all have its lines.
    """

    def __init__(
        self, bearing: BearingGeometry, speed: ShaftSpeed, spectrum: EnvelopeSpectrum
    ) -> None:
        self._grid = LineGrid(len(spectrum.magnitude), spectrum.resolution_hz, speed)
        self._families = fault_combs(bearing)
        self._plans = [self._plan(comb, self._families) for comb in self._families]
        self._cage = cage_comb(bearing)

    def families(self, spectrum: EnvelopeSpectrum) -> tuple[FamilyScore, ...]:
        """Return the scores of outer race, inner race and ball.

        Parameters
        ----------
        spectrum : EnvelopeSpectrum
        """
        levels = spectrum.relative(LINE_CAP)
        pairs = zip(self._families, self._plans, strict=True)
        return tuple(self._score(comb, plans, levels) for comb, plans in pairs)

    def cage(self, spectrum: EnvelopeSpectrum) -> FamilyScore:
        """Return the score of the cage.

        Parameters
        ----------
        spectrum : EnvelopeSpectrum
        """
        plans = self._plan(self._cage, (self._cage, *self._families))
        return self._score(self._cage, plans, spectrum.relative(LINE_CAP))

    def _plan(self, comb: Comb, combs: tuple[Comb, ...]) -> tuple[CombPlan, CombPlan]:
        """Return the plans of the comb at its own base and at its null bases."""
        tolerance = self._grid.speed.source.tolerance + comb.geometry_tolerance
        own = np.array([comb.base_order])
        nulls = null_bases(comb, combs, tolerance=tolerance)
        return (
            plan_comb(comb, base_orders=own, tolerance=tolerance, grid=self._grid),
            plan_comb(comb, base_orders=nulls, tolerance=tolerance, grid=self._grid),
        )

    def _score(
        self, comb: Comb, plans: tuple[CombPlan, CombPlan], levels: Float64Array
    ) -> FamilyScore:
        everything = np.ones(len(levels), np.bool_)
        own, slip = plans[0].heights(levels, everything)
        # A fault has more lines than its comb has teeth; in the null they would hide it.
        nulls, _ = plans[1].heights(levels, self._without_family(comb, float(slip[0])))
        nulls = nulls[np.isfinite(nulls)]
        spread = float(np.std(nulls, ddof=1)) if len(nulls) >= LEAST_NULLS else 0.0
        if spread <= 0.0 or math.isnan(own[0]):
            return FamilyScore(comb, math.nan, 0.0)
        return FamilyScore(comb, (float(own[0]) - float(np.mean(nulls))) / spread, float(slip[0]))

    def _without_family(self, comb: Comb, slip: float) -> BoolArray:
        """Return False for each line that the family itself may have."""
        usable = np.ones(self._grid.line_count, np.bool_)
        lines_hz = family_lines_hz(
            comb,
            slip=slip,
            shaft_hz=self._grid.speed.hz,
            highest_hz=self._grid.line_count * self._grid.resolution_hz,
        )
        index = np.rint(lines_hz / self._grid.resolution_hz).astype(np.int64)
        index = np.add.outer(index, np.arange(-OWN_LINE_WIDTH, OWN_LINE_WIDTH + 1)).ravel()
        usable[index[(index >= 0) & (index < len(usable))]] = False
        return usable


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

    Left out is what lies within two slip searches of a fault's base, its half or its
    double: a real fault would stand there too.

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
    orders = comb.base_order * np.geomspace(1.0 / NULL_RANGE, NULL_RANGE, NULL_COUNT)
    keep = np.ones(len(orders), np.bool_)
    for taken in (ratio * other.base_order for ratio in NULL_RATIOS for other in combs):
        keep &= np.abs(np.log(orders / taken)) > 2.0 * tolerance
    kept: Float64Array = orders[keep]
    return kept
