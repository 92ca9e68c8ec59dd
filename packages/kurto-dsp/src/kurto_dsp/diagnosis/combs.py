"""The comb of lines of each fault family, and how high it stands at a base frequency."""

from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.results import Fault

GUARD_LINES = 1.5
"""A Hann line hides what lies within this many lines of it: half its main lobe and rounding."""

LEAST_TEETH = 0.5
"""Part of a comb that must lie clear of shaft harmonics and inside the band."""


@dataclass(frozen=True, slots=True)
class Tooth:
    """One line of a comb: `harmonic` times the base frequency plus `sideband` times the spacing."""

    name: str
    harmonic: int
    sideband: int = 0


@dataclass(frozen=True, slots=True)
class Comb:
    """The lines of a fault family, as orders of the shaft.

    Parameters
    ----------
    fault : Fault
    base_order : float
        Base frequency over shaft speed: BPFO, BPFI or 2·BSF.
    spacing_order : float
        Distance of the sidebands over shaft speed: 1 (inner race) or FTF (ball); 0 without.
    teeth : tuple of Tooth
    """

    fault: Fault
    base_order: float
    spacing_order: float
    teeth: tuple[Tooth, ...]

    @property
    def highest_order(self) -> float:
        """Order of the highest tooth."""
        return max(self.order_of(tooth) for tooth in self.teeth)

    def order_of(self, tooth: Tooth) -> float:
        """Return the order of a tooth."""
        return tooth.harmonic * self.base_order + tooth.sideband * self.spacing_order


def fault_combs(bearing: BearingGeometry) -> tuple[Comb, ...]:
    """Return the combs of outer race, inner race and ball faults.

    Outer race: 5 harmonics of BPFO (the defect stands still in the load zone). Inner race:
    3 harmonics of BPFI, each with sidebands at ± the shaft speed, at which the defect
    passes the load zone. Ball: 3 harmonics of 2·BSF, since a pit strikes both races, each
    with sidebands at ± FTF, at which the ball passes the load zone.

    Parameters
    ----------
    bearing : BearingGeometry
    """
    orders = bearing.defect_frequencies(1.0)
    return (
        Comb(Fault.OUTER_RACE, orders.bpfo_hz, 0.0, _teeth("BPFO", 5, "")),
        Comb(Fault.INNER_RACE, orders.bpfi_hz, 1.0, _teeth("BPFI", 3, "fr")),
        Comb(Fault.BALL, 2.0 * orders.bsf_hz, orders.ftf_hz, _teeth("2xBSF", 3, "FTF")),
    )


def _teeth(base: str, harmonics: int, sideband: str) -> tuple[Tooth, ...]:
    teeth = []
    for harmonic in range(1, harmonics + 1):
        name = base if harmonic == 1 else f"{harmonic}x{base}"
        teeth.append(Tooth(name, harmonic))
        if sideband:
            teeth.append(Tooth(f"{name}-{sideband}", harmonic, -1))
            teeth.append(Tooth(f"{name}+{sideband}", harmonic, 1))
    return tuple(teeth)


def slip_grid(comb: Comb, *, shaft_hz: float, tolerance: float, duration_s: float) -> Float64Array:
    """Return the relative shifts to try: fine enough that no tooth skips half a line.

    Parameters
    ----------
    comb : Comb
    shaft_hz : float > 0
    tolerance : float > 0
        Largest shift.
    duration_s : float > 0
        Length of the samples; its inverse is the distance of two lines.

    Returns
    -------
    Float64Array [shape=(slips,)], symmetric about zero
    """
    reach_lines = tolerance * comb.highest_order * shaft_hz * duration_s
    steps = max(1, int(np.ceil(2.0 * reach_lines)))
    return np.linspace(-tolerance, tolerance, 2 * steps + 1)


