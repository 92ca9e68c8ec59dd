"""Growth decides whether to alarm, the diagnosis says what it is."""

import math
from dataclasses import dataclass
from enum import StrEnum

from kurto_dsp.condition.growth import GrowthGrade, grade_of
from kurto_dsp.diagnosis.results import Diagnosis, Fault
from kurto_dsp.exceptions import ParameterError


class AlarmLevel(StrEnum):
    """How much a finding asks for."""

    NONE = "none"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class GatedFinding:
    """A diagnosis after the gate.

    Parameters
    ----------
    level : AlarmLevel
        From growth alone.
    fault : Fault
        What the diagnosis says the cause is.
    reason : str
        Both in one sentence.
    """

    level: AlarmLevel
    fault: Fault
    reason: str


def gate(diagnosis: Diagnosis, growth: float | None) -> GatedFinding:
    """Return what a diagnosis amounts to, given how much the machine's vibration has grown.

    A fault line alone is never an alarm: on two other rigs a threshold on z alone would
    have alarmed on 18 of 30 healthy windows, since every machine has lines of its own. The
    level comes from growth against the machine's own baseline, as `condition.growth` grades it
    (above 2 and above 4 times), the name from the diagnosis.

    Parameters
    ----------
    diagnosis : Diagnosis
    growth : float >= 0 or None
        Largest ratio of a level (such as ``rms``) to its frozen median, over channels and
        bands; None or NaN without a baseline.

    Raises
    ------
    ParameterError
        If the growth is negative.

    Examples
    --------
    >>> gate(Diagnosis(Fault.OUTER_RACE, 6.0), 1.2).level
    <AlarmLevel.NONE: 'none'>
    >>> gate(Diagnosis(Fault.OUTER_RACE, 6.0), 2.5).level
    <AlarmLevel.WARNING: 'warning'>
    """
    if growth is None or math.isnan(growth):
        return GatedFinding(
            AlarmLevel.NONE,
            diagnosis.fault,
            f"{_name(diagnosis)}; no alarm without a baseline of this machine to compare with",
        )
    if growth < 0.0:
        raise ParameterError(f"growth is a ratio of levels and not negative, got {growth}")
    grown = f"the level is {growth:.2g} times the machine's baseline"
    grade = grade_of(growth)
    if grade is GrowthGrade.NONE:
        return GatedFinding(
            AlarmLevel.NONE, diagnosis.fault, f"{_name(diagnosis)}; no alarm, since {grown}"
        )
    return GatedFinding(AlarmLevel(grade.value), diagnosis.fault, f"{grown}; {_name(diagnosis)}")


def _name(diagnosis: Diagnosis) -> str:
    if diagnosis.names_a_fault:
        part = diagnosis.fault.value.replace("_", " ")
        return f"the lines of a damaged {part} stand out (z {diagnosis.score:.1f})"
    if diagnosis.fault is Fault.NONE:
        return "no bearing fault family stands out"
    return f"the cause is uncertain: {diagnosis.reason or 'no family stands out'}"
