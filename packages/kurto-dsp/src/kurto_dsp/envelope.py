"""The envelope of a band: magnitude of its analytic signal, at every second sample."""

import math
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Complex64Array, require_sample_rate
from kurto_dsp.bands import FrequencyBand, demodulation_band
from kurto_dsp.quality import QualityFlag
from kurto_dsp.run_sums import inner, padded_zeros, total
from kurto_dsp.shuffled_inverse import ShuffledInverse

MIN_LINES = 3
"""Fewest lines of a band that has an envelope: two make a beat, one a constant."""

ROUNDING_VARIANCE = 1e-9
"""Part of a signal's mean square that rounding may leave as variance of a steady envelope."""

NEARLY_STEADY = 1e-4
"""Variance over squared mean of an envelope below which its mean is removed twice."""


@dataclass(frozen=True, eq=False, slots=True)
class EnvelopePlan:
    """Lines of the demodulation band, and how many samples its envelope has. Use `plan_envelope`.

    Parameters
    ----------
    band : FrequencyBand or None
        None when there is no envelope; `flags` say why.
    lines : slice
        Its lines of the real transform of the window.
    length : int
        Samples of the window.
    sample_count : int
        Samples of the envelope: every second one of the window, or all if `length` is odd.
    flags : QualityFlag
    """

    band: FrequencyBand | None
    lines: slice
    length: int
    sample_count: int
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
    # A usable band fills less than 0.4 of the rate: half the rate holds its analytic signal.
    sample_count = length if length % 2 else length // 2
    if chosen is None or not chosen.is_available(rate):
        return EnvelopePlan(None, slice(0), length, sample_count, QualityFlag.BAND_UNAVAILABLE)
    lines = chosen.lines(sample_rate_hz=rate, length=length)
    if lines.stop - lines.start < MIN_LINES:
        return EnvelopePlan(None, slice(0), length, sample_count, QualityFlag.TOO_SHORT)
    return EnvelopePlan(chosen, lines, length, sample_count, QualityFlag.NONE)


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
            self._inverse = ShuffledInverse(plan.sample_count, line_count)
            self._padded_envelope = padded_zeros(plan.sample_count)
            self._padded_square = padded_zeros(plan.sample_count)

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
        # Moving the band down to line 0 turns the analytic signal but keeps its magnitude, and
        # statistics do not ask for the order of its samples.
        scale = 2.0 / (self._plan.length * rms)
        analytic = self._inverse.samples(spectrum[self._plan.lines], scale)
        np.abs(analytic, out=self._padded_envelope[: self._plan.sample_count])
        deviation, peak, kurtosis = self._statistics(self._plan.sample_count)
        return deviation * rms, peak * rms, kurtosis

    def _statistics(self, count: int) -> tuple[float, float, float]:
        """Return RMS, largest magnitude and kurtosis of the envelope about its mean."""
        envelope = self._padded_envelope[:count]
        square = self._padded_square[:count]
        mean = total(self._padded_envelope) / count
        envelope -= np.float32(mean)
        np.multiply(envelope, envelope, out=square)
        m2 = total(self._padded_square) / count
        if m2 < NEARLY_STEADY * mean * mean:
            # What rounding has left of the mean counts where little moves.
            envelope -= np.float32(total(self._padded_envelope) / count)
            np.multiply(envelope, envelope, out=square)
            m2 = total(self._padded_square) / count
        peak = math.sqrt(square.max())
        m4 = inner(self._padded_square, self._padded_square) / count
        return math.sqrt(m2), peak, m4 / (m2 * m2) if m2 > ROUNDING_VARIANCE else math.nan
