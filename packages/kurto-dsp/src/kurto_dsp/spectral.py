"""Line powers of the Hann spectrum, and the features that are sums over them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import Float32Array, Float64Array, require_sample_rate
from kurto_dsp.bands import VELOCITY_BAND, FrequencyBand
from kurto_dsp.quality import QualityFlag

FIRST_LINE = 3
"""Lines below 3/T belong to the main lobe of the mean and of slow drift."""

ROUNDING_POWER = 1e-11
"""Part of a signal's mean square that a float32 transform may leave where nothing is."""

MM_PER_M = 1000.0


def hann_line_powers(block: Float32Array) -> Float64Array:
    """Return the mean-square value of each line of the Hann spectrum, energy-corrected.

    ``2|X_h|²/(N·Σw²)`` with the periodic Hann window, lines 0 and N/2 not doubled, so that
    the sum over all lines is the mean square of stationary noise (Parseval) and the three
    lines of a tone of amplitude A sum to A²/2.

    The window is applied to the spectrum (three taps) rather than to the samples: the
    plain spectrum is what envelope and cepstrum methods need, and one transform serves all.

    Parameters
    ----------
    block : Float32Array [shape=(rows, n)], n >= 4
        Mean removed. Overwritten.

    Returns
    -------
    Float64Array [shape=(rows, n // 2 + 1)]
        Each row's result is independent of the other rows, bit for bit.
    """
    length = block.shape[1]
    plain = fft.rfft(block, axis=-1, overwrite_x=True)
    powers = np.empty(plain.shape, np.float64)
    # Row by row, so that the intermediate spectra stay in the cache.
    for spectrum, row in zip(plain, powers, strict=True):
        np.copyto(row, _squared_hann_spectrum(spectrum, has_nyquist=length % 2 == 0))
    # Σw² = 3N/8 and |4·X_h|² = 16·|X_h|²: 2/(N·3N/8·16) = 1/(3N²)
    powers *= 1.0 / (3.0 * length * length)
    powers[:, 0] *= 0.5
    if length % 2 == 0:
        powers[:, -1] *= 0.5
    return powers


def _squared_hann_spectrum(plain: npt.NDArray[np.complex64], *, has_nyquist: bool) -> Float32Array:
    """Return |4·X_h|² of one row: X_h[k] = X[k]/2 - X[k-1]/4 - X[k+1]/4, as two differences."""
    hann = np.empty_like(plain)
    steps = plain[1:] - plain[:-1]
    np.subtract(steps[:-1], steps[1:], out=hann[1:-1])
    # Beyond either end the spectrum goes on with its own mirror image, conjugated.
    hann[0] = 2.0 * (plain[0].real - plain[1].real)
    mirrored = plain[-2] if has_nyquist else plain[-1]
    hann[-1] = steps[-1] - (np.conj(mirrored) - plain[-1])
    parts = hann.view(np.float32)
    np.multiply(parts, parts, out=parts)
    squared: Float32Array = parts[::2] + parts[1::2]
    return squared


@dataclass(frozen=True, eq=False, slots=True)
class SpectralPlan:
    """Line ranges and weights of the spectral features for one rate, length and band list.

    Use `plan_spectrum`.
    """

    frequencies_hz: Float64Array
    resolution_hz: float
    bands: tuple[slice | None, ...]
    velocity_lines: slice | None
    velocity_weights: Float64Array
    flags: QualityFlag


