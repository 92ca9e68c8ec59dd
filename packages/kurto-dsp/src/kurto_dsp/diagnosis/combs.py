"""The comb of lines of each fault family, and how high it stands at a base frequency."""

from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.results import Fault

GUARD_LINES = 1.5
"""A line is one with a weak neighbour within this many lines of it."""

APPROXIMATE_TOLERANCES = (0.005, 0.015)
"""How far BPFO and BPFI, and BSF, may be off when D is the mean of bore and outside diameter.

1.5 % of D is 1.5 % of BSF, and 1.5 % of d/D, which is at most a third: 0.5 % of the others.
"""

SIDEBANDS = 3
"""Sidebands on either side of a family's harmonics that are kept out of its null."""


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
    geometry_tolerance : float
        How far the base may be off since the bearing's geometry is approximate; else 0.
    """

    fault: Fault
    base_order: float
    spacing_order: float
    teeth: tuple[Tooth, ...]
    geometry_tolerance: float = 0.0

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
    race, ball = APPROXIMATE_TOLERANCES if bearing.is_approximate else (0.0, 0.0)
    return (
        Comb(Fault.OUTER_RACE, orders.bpfo_hz, 0.0, _teeth("BPFO", 5, ""), race),
        Comb(Fault.INNER_RACE, orders.bpfi_hz, 1.0, _teeth("BPFI", 3, "fr"), race),
        Comb(Fault.BALL, 2.0 * orders.bsf_hz, orders.ftf_hz, _teeth("2xBSF", 3, "FTF"), ball),
    )


def cage_comb(bearing: BearingGeometry) -> Comb:
    """Return the comb of the cage: 4 harmonics of FTF. It is not among the faults.

    Parameters
    ----------
    bearing : BearingGeometry
    """
    # BPFO is n·FTF: both are off by the same part.
    race = fault_combs(bearing)[0]
    order = bearing.defect_frequencies(1.0).ftf_hz
    return Comb(Fault.NONE, order, 0.0, _teeth("FTF", 4, ""), race.geometry_tolerance)


def _teeth(base: str, harmonics: int, sideband: str) -> tuple[Tooth, ...]:
    teeth = []
    for harmonic in range(1, harmonics + 1):
        name = base if harmonic == 1 else f"{harmonic}x{base}"
        teeth.append(Tooth(name, harmonic))
        if sideband:
            teeth.append(Tooth(f"{name}-{sideband}", harmonic, -1))
            teeth.append(Tooth(f"{name}+{sideband}", harmonic, 1))
    return tuple(teeth)


def base_hz(comb: Comb, shaft_hz: float) -> float:
    """Return the frequency whose multiples a family may have lines at.

    Parameters
    ----------
    comb : Comb
    shaft_hz : float > 0
    """
    return (0.5 if comb.fault is Fault.BALL else 1.0) * comb.base_order * shaft_hz


def family_lines_hz(comb: Comb, *, slip: float, shaft_hz: float, highest_hz: float) -> Float64Array:
    """Return where a family may have lines, far beyond its comb: all harmonics, ± 3 sidebands.

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
    lowest_hz = base_hz(comb, shaft_hz) * (1.0 + slip)
    spacing_hz = (comb.spacing_order or 1.0) * shaft_hz
    harmonics = lowest_hz * np.arange(1.0, highest_hz / lowest_hz + 2.0)
    # The cage modulates others; its own low lines are too close together for sidebands.
    reach = 0 if comb.fault is Fault.NONE else SIDEBANDS
    sidebands_hz = spacing_hz * np.arange(-reach, reach + 1)
    lines: Float64Array = np.add.outer(harmonics, sidebands_hz).ravel()
    return lines
