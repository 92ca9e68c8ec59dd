"""Line powers of the Hann spectrum, and the features that are sums over them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Complex64Array, Float32Array, Float64Array, require_sample_rate
from kurto_dsp.bands import VELOCITY_BAND, FrequencyBand
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectral_shape import FIRST_LINE, spectral_shape

ROUNDING_POWER = 1e-11
"""Part of a signal's mean square that a float32 transform may leave where nothing is."""

MM_PER_M = 1e3
UM_PER_M = 1e6


def hann_line_powers(
    spectrum: Complex64Array, *, length: int, mean_square: Float64Array
) -> Float32Array:
    """Return the power of each line of the Hann spectrum as a part of the samples' mean square.

    ``2|X_h|²/(N·Σw²)`` with the periodic Hann window (energy-corrected), lines 0 and N/2 not
    doubled, so that the sum over all lines is the mean square of stationary noise (Parseval)
    and the three lines of a tone of amplitude A sum to A²/2: relative to the mean square, to 1.

    The window is applied to the spectrum (three taps) rather than to the samples: the
    plain spectrum is what the envelope needs, and one transform serves both.

    Parameters
    ----------
    spectrum : Complex64Array [shape=(rows, n // 2 + 1)], n >= 4
        Real transform of the samples, mean removed, unscaled.
    length : int
        n, samples of the window.
    mean_square : Float64Array [shape=(rows,)]
        Of the samples. Relative to it, lines stay in the range of float32.

    Returns
    -------
    Float32Array [shape=(rows, n // 2 + 1)]
        Each row's result is independent of the other rows, bit for bit.
    """
    powers = np.empty(spectrum.shape, np.float32)
    # Σw² = 3N/8 and |4·X_h|² = 16·|X_h|²: 2/(N·3N/8·16) = 1/(3N²)
    scales = (1.0 / (3.0 * length * length * mean_square)).astype(np.float32)
    # Row by row, so that the intermediate spectra stay in the cache.
    for plain, scale, row in zip(spectrum, scales, powers, strict=True):
        squared = _squared_hann_spectrum(plain, has_nyquist=length % 2 == 0)
        np.multiply(squared, scale, out=row)
    powers[:, 0] *= np.float32(0.5)
    if length % 2 == 0:
        powers[:, -1] *= np.float32(0.5)
    return powers


def _squared_hann_spectrum(plain: Complex64Array, *, has_nyquist: bool) -> Float32Array:
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

    resolution_hz: float
    bands: tuple[slice | None, ...]
    velocity_lines: slice | None
    squared_periods: Float32Array
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
    flags = QualityFlag.NONE
    if not all(band.is_available(rate) for band in (*bands, VELOCITY_BAND)):
        flags |= QualityFlag.BAND_UNAVAILABLE
    velocity_lines = VELOCITY_BAND.lines(sample_rate_hz=rate, length=length)
    if velocity_lines.start < FIRST_LINE:
        flags |= QualityFlag.TOO_SHORT
    if velocity_lines.start < FIRST_LINE or not VELOCITY_BAND.is_available(rate):
        velocity_lines = slice(0, 0)
    lines = np.arange(velocity_lines.start, velocity_lines.stop, dtype=np.float64)
    angular: Float64Array = lines * (2.0 * np.pi * rate / length)
    return SpectralPlan(
        resolution_hz=rate / length,
        bands=tuple(
            band.lines(sample_rate_hz=rate, length=length) if band.is_available(rate) else None
            for band in bands
        ),
        velocity_lines=velocity_lines if velocity_lines.stop else None,
        squared_periods=(1.0 / (angular * angular)).astype(np.float32),
        flags=flags,
    )


def dominant_frequency(powers: Float32Array, resolution_hz: float) -> Float64Array:
    """Return the frequency of the largest line from 3/T up, in hertz.

    Interpolated by a parabola through the logarithms of the line and its neighbours
    (within 0.016 line of a pure tone); the last line is taken as it is.

    Parameters
    ----------
    powers : Float32Array [shape=(rows, lines)], lines > 4
    resolution_hz : float
        Distance of two lines.
    """
    rows = np.arange(len(powers))
    line = FIRST_LINE + np.argmax(powers[:, FIRST_LINE:], axis=-1)
    inner = np.minimum(line, powers.shape[1] - 2)
    neighbours = [powers[rows, inner + step].astype(np.float64) for step in (-1, 0, 1)]
    below, at, above = np.log(neighbours)
    shift = 0.5 * (below - above) / (below - 2.0 * at + above)
    usable = (inner == line) & (np.abs(shift) <= 0.5)
    frequency: Float64Array = (line + np.where(usable, shift, 0.0)) * resolution_hz
    return frequency


def band_rms(powers: Float32Array, lines: slice | None, rms: Float64Array) -> Float64Array:
    """Return the RMS of the lines, NaN when the band is unavailable.

    Parameters
    ----------
    powers : Float32Array [shape=(rows, lines)]
        As from `hann_line_powers`.
    lines : slice or None
    rms : Float64Array [shape=(rows,)]
        Of the samples.
    """
    if lines is None:
        return np.full(len(powers), np.nan)
    inside: Float64Array = rms * np.sqrt(np.add.reduce(powers[:, lines], axis=-1))
    return inside


def integrated_rms(
    powers: Float32Array, plan: SpectralPlan, rms_mps2: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return velocity RMS in mm/s and displacement RMS in µm, 10 to 1000 Hz.

    Each line's power over (2πf)², and once more over (2πf)². NaN when unavailable.

    Parameters
    ----------
    powers : Float32Array [shape=(rows, lines)]
        As from `hann_line_powers`.
    plan : SpectralPlan
    rms_mps2 : Float64Array [shape=(rows,)]
        Of the samples, in m/s².
    """
    if plan.velocity_lines is None:
        return np.full(len(powers), np.nan), np.full(len(powers), np.nan)
    lines = powers[:, plan.velocity_lines] * plan.squared_periods
    velocity = rms_mps2 * np.sqrt(np.add.reduce(lines, axis=-1)) * MM_PER_M
    lines *= plan.squared_periods
    displacement = rms_mps2 * np.sqrt(np.add.reduce(lines, axis=-1)) * UM_PER_M
    return velocity, displacement


def spectral_features(
    powers: Float32Array,
    plan: SpectralPlan,
    *,
    rms: Float64Array,
    mps2_per_unit: Float64Array,
) -> list[Float64Array]:
    """Return the features of the Hann spectrum, in the catalogue's order.

    Dominant frequency, centroid, bandwidth, entropy, flatness, each band's RMS, velocity RMS
    and displacement RMS.

    Parameters
    ----------
    powers : Float32Array [shape=(rows, lines)]
        As from `hann_line_powers`.
    plan : SpectralPlan
    rms : Float64Array [shape=(rows,)]
        Of the samples.
    mps2_per_unit : Float64Array [shape=(rows,)]
        Unit of each row's samples in m/s².

    Returns
    -------
    list of Float64Array [shape=(rows,)]
        Frequencies, entropy and flatness are NaN when no more of the mean square than
        rounding error is left from 3/T up.
    """
    dominant = dominant_frequency(powers, plan.resolution_hz)
    total, *shape = spectral_shape(powers, plan.resolution_hz)
    vanished = total <= ROUNDING_POWER
    return [
        *(np.where(vanished, np.nan, feature) for feature in (dominant, *shape)),
        *(band_rms(powers, lines, rms) for lines in plan.bands),
        *integrated_rms(powers, plan, rms * mps2_per_unit),
    ]