def plan_spectrum(
    *, sample_rate_hz: float, length: int, bands: Sequence[FrequencyBand]
) -> SpectralPlan:
    """Prepare the spectral features of windows of `length` samples.

    Bands above the usable part of the spectrum are None and raise BAND_UNAVAILABLE; so
    does velocity below 2 560 Hz. Velocity of windows under 3/10 Hz = 0.3 s is None too and
    raises TOO_SHORT.

    Raises
    ------
    ParameterError
        If the rate is not positive and finite.
    """
    rate = require_sample_rate(sample_rate_hz)
    frequencies_hz: Float64Array = np.arange(length // 2 + 1, dtype=np.float64) * (rate / length)
    flags = QualityFlag.NONE
    if not all(band.is_available(rate) for band in (*bands, VELOCITY_BAND)):
        flags |= QualityFlag.BAND_UNAVAILABLE
    velocity_lines = VELOCITY_BAND.lines(sample_rate_hz=rate, length=length)
    if velocity_lines.start < FIRST_LINE:
        flags |= QualityFlag.TOO_SHORT
    if velocity_lines.start < FIRST_LINE or not VELOCITY_BAND.is_available(rate):
        velocity_lines = slice(0, 0)
    angular: Float64Array = 2.0 * np.pi * frequencies_hz[velocity_lines]
    return SpectralPlan(
        frequencies_hz=frequencies_hz,
        resolution_hz=rate / length,
        bands=tuple(
            band.lines(sample_rate_hz=rate, length=length) if band.is_available(rate) else None
            for band in bands
        ),
        velocity_lines=velocity_lines if velocity_lines.stop else None,
        velocity_weights=1.0 / (angular * angular),
        flags=flags,
    )


def dominant_frequency(powers: Float64Array, resolution_hz: float) -> Float64Array:
    """Return the frequency of the largest line from 3/T up, in hertz.

    Interpolated by a parabola through the logarithms of the line and its neighbours
    (within 0.016 line of a pure tone); the last line is taken as it is.

    Parameters
    ----------
    powers : Float64Array [shape=(rows, lines)], lines > 4
    resolution_hz : float
        Distance of two lines.
    """
    rows = np.arange(len(powers))
    line = FIRST_LINE + np.argmax(powers[:, FIRST_LINE:], axis=-1)
    inner = np.minimum(line, powers.shape[1] - 2)
    below, at, above = (np.log(powers[rows, inner + step]) for step in (-1, 0, 1))
    shift = 0.5 * (below - above) / (below - 2.0 * at + above)
    usable = (inner == line) & (np.abs(shift) <= 0.5)
    frequency: Float64Array = (line + np.where(usable, shift, 0.0)) * resolution_hz
    return frequency


def spectral_centroid(powers: Float64Array, frequencies_hz: Float64Array) -> Float64Array:
    """Return the power-weighted mean frequency of the lines from 3/T up, in hertz.

    Parameters
    ----------
    powers : Float64Array [shape=(rows, lines)]
    frequencies_hz : Float64Array [shape=(lines,)]
    """
    considered = powers[:, FIRST_LINE:]
    weighted = np.add.reduce(considered * frequencies_hz[FIRST_LINE:], axis=-1)
    centroid: Float64Array = weighted / np.add.reduce(considered, axis=-1)
    return centroid


def band_rms(powers: Float64Array, lines: slice | None) -> Float64Array:
    """Return the RMS of the lines, NaN when the band is unavailable.

    Parameters
    ----------
    powers : Float64Array [shape=(rows, lines)]
    lines : slice or None
    """
    if lines is None:
        return np.full(len(powers), np.nan)
    rms: Float64Array = np.sqrt(np.add.reduce(powers[:, lines], axis=-1))
    return rms


def velocity_rms(
    powers: Float64Array, plan: SpectralPlan, mps2_per_unit: Float64Array
) -> Float64Array:
    """Return the velocity RMS from 10 to 1000 Hz in mm/s, NaN when unavailable.

    Parameters
    ----------
    powers : Float64Array [shape=(rows, lines)]
    plan : SpectralPlan
    mps2_per_unit : Float64Array [shape=(rows,)]
        Unit of each row's samples in m/s².
    """
    if plan.velocity_lines is None:
        return np.full(len(powers), np.nan)
    lines = powers[:, plan.velocity_lines] * plan.velocity_weights
    rms: Float64Array = np.sqrt(np.add.reduce(lines, axis=-1)) * mps2_per_unit * MM_PER_M
    return rms


def spectral_features(
    powers: Float64Array,
    plan: SpectralPlan,
    *,
    mean_square: Float64Array,
    mps2_per_unit: Float64Array,
) -> list[Float64Array]:
    """Return dominant frequency, centroid, each band's RMS and velocity RMS.

    Parameters
    ----------
    powers : Float64Array [shape=(rows, lines)]
        As from `hann_line_powers`.
    plan : SpectralPlan
    mean_square : Float64Array [shape=(rows,)]
        Of the samples. The two frequencies are NaN when no more of it than rounding error
        is left from 3/T up.
    mps2_per_unit : Float64Array [shape=(rows,)]
        Unit of each row's samples in m/s².
    """
    dominant = dominant_frequency(powers, plan.resolution_hz)
    centroid = spectral_centroid(powers, plan.frequencies_hz)
    remaining = np.add.reduce(powers[:, FIRST_LINE:], axis=-1)
    vanished = remaining <= ROUNDING_POWER * mean_square
    dominant[vanished] = np.nan
    centroid[vanished] = np.nan
    return [
        dominant,
        centroid,
        *(band_rms(powers, lines) for lines in plan.bands),
        velocity_rms(powers, plan, mps2_per_unit),
    ]
