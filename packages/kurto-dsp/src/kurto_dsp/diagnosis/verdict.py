"""From the z of the families to an answer, for one window and for several."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from kurto_dsp.diagnosis.results import Diagnosis, Fault, FaultLine, Hint
from kurto_dsp.exceptions import ParameterError

LEAST_Z = 4.0
"""z that a family needs in one window to stand out of the background. See decision 0018."""

LEAST_LASTING_Z = 3.0
"""Mean z that it needs in 5 windows and more, whose chance maxima average out."""

VERDICT_WINDOWS = 5
"""Windows whose mean makes a verdict."""

LEAST_LEAD = 1.5
"""By how much the z of the named family must exceed that of the next. See decision 0018."""


def needed_z(window_count: int) -> float:
    """Return the mean z that a family needs over so many windows.

    The part that is due to chance shrinks with the root of their number, up to 5; the rest
    stands for lines of the machine that no averaging removes.

    Parameters
    ----------
    window_count : int >= 1

    Examples
    --------
    >>> needed_z(1), needed_z(5), needed_z(60)
    (4.0, 3.0, 3.0)
    """
    by_chance = (LEAST_Z - LEAST_LASTING_Z) / (1.0 - 1.0 / math.sqrt(VERDICT_WINDOWS))
    averaged = 1.0 - 1.0 / math.sqrt(min(window_count, VERDICT_WINDOWS))
    return LEAST_Z - by_chance * averaged


def decide(scores: Mapping[Fault, float], *, window_count: int = 1) -> tuple[Fault, str]:
    """Return the fault that scores name, and why.

    Parameters
    ----------
    scores : mapping of Fault to float
        z of each family; NaN where it could not be scored.
    window_count : int >= 1
        Windows that the scores are the mean of.

    Returns
    -------
    fault : Fault
    reason : str
    """
    ranked = sorted(((z, fault) for fault, z in scores.items() if math.isfinite(z)), reverse=True)
    hidden = [_words(fault) for fault, z in scores.items() if not math.isfinite(z)]
    beside = f"; {' and '.join(hidden)} cannot be told at this speed and length" if hidden else ""
    if not ranked:
        return Fault.UNCERTAIN, (
            "most fault lines lie on shaft harmonics or above the band; a longer record or a "
            "measured speed separates them"
        )
    z, fault = ranked[0]
    needed = needed_z(window_count)
    if z < needed:
        return Fault.NONE, (
            f"no family stands out of the background: {_words(fault)} is highest "
            f"with z {z:.1f}, {needed:.1f} is needed{beside}"
        )
    if len(ranked) > 1 and z - ranked[1][0] < LEAST_LEAD:
        return Fault.UNCERTAIN, (
            f"{_words(fault)} (z {z:.1f}) does not stand out from {_words(ranked[1][1])} "
            f"(z {ranked[1][0]:.1f}){beside}"
        )
    return fault, f"the {_words(fault)} lines stand out of the background with z {z:.1f}{beside}"


def combine(diagnoses: Sequence[Diagnosis]) -> Diagnosis:
    """Return the verdict of consecutive non-overlapping windows: the mean z of each family.

    Parameters
    ----------
    diagnoses : sequence of Diagnosis
        Of `diagnose_window`; 5 windows of 1 s make a verdict. Windows that could not be
        scored do not count.

    Returns
    -------
    Diagnosis
        Its lines are those of the family with the highest mean, with their mean level; its
        hints are those of more than half the windows.

    Raises
    ------
    ParameterError
        If there is no diagnosis.
    """
    if not diagnoses:
        raise ParameterError("a verdict needs at least one diagnosis, got none")
    scored = [diagnosis for diagnosis in diagnoses if diagnosis.scores]
    hints = _lasting_hints(diagnoses)
    if not scored:
        return Diagnosis(Fault.UNCERTAIN, math.nan, hints=hints, reason=diagnoses[-1].reason)
    means = mean_scores([one.scores for one in scored])
    fault, reason = decide(means, window_count=len(scored))
    return Diagnosis(
        fault,
        highest(means),
        MappingProxyType(means),
        _mean_lines(scored, means),
        hints,
        f"{reason} (mean of {len(scored)} windows)" if len(scored) > 1 else reason,
    )


def mean_scores(scores: Sequence[Mapping[Fault, float]]) -> dict[Fault, float]:
    """Return the mean z of each family over windows, NaN where no window has one.

    Parameters
    ----------
    scores : sequence of mapping of Fault to float
        At least one.
    """
    return {fault: _mean([one[fault] for one in scores]) for fault in scores[0]}


def highest(scores: Mapping[Fault, float]) -> float:
    """Return the highest finite z, NaN if there is none.

    Parameters
    ----------
    scores : mapping of Fault to float
    """
    return max((z for z in scores.values() if math.isfinite(z)), default=math.nan)


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def _mean_lines(
    diagnoses: Sequence[Diagnosis], means: Mapping[Fault, float]
) -> tuple[FaultLine, ...]:
    """Return the lines of the windows whose highest family is the verdict's, by name."""
    best = highest(means)
    agreeing = [
        one
        for one in diagnoses
        if one.lines and any(means[f] == best and z == one.score for f, z in one.scores.items())
    ]
    found: dict[str, list[FaultLine]] = defaultdict(list)
    for line in (line for one in agreeing or diagnoses for line in one.lines):
        found[line.name].append(line)
    return tuple(_mean_line(lines) for lines in found.values())


def _mean_line(lines: Sequence[FaultLine]) -> FaultLine:
    visible = [(line.found_hz, line.level_db) for line in lines if line.found_hz is not None]
    if not visible:
        return lines[0]
    levels = [level for _, level in visible if level is not None]
    place = float(np.median([found for found, _ in visible]))
    return FaultLine(lines[0].name, lines[0].expected_hz, place, _mean(levels))


def _lasting_hints(diagnoses: Sequence[Diagnosis]) -> tuple[Hint, ...]:
    hints = [hint for diagnosis in diagnoses for hint in diagnosis.hints]
    counts = Counter(hint.pattern for hint in hints)
    lasting = []
    for pattern in (name for name, count in counts.items() if 2 * count > len(diagnoses)):
        same = [hint for hint in hints if hint.pattern == pattern]
        strongest = max(same, key=lambda hint: hint.score)
        score = sum(hint.score for hint in same) / len(same)
        lasting.append(Hint(pattern, score, strongest.reason))
    return tuple(sorted(lasting, key=lambda hint: -hint.score))


def _words(fault: Fault) -> str:
    return fault.value.replace("_", " ")
