"""z of each fault family: its comb against the same comb where no fault can be."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import BoolArray, Float64Array
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.comb_plans import LineGrid, Presence, plan_comb
from kurto_dsp.diagnosis.combs import Comb, base_hz, cage_comb, family_lines_hz, fault_combs
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

SCORERS_KEPT = 8
"""Scorers that are kept, of one to two megabytes each: planning one takes as long as using it."""

PRESENCES_KEPT = 48
"""Slips of a comb for which is kept which lines of its null the family itself may have."""

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
    """Scores spectra of one bearing, speed and length; see `family_scorer`.

    Parameters
    ----------
    bearing : BearingGeometry
    grid : LineGrid
        Lines of the spectra, and the shaft's speed.
    """

    def __init__(self, bearing: BearingGeometry, grid: LineGrid) -> None:
        families = fault_combs(bearing)
        cage = cage_comb(bearing)
        self._families = [_CombScorer(comb, families, grid) for comb in families]
        self._cage = _CombScorer(cage, (cage, *families), grid)

    def families(self, spectra: Sequence[EnvelopeSpectrum]) -> list[tuple[FamilyScore, ...]]:
        """Return the scores of outer race, inner race and ball in each spectrum.

        Parameters
        ----------
        spectra : sequence of EnvelopeSpectrum
            Few at a time are quickest; no spectrum's scores depend on the others.
        """
        levels = np.stack([spectrum.relative(LINE_CAP) for spectrum in spectra])
        return list(zip(*(family.scores(levels) for family in self._families), strict=True))

    def cage(self, spectrum: EnvelopeSpectrum) -> FamilyScore:
        """Return the score of the cage.

        Parameters
        ----------
        spectrum : EnvelopeSpectrum
        """
        return self._cage.scores(spectrum.relative(LINE_CAP)[np.newaxis])[0]


class _CombScorer:
    """Scores one comb: the plans at its own base and at its null bases, and what they share."""

    def __init__(self, comb: Comb, combs: tuple[Comb, ...], grid: LineGrid) -> None:
        self._comb = comb
        self._grid = grid
        tolerance = grid.speed.source.tolerance + comb.geometry_tolerance
        own = np.array([comb.base_order])
        self._own = plan_comb(comb, base_orders=own, tolerance=tolerance, grid=grid)
        nulls = null_bases(comb, combs, tolerance=tolerance)
        self._nulls = plan_comb(comb, base_orders=nulls, tolerance=tolerance, grid=grid)
        self._everything = self._own.presence(np.ones(grid.line_count, np.bool_))
        # Few slips stand highest again and again.
        self._without_family = functools.lru_cache(maxsize=PRESENCES_KEPT)(self._null_presence)

    def scores(self, levels: Float64Array) -> list[FamilyScore]:
        own, slips = self._own.heights(levels, [self._everything] * len(levels))
        # A fault has more lines than its comb has teeth; in the null they would hide it.
        found = slips[:, 0].tolist()
        nulls, _ = self._nulls.heights(levels, [self._without_family(slip) for slip in found])
        return [
            self._score(height, row[np.isfinite(row)], slip)
            for height, row, slip in zip(own[:, 0].tolist(), nulls, found, strict=True)
        ]

    def _score(self, height: float, nulls: Float64Array, slip: float) -> FamilyScore:
        if len(nulls) < LEAST_NULLS or math.isnan(height):
            return FamilyScore(self._comb, math.nan, 0.0)
        mean = float(np.add.reduce(nulls)) / len(nulls)
        variance = float(np.add.reduce(np.square(nulls - mean))) / (len(nulls) - 1)
        if variance <= 0.0:
            return FamilyScore(self._comb, math.nan, 0.0)
        return FamilyScore(self._comb, (height - mean) / math.sqrt(variance), slip)

    def _null_presence(self, slip: float) -> Presence:
        return self._nulls.presence(self._usable(slip))

    def _usable(self, slip: float) -> BoolArray:
        """Return False for each line that the family itself may have."""
        usable = np.ones(self._grid.line_count, np.bool_)
        if base_hz(self._comb, self._grid.speed.hz) < self._grid.resolution_hz:
            return ~usable  # its lines are everywhere, and too many to be counted
        lines_hz = family_lines_hz(
            self._comb,
            slip=slip,
            shaft_hz=self._grid.speed.hz,
            highest_hz=self._grid.line_count * self._grid.resolution_hz,
        )
        index = np.rint(lines_hz / self._grid.resolution_hz).astype(np.int64)
        index = np.add.outer(index, np.arange(-OWN_LINE_WIDTH, OWN_LINE_WIDTH + 1)).ravel()
        usable[index[(index >= 0) & (index < len(usable))]] = False
        return usable


def family_scorer(
    bearing: BearingGeometry, speed: ShaftSpeed, spectrum: EnvelopeSpectrum
) -> FamilyScorer:
    """Return the scorer of spectra like `spectrum`; the newest few are kept, and found again.

    Where the teeth fall depends on bearing, speed and length alone: channels of one machine
    share a scorer, as do the windows of a recording.

    Parameters
    ----------
    bearing : BearingGeometry
    speed : ShaftSpeed
    spectrum : EnvelopeSpectrum
        Any of those to score: all have its lines.
    """
    return _scorer(bearing, LineGrid(len(spectrum.magnitude), spectrum.resolution_hz, speed))


@functools.lru_cache(maxsize=SCORERS_KEPT)
def _scorer(bearing: BearingGeometry, grid: LineGrid) -> FamilyScorer:
    return FamilyScorer(bearing, grid)


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
