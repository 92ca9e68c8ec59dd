"""The envelope of a band: magnitude of its analytic signal, at every second sample."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from kurto_dsp.arrays import Complex64Array, Float32Array, Float64Array, require_sample_rate
from kurto_dsp.bands import FrequencyBand, demodulation_band
from kurto_dsp.quality import QualityFlag

MIN_LINES = 3
"""Fewest lines of a band that has an envelope: two make a beat, one a constant."""

ROUNDING_VARIANCE = 1e-9
"""Part of a signal's mean square that rounding may leave as variance of a steady envelope."""

NEARLY_STEADY = 1e-4
"""Variance over squared mean of an envelope below which its mean is removed twice."""

ROWS_AT_ONCE = 4
"""Rows transformed together: they fill the transform's vectors, and the cache holds them."""


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


def envelope_features(
    spectrum: Complex64Array, plan: EnvelopePlan, rms: Float64Array
) -> Float64Array:
    """Return RMS, peak and kurtosis of the envelope, its mean removed.

    Parameters
    ----------
    spectrum : Complex64Array [shape=(rows, n // 2 + 1)]
        Real transform of the windows, unscaled, without a window function.
    plan : EnvelopePlan
    rms : Float64Array [shape=(rows,)]
        Of the samples, mean removed: the scale of the computation.

    Returns
    -------
    Float64Array [shape=(3, rows)]
        NaN throughout when the plan has no envelope; kurtosis is NaN where the envelope moves
        no more than rounding lets it. Each row's result is independent of the other rows, bit
        for bit.
    """
    features = np.full((3, len(spectrum)), np.nan)
    if plan.band is None:
        return features
    scale = (2.0 / (plan.length * rms)).astype(np.float32)
    buffer = np.empty((ROWS_AT_ONCE, plan.sample_count), np.complex64)
    for first in range(0, len(spectrum), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        envelope = _envelopes(spectrum[rows, plan.lines], scale[rows], buffer)
        features[:, rows] = _statistics(envelope)
    features[:2] *= rms
    return features


def _envelopes(lines: Complex64Array, scale: Float32Array, buffer: Complex64Array) -> Float32Array:
    """Return the envelope of each row, in units of its RMS.

    Moving the band down to line 0 turns the analytic signal but keeps its magnitude.
    """
    rows, count = lines.shape
    shifted = buffer[:rows]
    parts = shifted[:, :count].view(np.float32)
    np.multiply(lines.view(np.float32), scale[:, np.newaxis], out=parts)
    shifted[:, count:] = 0.0
    return np.abs(fft.ifft(shifted, axis=-1, norm="forward", overwrite_x=True))


def _statistics(envelope: Float32Array) -> Float64Array:
    """Return RMS, largest magnitude and kurtosis of each row about its mean. Overwrites."""
    count = np.float32(envelope.shape[1])
    mean = np.add.reduce(envelope, axis=-1) / count
    envelope -= mean[:, np.newaxis]
    square = envelope * envelope
    m2 = np.add.reduce(square, axis=-1) / count
    for row in np.flatnonzero(m2 < NEARLY_STEADY * mean * mean):
        # What rounding has left of the mean counts where little moves.
        envelope[row] -= np.add.reduce(envelope[row]) / count
        np.multiply(envelope[row], envelope[row], out=square[row])
        m2[row] = np.add.reduce(square[row]) / count
    peak = np.sqrt(np.maximum.reduce(square, axis=-1))
    square *= square
    m4 = np.add.reduce(square, axis=-1) / count
    kurtosis = np.where(m2 > ROUNDING_VARIANCE, m4 / (m2 * m2), np.nan)
    return np.stack([np.sqrt(m2), peak, kurtosis])
