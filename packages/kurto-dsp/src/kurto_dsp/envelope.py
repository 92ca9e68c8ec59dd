"""The envelope of a band: magnitude of its analytic signal."""

import math
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Complex64Array, Float32Array, require_sample_rate
from kurto_dsp.band_magnitudes import BandMagnitudes
from kurto_dsp.bands import FrequencyBand, demodulation_band
from kurto_dsp.compiled import compiled
from kurto_dsp.quality import QualityFlag

MIN_LINES = 3
"""Fewest lines of a band that has an envelope: two make a beat, one a constant."""

ROUNDING_VARIANCE = 1e-9
"""Part of a signal's mean square that rounding may leave as variance of a steady envelope."""


@dataclass(frozen=True, eq=False, slots=True)
class EnvelopePlan:
    """Lines of the demodulation band of windows of one length. Use `plan_envelope`.

    Parameters
    ----------
    band : FrequencyBand or None
        None when there is no envelope; `flags` say why.
    lines : slice
        Its lines of the real transform of the window.
    length : int
        Samples of the window.
    flags : QualityFlag
    """

    band: FrequencyBand | None
    lines: slice
    length: int
    flags: QualityFlag


def plan_envelope(
    *, sample_rate_hz: float, length: int, band: FrequencyBand | None = None
) -> EnvelopePlan:
    """Prepare the envelope of windows of `length` samples.

    Parameters
    ----------
    sample_rate_hz : float > 0
    length : int >= 1
    band : FrequencyBand, optional
        ``demodulation_band(sample_rate_hz)`` by default. One that reaches above the usable
        part of the spectrum, and rates without a default band, raise BAND_UNAVAILABLE; windows
        too short for three lines of the band raise TOO_SHORT.

    Raises
    ------
    ParameterError
        If the rate is not positive and finite.
    """
    rate = require_sample_rate(sample_rate_hz)
    chosen = band or demodulation_band(rate)
    if chosen is None or not chosen.is_available(rate):
        return EnvelopePlan(None, slice(0), length, QualityFlag.BAND_UNAVAILABLE)
    lines = chosen.lines(sample_rate_hz=rate, length=length)
    if lines.stop - lines.start < MIN_LINES:
        return EnvelopePlan(None, slice(0), length, QualityFlag.TOO_SHORT)
    return EnvelopePlan(chosen, lines, length, QualityFlag.NONE)


class EnvelopeFeatures:
    """Computes the features of the envelopes of one plan, with buffers of its own.

    Parameters
    ----------
    plan : EnvelopePlan
    """

    def __init__(self, plan: EnvelopePlan) -> None:
        self._plan = plan
        if plan.band is not None:
            line_count = plan.lines.stop - plan.lines.start
            self._magnitudes = BandMagnitudes(plan.length, line_count)
            self._add = compiled(add_deviations)

    def of(self, spectrum: Complex64Array, *, rms: float) -> tuple[float, float, float]:
        """Return RMS, peak and kurtosis of the envelope, its mean removed.

        Parameters
        ----------
        spectrum : Complex64Array [shape=(n // 2 + 1,)]
            Real transform of a window, unscaled, without a window function.
        rms : float > 0
            Of the samples, mean removed: the scale of the computation.

        Returns
        -------
        tuple of three float
            NaN when the plan has no envelope; kurtosis is NaN where the envelope moves no more
            than rounding lets it.
        """
        if self._plan.band is None:
            return math.nan, math.nan, math.nan
        # Moving the band down to line 0 turns the analytic signal but keeps its magnitude.
        scale = 2.0 / (self._plan.length * rms)
        magnitudes, total = self._magnitudes.of(spectrum[self._plan.lines], scale)
        mean = total / self._plan.length
        deviation, peak, kurtosis = self._statistics(magnitudes, mean)
        return deviation * rms, peak * rms, kurtosis

    def _statistics(self, magnitudes: Float32Array, mean: float) -> tuple[float, float, float]:
        """Return RMS, largest magnitude and kurtosis of the envelope about its mean."""
        total2, total4 = self._add(magnitudes, mean)
        m2, m4 = total2 / self._plan.length, total4 / self._plan.length
        peak = max(float(magnitudes.max()) - mean, mean - float(magnitudes.min()))
        return math.sqrt(m2), peak, m4 / (m2 * m2) if m2 > ROUNDING_VARIANCE else math.nan


def add_deviations(values: Float32Array, mean: float) -> tuple[float, float]:
    """Return the sums of the second and fourth powers of the deviations of all values."""
    total2 = total4 = 0.0
    for k in range(len(values)):
        deviation = np.float64(values[k]) - mean
        square = deviation * deviation
        total2 += square
        total4 += square * square
    return total2, total4
