"""Spectra of a window for display: amplitude or density, Hann, on a true hertz axis."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float64Array, as_samples, require_sample_rate
from kurto_dsp.assessment import assess
from kurto_dsp.moments import hop_statistics
from kurto_dsp.quality import MIN_SAMPLES, QualityFlag
from kurto_dsp.units import AccelerationUnit

HANN_COHERENT_GAIN = 0.5
"""Σw/N: amplitudes are divided by it, so a tone on a line reads its amplitude."""

HANN_NOISE_BANDWIDTH_LINES = 1.5
"""N·Σw²/(Σw)²: how many lines of noise one line of the amplitude spectrum collects."""


class SpectrumKind(StrEnum):
    """What the values of a spectrum are."""

    PEAK = "peak"
    """0-peak amplitude of a tone at each line, amplitude-corrected: 2|X|/Σw."""
    RMS = "rms"
    """RMS amplitude of a tone at each line, amplitude-corrected: √2|X|/Σw."""
    PEAK_TO_PEAK = "peak_to_peak"
    """Peak-to-peak amplitude of a tone at each line, amplitude-corrected: 4|X|/Σw."""
    POWER_DENSITY = "power_density"
    """One-sided power spectral density, energy-corrected: 2|X|²/(fs·Σw²)."""

    def unit(self, acceleration_unit: AccelerationUnit) -> str:
        """Return the unit of the values, such as "g" or "(m/s2)2/Hz"."""
        if self is not SpectrumKind.POWER_DENSITY:
            return acceleration_unit.value
        return "g2/Hz" if acceleration_unit is AccelerationUnit.G else "(m/s2)2/Hz"


@dataclass(frozen=True, eq=False, slots=True)
class Spectrum:
    """One-sided spectrum of one window of every channel.

    Parameters
    ----------
    kind : SpectrumKind
    frequencies_hz : Float64Array [shape=(lines,)]
        Frequency of each line: k·fs/N for k = 0 to N // 2.
    resolution_hz : float
        Distance of two lines; the Hann noise bandwidth is 1.5 times as wide.
    values : Float64Array [shape=(channels, lines)]
        NaN throughout a channel without a spectrum.
    quality : FlagArray [shape=(channels,)]
        `kurto_dsp.QualityFlag` bits.
    """

    kind: SpectrumKind
    frequencies_hz: Float64Array
    resolution_hz: float
    values: Float64Array
    quality: FlagArray


def compute_spectrum(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    kind: SpectrumKind = SpectrumKind.PEAK,
    full_scale: float | None = None,
) -> Spectrum:
    """Return the spectrum of a window: mean removed, periodic Hann window, float64.

    A tone between two lines reads up to 15 % (1.42 dB) low in an amplitude spectrum; a power
    density integrates to the signal's power wherever its lines fall.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    kind : SpectrumKind
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Returns
    -------
    Spectrum
        Constant channels read zero everywhere; channels that are too short, not finite
        or out of range read NaN. The flags say so.

    Raises
    ------
    ParameterError
        If the rate or the array's shape or type is impossible.
    """
    rate = require_sample_rate(sample_rate_hz)
    matrix = as_samples(samples)
    length = matrix.shape[1]
    frequencies_hz = np.arange(length // 2 + 1, dtype=np.float64) * (rate / max(1, length))
    values = np.full((matrix.shape[0], len(frequencies_hz)), np.nan)
    quality = np.full(matrix.shape[0], QualityFlag.TOO_SHORT, np.uint16)
    if length >= MIN_SAMPLES:
        statistics = hop_statistics(matrix)
        limit = np.full(matrix.shape[0], np.inf if full_scale is None else full_scale)
        with np.errstate(invalid="ignore"):
            quality = assess(statistics, limit, QualityFlag.NONE)
        usable = (quality & np.uint16(QualityFlag.NON_FINITE | QualityFlag.OUT_OF_RANGE)) == 0
        centred = matrix[usable].astype(np.float64)
        centred -= np.add.reduce(centred, axis=-1, keepdims=True) / length
        magnitudes = hann_magnitudes(centred)
        values[usable] = scale_magnitudes(magnitudes, length=length, sample_rate_hz=rate, kind=kind)
    return Spectrum(kind, frequencies_hz, rate / max(1, length), values, quality)


def hann_magnitudes(centred: Float64Array) -> Float64Array:
    """Return |X| of the one-sided spectrum under a periodic Hann window.

    Parameters
    ----------
    centred : Float64Array [shape=(rows, n)]
        Mean removed.

    Returns
    -------
    Float64Array [shape=(rows, n // 2 + 1)]
    """
    length = centred.shape[1]
    magnitude: Float64Array = np.abs(fft.rfft(centred * _hann(length), axis=-1))
    return magnitude


def scale_magnitudes(
    magnitude: Float64Array, *, length: int, sample_rate_hz: float, kind: SpectrumKind
) -> Float64Array:
    """Turn |X| under a Hann window into the values of a spectrum, in place.

    Parameters
    ----------
    magnitude : Float64Array [shape=(..., length // 2 + 1)]
        From `hann_magnitudes`, or a mean or maximum of such.
    length : int
        Samples per window.
    sample_rate_hz : float > 0
        Or samples per revolution: a density is per order then.
    kind : SpectrumKind

    Returns
    -------
    Float64Array
        The same array.
    """
    # Lines 0 and N/2 have no mirror image: they are one sinusoid's whole value, not half.
    single = [0] if length % 2 else [0, -1]
    if kind is SpectrumKind.POWER_DENSITY:
        window = _hann(length)
        magnitude *= magnitude
        magnitude *= 2.0 / (sample_rate_hz * float(np.add.reduce(window * window)))
        magnitude[..., single] *= 0.5
        return magnitude
    magnitude *= 2.0 / (length * HANN_COHERENT_GAIN)
    magnitude[..., single] *= 0.5
    if kind is SpectrumKind.RMS:
        rms_per_peak = np.full(magnitude.shape[-1], np.sqrt(0.5))
        rms_per_peak[single] = 1.0
        magnitude *= rms_per_peak
    elif kind is SpectrumKind.PEAK_TO_PEAK:
        magnitude *= 2.0
    return magnitude


def _hann(length: int) -> Float64Array:
    window: Float64Array = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
    return window