def comb_heights(
    levels: Float64Array,
    comb: Comb,
    *,
    bases_hz: Float64Array,
    slips: Float64Array,
    shaft_hz: float,
    shaft_slips: bool,
    resolution_hz: float,
) -> tuple[Float64Array, Float64Array]:
    """Return the height of a comb at base frequencies, each at its best slip.

    The height is the mean level of the teeth. Teeth within 1.5 lines of a shaft harmonic,
    above the spectrum or on a line without level are left out; with fewer than half the
    teeth left the height is NaN.

    Parameters
    ----------
    levels : Float64Array [shape=(lines,)]
        Levels of the spectrum; NaN for lines to leave out.
    comb : Comb
    bases_hz : Float64Array [shape=(bases,)]
        Base frequencies without slip.
    slips : Float64Array [shape=(slips,)]
    shaft_hz : float > 0
    shaft_slips : bool
        Whether the shaft is as far from its speed as the lines are (nameplate speed).
    resolution_hz : float > 0

    Returns
    -------
    heights : Float64Array [shape=(bases,)]
    slips : Float64Array [shape=(bases,)]
        The best slip of each base.
    """
    scale = (1.0 + slips)[np.newaxis, :, np.newaxis]
    harmonic = np.array([tooth.harmonic for tooth in comb.teeth], np.float64)
    sideband = np.array([tooth.sideband for tooth in comb.teeth], np.float64)
    spacing_hz = comb.spacing_order * shaft_hz
    lines_hz = bases_hz[:, np.newaxis, np.newaxis] * harmonic * scale + sideband * spacing_hz
    turning_hz = shaft_hz * (scale if shaft_slips else np.ones_like(scale))
    clear = ~near_shaft_harmonic(lines_hz, turning_hz, resolution_hz)
    index = np.rint(lines_hz / resolution_hz).astype(np.int64)
    values = levels[np.clip(index, 0, len(levels) - 1)]
    clear &= (index >= 1) & (index < len(levels)) & np.isfinite(values)
    values = np.where(clear, values, 0.0)
    count = clear.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = values.sum(axis=-1) / count
    means[count < LEAST_TEETH * len(comb.teeth)] = -np.inf
    best = np.argmax(means, axis=1)
    heights = means[np.arange(len(bases_hz)), best]
    heights[~np.isfinite(heights)] = np.nan
    return heights, slips[best]


def family_lines_hz(comb: Comb, *, slip: float, shaft_hz: float, highest_hz: float) -> Float64Array:
    """Return where a family may have lines, far beyond its comb: all harmonics, ± 2 sidebands.

    Ball faults are also modulated at odd multiples of the spin frequency, one race striking
    harder than the other; outer race faults by the shaft, as its imbalance loads them.

    Parameters
    ----------
    comb : Comb
    slip : float
        Relative shift of the family.
    shaft_hz : float > 0
    highest_hz : float > 0

    Returns
    -------
    Float64Array [shape=(lines,)]
    """
    part = 0.5 if comb.fault is Fault.BALL else 1.0
    base_hz = part * comb.base_order * shaft_hz * (1.0 + slip)
    spacing_hz = (comb.spacing_order or 1.0) * shaft_hz
    harmonics = base_hz * np.arange(1.0, highest_hz / base_hz + 2.0)
    lines: Float64Array = np.add.outer(harmonics, spacing_hz * np.arange(-2.0, 3.0)).ravel()
    return lines


def near_shaft_harmonic(
    frequencies_hz: Float64Array, shaft_hz: Float64Array, resolution_hz: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return which frequencies lie within 1.5 lines of a whole multiple of the shaft speed.

    Parameters
    ----------
    frequencies_hz : Float64Array [shape=(...)]
    shaft_hz : Float64Array, broadcast against the frequencies
    resolution_hz : float > 0
    """
    nearest = np.rint(frequencies_hz / shaft_hz) * shaft_hz
    near: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    near = np.abs(frequencies_hz - nearest) <= GUARD_LINES * resolution_hz
    return near
