"""Where the teeth of a comb fall among the lines of a spectrum, and how high they stand.

The places depend on bearing, speed and length alone, so that windows of one record share
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import BoolArray, Float64Array, IndexArray
from kurto_dsp.diagnosis.combs import Comb
from kurto_dsp.diagnosis.results import ShaftSpeed, SpeedSource

SHAFT_GUARD_LINES = 2.5
"""A strong line covers this many lines on either side: half a Hann main lobe and rounding."""

LEAST_TEETH = 0.5
"""Part of a comb that must lie clear of shaft harmonics and inside the band."""

LONE_LINE_WEIGHT = 0.03
"""What a height gains for each floor by which the highest tooth exceeds the second highest.

Its full share, a fifth, and one line of another source at BPFO would make an outer race
fault; nothing, and the one strong line of BPFI that reaches a far sensor would be lost.
"""


@dataclass(frozen=True, slots=True)
class LineGrid:
    """Lines of the spectra to score: their number, their distance, and the shaft's speed."""

    line_count: int
    resolution_hz: float
    speed: ShaftSpeed


@dataclass(frozen=True, eq=False, slots=True)
class Presence:
    """Which teeth of a comb stand on lines that count.

    Parameters
    ----------
    usable : BoolArray [shape=(lines,)]
        False for lines to leave out.
    counts : array of uint8 [shape=(bases, slips)]
        Teeth on usable lines.
    """

    usable: BoolArray
    counts: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class CombPlan:
    """The line of each tooth of a comb at each base and slip.

    Parameters
    ----------
    index : IndexArray [shape=(teeth, bases, slips)]
        Line of the tooth; the number of lines for a tooth that is left out.
    slips : Float64Array [shape=(slips,)]
    """

    index: IndexArray
    slips: Float64Array

    def presence(self, usable: BoolArray) -> Presence:
        """Return which teeth count when only some lines are usable.

        Parameters
        ----------
        usable : BoolArray [shape=(lines,)]
        """
        counts = np.append(usable, False)[self.index].sum(axis=0, dtype=np.uint8)
        return Presence(usable, counts)

    def heights(
        self, levels: Float64Array, presences: Sequence[Presence]
    ) -> tuple[Float64Array, Float64Array]:
        """Return the height of the comb at each base in each spectrum, with the best slip.

        The height is the mean level of the teeth; what the highest has beyond the second
        highest counts little, since one line is no family, whatever its level. With fewer
        than half the teeth it is NaN.

        Parameters
        ----------
        levels : Float64Array [shape=(spectra, lines)]
        presences : sequence of Presence
            Of this plan, one a spectrum.

        Returns
        -------
        heights, slips : Float64Array [shape=(spectra, bases)]
        """
        padded = np.zeros((len(levels), levels.shape[1] + 1))
        np.multiply(levels, [one.usable for one in presences], out=padded[:, :-1])
        counts = np.stack([one.counts for one in presences])
        # No index lies outside: the mode only spares the look whether one does.
        values = padded.take(self.index, axis=1, mode="clip")
        top, second = _two_highest(values)
        surplus = top - second
        means = (values.sum(axis=1) - surplus) / np.maximum(counts, 1)
        means += LONE_LINE_WEIGHT * surplus
        means[counts < LEAST_TEETH * len(self.index)] = -np.inf
        best = np.argmax(means, axis=2)
        heights: Float64Array = np.take_along_axis(means, best[..., np.newaxis], axis=2)[..., 0]
        heights[~np.isfinite(heights)] = np.nan
        return heights, self.slips[best]


def _two_highest(values: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the highest and the second highest along the second axis; 0 where there is none.

    Parameters
    ----------
    values : Float64Array [shape=(spectra, teeth, bases, slips)], >= 0
    """
    top = np.zeros((len(values), *values.shape[2:]))
    second, lower = np.zeros_like(top), np.empty_like(top)
    for tooth in range(values.shape[1]):
        np.minimum(top, values[:, tooth], out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(top, values[:, tooth], out=top)
    return top, second


def plan_comb(
    comb: Comb, *, base_orders: Float64Array, tolerance: float, grid: LineGrid
) -> CombPlan:
    """Place a comb at base frequencies and slips.

    Teeth within 2.5 lines of a shaft harmonic and above the spectrum are left out. With a
    nameplate speed the shaft is as far off as the lines are.

    Parameters
    ----------
    comb : Comb
    base_orders : Float64Array [shape=(bases,)]
        Base frequencies without slip, over shaft speed.
    tolerance : float > 0
        Largest slip.
    grid : LineGrid

    Returns
    -------
    CombPlan
    """
    slips = _slips(comb, tolerance, grid)
    harmonic = np.array([tooth.harmonic for tooth in comb.teeth], np.float64)
    sideband = np.array([tooth.sideband for tooth in comb.teeth], np.float64)
    bases_hz = np.multiply.outer(base_orders * grid.speed.hz, 1.0 + slips)
    lines_hz = np.multiply.outer(harmonic, bases_hz)
    lines_hz += (sideband * comb.spacing_order * grid.speed.hz)[:, np.newaxis, np.newaxis]
    is_nameplate = grid.speed.source is SpeedSource.NAMEPLATE
    turning_hz = grid.speed.hz * (1.0 + slips if is_nameplate else np.ones(len(slips)))
    distance_hz = np.abs(lines_hz - np.rint(lines_hz / turning_hz) * turning_hz)
    index = np.rint(lines_hz / grid.resolution_hz).astype(np.int64)
    hidden = distance_hz <= SHAFT_GUARD_LINES * grid.resolution_hz
    index[hidden | (index < 1) | (index >= grid.line_count)] = grid.line_count
    return CombPlan(index, slips)


def _slips(comb: Comb, tolerance: float, grid: LineGrid) -> Float64Array:
    """Return the slips to try: fine enough that no tooth of the spectrum skips half a line."""
    highest_line = comb.highest_order * grid.speed.hz / grid.resolution_hz
    # Without the bound, a speed far above what the samples can show would take all memory.
    reach_lines = tolerance * min(highest_line, grid.line_count)
    steps = max(1, int(np.ceil(2.0 * reach_lines)))
    return np.linspace(-tolerance, tolerance, 2 * steps + 1)
