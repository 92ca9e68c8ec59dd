"""The diagnosis of a window and of a recording."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float64Array, require_sample_rate
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis.cage import cage_hint
from kurto_dsp.diagnosis.evidence import evidence_lines
from kurto_dsp.diagnosis.record_lines import record_lines, without_mean
from kurto_dsp.diagnosis.results import Diagnosis, Fault, Hint, ShaftSpeed
from kurto_dsp.diagnosis.scoring import (
    FamilyScore,
    FamilyScorer,
    family_scorer,
    highest_hz,
)
from kurto_dsp.diagnosis.shaft_patterns import shaft_hints
from kurto_dsp.diagnosis.verdict import decide, highest, mean_scores
from kurto_dsp.diagnosis.whitening import (
    EnvelopeSpectrum,
    as_row,
    mean_spectrum,
    problem_of,
    whitened_envelopes,
)
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.units import AccelerationUnit

LEAST_REVOLUTIONS = 20.0
"""Revolutions that a window needs: with fewer, sidebands and shaft harmonics run together."""

ROWS = 8
"""Windows that are transformed and scored together."""

LONGEST_PATTERN_S = 60.0
"""Longest stretch whose shaft lines are looked at together."""


@dataclass(frozen=True, slots=True)
class _Setup:
    """What is known beside the samples."""

    sample_rate_hz: float
    bearing: BearingGeometry
    speed: ShaftSpeed
    unit: AccelerationUnit
    line_frequency_hz: float | None

    def spectra(self, windows: Sequence[Float64Array]) -> list[EnvelopeSpectrum]:
        # Transforms of several rows at once are quicker, and no row's result depends on another.
        wanted_hz = highest_hz(self.bearing, self.speed)
        spectra: list[EnvelopeSpectrum] = []
        for first in range(0, len(windows), ROWS):
            rows = np.stack(windows[first : first + ROWS])
            lines = record_lines(without_mean(rows), self.sample_rate_hz)
            spectra += whitened_envelopes(lines, highest_hz=wanted_hz)
        return spectra

    def hints(self, stretch: Float64Array) -> tuple[Hint, ...]:
        if _problem(stretch, self.sample_rate_hz, self.speed):
            return ()
        return shaft_hints(
            stretch,
            sample_rate_hz=self.sample_rate_hz,
            speed=self.speed,
            mps2_per_unit=self.unit.in_mps2,
            line_frequency_hz=self.line_frequency_hz,
        )


def diagnose_window(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    bearing: BearingGeometry,
    speed: ShaftSpeed,
    unit: AccelerationUnit = AccelerationUnit.G,
    line_frequency_hz: float | None = None,
) -> Diagnosis:
    """Return what one window of one channel says about a bearing.

    Cepstrum pre-whitening, squared envelope spectrum, a comb score per fault family and its
    z against the same comb at frequencies that belong to no fault; see the reference page.

    Parameters
    ----------
    samples : array_like [shape=(n,)]
        One channel, at least 20 revolutions; 1 s is usual.
    sample_rate_hz : float > 0
    bearing : BearingGeometry
    speed : ShaftSpeed
    unit : AccelerationUnit
        Of the samples; only the hints depend on it.
    line_frequency_hz : float, optional
        Frequency of the mains, to tell electrical vibration; no such hint without it.

    Returns
    -------
    Diagnosis
        ``uncertain`` with the reason where the samples cannot tell: too short, not finite,
        constant. Never an exception for bad data.

    Raises
    ------
    ParameterError
        If the rate, the array's shape or its type is impossible.
    """
    rate = require_sample_rate(sample_rate_hz)
    row = as_row(samples)
    setup = _Setup(rate, bearing, speed, unit, line_frequency_hz)
    return _diagnose([row], row, setup)


def diagnose_record(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    bearing: BearingGeometry,
    speed: ShaftSpeed,
    window_s: float = 1.0,
    unit: AccelerationUnit = AccelerationUnit.G,
    line_frequency_hz: float | None = None,
) -> Diagnosis:
    """Return the verdict of a recording: the mean z of its non-overlapping windows.

    Parameters
    ----------
    samples : array_like [shape=(n,)]
        One channel. What is left after the last whole window is not used.
    sample_rate_hz, bearing, speed, unit, line_frequency_hz
        As for `diagnose_window`.
    window_s : float > 0
        Length of a window; slow shafts get windows of 20 revolutions.

    Returns
    -------
    Diagnosis
        Hints are taken from the whole recording (its first 60 s), which tells shaft and
        mains apart better than a window does.

    Raises
    ------
    ParameterError
        If the rate, the window, the array's shape or its type is impossible.

    Examples
    --------
    >>> from kurto_dsp.bearings import SKF_6205_2RS_JEM
    >>> from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal
    >>> signal = MachineSignal(MachineModel(fault=Fault.OUTER_RACE, seed=1))
    >>> verdict = diagnose_record(
    ...     signal.samples(0, 51200)[0],
    ...     sample_rate_hz=25600,
    ...     bearing=SKF_6205_2RS_JEM,
    ...     speed=ShaftSpeed(29.95),
    ... )
    >>> verdict.fault.value
    'outer_race'
    """
    rate = require_sample_rate(sample_rate_hz)
    if not 0.0 < window_s < math.inf:
        raise ParameterError(f"window_s must be positive and finite, got {window_s}")
    row = as_row(samples)
    length = math.ceil(max(window_s, LEAST_REVOLUTIONS / speed.hz) * rate - 1e-6)
    length = min(length, len(row)) or 1
    starts = range(0, max(1, len(row) - length + 1), length)
    windows = [row[start : start + length] for start in starts]
    setup = _Setup(rate, bearing, speed, unit, line_frequency_hz)
    return _diagnose(windows, row[: int(LONGEST_PATTERN_S * rate)], setup)


def _problem(row: Float64Array, rate: float, speed: ShaftSpeed) -> str | None:
    problem = problem_of(row)
    if problem:
        return problem
    revolutions = len(row) / rate * speed.hz
    if revolutions < LEAST_REVOLUTIONS - 1e-6:
        return (
            f"{revolutions:.1f} revolutions are too few, {LEAST_REVOLUTIONS:g} are needed: "
            f"{LEAST_REVOLUTIONS / speed.hz:.1f} s at this speed"
        )
    return None


def _diagnose(windows: Sequence[Float64Array], whole: Float64Array, setup: _Setup) -> Diagnosis:
    """Return the verdict of windows of one length, with the hints of the whole stretch."""
    problems = [_problem(window, setup.sample_rate_hz, setup.speed) for window in windows]
    usable = [window for window, why in zip(windows, problems, strict=True) if not why]
    hints = setup.hints(whole)
    if not usable:
        return Diagnosis(Fault.UNCERTAIN, math.nan, hints=hints, reason=problems[-1] or "")
    spectra = setup.spectra(usable)
    scorer = family_scorer(setup.bearing, setup.speed, spectra[0])
    # Evidence is shown in the mean spectrum, in which the lines stand clearest.
    mean = mean_spectrum(spectra)
    *scored, of_mean = _families(scorer, [*spectra, mean])
    scores = mean_scores([{one.comb.fault: one.z for one in families} for families in scored])
    fault, reason = decide(scores, window_count=len(spectra))
    shown = [replace(one, z=scores[one.comb.fault]) for one in of_mean]
    if fault is not Fault.BALL:
        hints += cage_hint(mean, scorer, setup.speed)
    return Diagnosis(
        fault,
        highest(scores),
        MappingProxyType(dict(scores)),
        evidence_lines(mean, shown, setup.speed),
        tuple(sorted(hints, key=lambda hint: -hint.score)),
        f"{reason} (mean of {len(spectra)} windows)" if len(spectra) > 1 else reason,
    )


def _families(
    scorer: FamilyScorer, spectra: Sequence[EnvelopeSpectrum]
) -> list[tuple[FamilyScore, ...]]:
    """Return the scores of each spectrum, a few spectra at a time."""
    blocks = (spectra[first : first + ROWS] for first in range(0, len(spectra), ROWS))
    return [families for block in blocks for families in scorer.families(block)]
