"""What a diagnosis is: the fault named, how clearly, and the lines that show it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from kurto_dsp.exceptions import ParameterError


class Fault(StrEnum):
    """What a diagnosis says about a bearing."""

    NONE = "none"
    """No fault family rises above the background."""
    OUTER_RACE = "outer_race"
    INNER_RACE = "inner_race"
    BALL = "ball"
    UNCERTAIN = "uncertain"
    """No family stands out from the others, or the data cannot tell; the reason says which."""


class SpeedSource(StrEnum):
    """Where the shaft speed comes from, and so how far the fault lines may lie from theory."""

    MEASURED = "measured"
    NAMEPLATE = "nameplate"

    @property
    def tolerance(self) -> float:
        """How far a fault line may lie from its kinematic frequency, as a part of it.

        1 % for slip and geometry with a measured speed; 2 % with a nameplate speed.
        """
        return 0.01 if self is SpeedSource.MEASURED else 0.02


@dataclass(frozen=True, slots=True)
class ShaftSpeed:
    """Speed of the shaft that turns the bearing's inner ring.

    Parameters
    ----------
    hz : float > 0
        Revolutions per second.
    source : SpeedSource
        Measured in the same samples (or told by the recording), or read from the nameplate.
    """

    hz: float
    source: SpeedSource = SpeedSource.MEASURED

    def __post_init__(self) -> None:
        if not 0.0 < self.hz < math.inf:
            raise ParameterError(f"a shaft speed must be positive and finite, got {self.hz} Hz")


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One line of the envelope spectrum at which a fault would show.

    Parameters
    ----------
    name : str
        Such as ``BPFO``, ``2x BPFO`` or ``BPFI-fr``.
    expected_hz : float
        Kinematic frequency, without slip.
    found_hz : float or None
        The strongest line in reach; None where a shaft harmonic hides it, or above the band.
    level_db : float or None
        How far it rises above what noise alone would show there; None like `found_hz`.
    """

    name: str
    expected_hz: float
    found_hz: float | None
    level_db: float | None


@dataclass(frozen=True, slots=True)
class Hint:
    """A pattern of the shaft's own lines that is worth a look, never a verdict.

    Parameters
    ----------
    pattern : str
        ``imbalance``, ``misalignment``, ``looseness``, ``electrical`` or ``cage``.
    score : float in [0, 1]
        How much of the vibration is in the pattern; see the reference page.
    reason : str
        What was seen, in words with figures.
    """

    pattern: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one window, or several together, say about a bearing.

    Parameters
    ----------
    fault : Fault
        The family that stands out, ``none`` or ``uncertain``.
    score : float
        The highest of `scores`; NaN when nothing could be scored.
    scores : mapping of Fault to float, read-only
        z of the three families: how many standard deviations the family's comb rises above
        combs at frequencies that belong to no fault. Empty when nothing could be scored.
    lines : tuple of FaultLine
        The evidence, first those of the family with the highest score.
    hints : tuple of Hint
        Patterns of the shaft, strongest first.
    reason : str
        Why this answer, in one sentence.
    """

    fault: Fault
    score: float
    scores: Mapping[Fault, float] = field(default_factory=lambda: MappingProxyType({}))
    lines: tuple[FaultLine, ...] = ()
    hints: tuple[Hint, ...] = ()
    reason: str = ""

    @property
    def names_a_fault(self) -> bool:
        """Whether the diagnosis names a damaged part."""
        return self.fault in FAMILIES


FAMILIES = (Fault.OUTER_RACE, Fault.INNER_RACE, Fault.BALL)
"""The faults that have a comb of lines."""
