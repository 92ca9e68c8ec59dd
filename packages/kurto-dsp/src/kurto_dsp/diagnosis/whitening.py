"""Cepstrum pre-whitening and the squared envelope spectrum of what it leaves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from kurto_dsp.arrays import Float64Array, require_sample_rate
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.diagnosis.record_lines import (
    STRIDES,
    Complex128Array,
    RecordLines,
    hann_of,
    lowest_lines,
    record_lines,
    without_mean,
)
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import MAX_AMPLITUDE, MIN_RMS, MIN_SAMPLES

SMALLEST_MAGNITUDE = 1e-9
"""Part of the largest line below which a line holds nothing but rounding, and stays small."""

FLOOR_LINES = 151
"""Lines of the running median: wide against a family's lines, narrow against the slope."""


@dataclass(frozen=True, eq=False, slots=True)
class EnvelopeSpectrum:
    """Magnitude of the pre-whitened squared envelope's spectrum, Hann, from line 0.

    Parameters
    ----------
    magnitude : Float64Array [shape=(lines,)]
        Without unit: whitening takes all levels away, ratios of lines remain.
    resolution_hz : float
        Distance of two lines, 1/T.
    """

    magnitude: Float64Array
    resolution_hz: float

    @property
    def duration_s(self) -> float:
        """Length T of the samples."""
        return 1.0 / self.resolution_hz

    @property
    def highest_hz(self) -> float:
        """Frequency of the last line."""
        return (len(self.magnitude) - 1) * self.resolution_hz

    def relative(self, cap: float) -> Float64Array:
        """Return each line over the running median of the lines around it, at most `cap`.

        Parameters
        ----------
        cap : float > 1

        Returns
        -------
        Float64Array [shape=(lines,)]
        """
        width = min(FLOOR_LINES, len(self.magnitude) // 2 * 2 - 1)
        floor = ndimage.median_filter(self.magnitude, size=max(1, width), mode="nearest")
        floor = np.maximum(floor, np.finfo(np.float64).tiny)
        return np.minimum(self.magnitude / floor, cap)


def mean_spectrum(spectra: Sequence[EnvelopeSpectrum]) -> EnvelopeSpectrum:
    """Return the mean magnitude of the spectra of windows of one length.

    Parameters
    ----------
    spectra : sequence of EnvelopeSpectrum
        At least one.
    """
    total = np.add.reduce([spectrum.magnitude for spectrum in spectra])
    return EnvelopeSpectrum(total / len(spectra), spectra[0].resolution_hz)


def problem_of(samples: npt.ArrayLike) -> str | None:
    """Return why samples cannot be analysed, or None if they can.

    Parameters
    ----------
    samples : array_like [shape=(n,)]

    Raises
    ------
    ParameterError
        If the samples are not one row of real numbers.
    """
    array = as_row(samples)
    if len(array) < MIN_SAMPLES:
        return f"only {len(array)} samples"
    low, high = float(np.min(array)), float(np.max(array))
    # NaN is the lowest and the highest of what it is among.
    if not (math.isfinite(low) and math.isfinite(high)):
        return "some samples are not finite"
    if low == high:
        return "all samples are equal"
    # What swings that far has at least this deviation, and the sum is spared.
    steady = high - low < 2.0 * math.sqrt(len(array)) * MIN_RMS
    if max(high, -low) > MAX_AMPLITUDE or (steady and float(np.std(array)) < MIN_RMS):
        return "the amplitude is none that an accelerometer can produce"
    return None


def as_row(samples: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the samples of one channel as float64.

    Raises
    ------
    ParameterError
        If the array is not numeric or has more than one dimension.
    """
    array = np.asarray(samples)
    if array.dtype.kind not in "fiu" or array.ndim != 1:
        raise ParameterError(
            f"samples must be real numbers of shape (n,), one channel; "
            f"got dtype {array.dtype}, shape {array.shape}"
        )
    return array.astype(np.float64, copy=False)


def whitened_envelope_spectrum(
    samples: npt.ArrayLike, *, sample_rate_hz: float, highest_hz: float
) -> EnvelopeSpectrum:
    """Return the squared envelope spectrum of pre-whitened samples up to `highest_hz`.

    Every line of the spectrum up to 0.39 fs is set to magnitude one, its phase kept:
    discrete components and resonances no longer dominate, impulses stay (Sawalhi & Randall
    2011; Borghesani et al. 2013). The lines are then moved down to zero and padded, which
    gives the band's analytic signal at a low rate in one small inverse transform; its
    squared magnitude, mean removed, is transformed with a periodic Hann window.

    Parameters
    ----------
    samples : array_like [shape=(n,)], n >= 16
        One channel, finite and not constant; see `problem_of`.
    sample_rate_hz : float > 0
    highest_hz : float > 0
        Highest frequency wanted; the result may end below it, at 0.39 fs.

    Returns
    -------
    EnvelopeSpectrum

    Raises
    ------
    ParameterError
        If the rate, the array's shape or its type is impossible.
    """
    rate = require_sample_rate(sample_rate_hz)
    lines = record_lines(without_mean(as_row(samples)[np.newaxis]), rate)
    return whitened_envelopes(lines, highest_hz=highest_hz)[0]


def whitened_envelopes(lines: RecordLines, *, highest_hz: float) -> list[EnvelopeSpectrum]:
    """Return the squared envelope spectra of pre-whitened records of one length.

    Parameters
    ----------
    lines : RecordLines
        All lines of the records, shape (records, lines); see `whitened_envelope_spectrum`.
    highest_hz : float > 0
    """
    band = lines.values[:, 1 : int(USABLE_FRACTION * lines.length) + 1]
    wanted = min(int(np.ceil(highest_hz / lines.resolution_hz)) + 1, band.shape[-1])
    envelope = _squared_envelope(band, wanted)
    spectra = np.abs(hann_of(lowest_lines(envelope, wanted + 1)))
    return [EnvelopeSpectrum(spectrum, lines.resolution_hz) for spectrum in spectra]


def _squared_envelope(band: Complex128Array, wanted: int) -> Float64Array:
    """Return the squared envelope of whitened bands, mean removed, at a low rate."""
    magnitude = np.abs(band)
    least = SMALLEST_MAGNITUDE * np.max(magnitude, axis=-1, keepdims=True)
    np.maximum(magnitude, np.maximum(least, np.finfo(np.float64).tiny), out=magnitude)
    # Products of two lines reach as far apart as the band is wide: with the padding, those
    # that wrap around fall above the lines that are wanted.
    width = band.shape[-1]
    length = STRIDES[0] * fft.next_fast_len(-(-(width + wanted) // STRIDES[0]))
    white = np.zeros((len(band), length), np.complex128)
    np.divide(band.real, magnitude, out=white.real[:, :width])
    np.divide(band.imag, magnitude, out=white.imag[:, :width])
    analytic = fft.ifft(white, overwrite_x=True)
    envelope: Float64Array = np.square(analytic.real)
    envelope += np.square(analytic.imag)
    envelope -= np.add.reduce(envelope, axis=-1, keepdims=True) / envelope.shape[-1]
    return envelope
