"""Line powers of the Hann spectrum, and the features that are sums over them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Complex64Array, Float32Array, Float64Array, require_sample_rate
from kurto_dsp.bands import VELOCITY_BAND, FrequencyBand
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectral_shape import FIRST_LINE, ShapeOfLines

ROUNDING_POWER = 1e-11
"""Part of a signal's mean square that a float32 transform may leave where nothing is."""

MM_PER_M = 1e3
UM_PER_M = 1e6

_HALF = np.float32(0.5)


class HannPowers:
    """Line powers of windows of one length under the periodic Hann window.

    The window is applied to the spectrum (three taps) rather than to the samples: the
    plain spectrum is what the envelope needs, and one transform serves both.

    Parameters
    ----------
    length : int >= 4
        n, samples of a window.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        line_count = length // 2 + 1
        self._steps = np.empty(line_count + 1, np.complex64)
        self._hann = np.empty(line_count, np.complex64)
        self._powers = np.empty(line_count, np.float32)

    def of(self, plain: Complex64Array) -> Float32Array:
        """Return ``|4·X_h|²`` of each line, halved for lines 0 and N/2.

        Parameters
        ----------
        plain : Complex64Array [shape=(n // 2 + 1,)]
            Real transform of the samples, mean removed, unscaled.

        Returns
        -------
        Float32Array [shape=(n // 2 + 1,)]
            In units of `per_mean_square`. Overwritten by the next call.
        """
        powers = np.abs(self._spectrum(plain), out=self._powers)
        powers *= powers
        powers[0] *= _HALF
        if self._length % 2 == 0:
            powers[-1] *= _HALF
        return powers

    def per_mean_square(self, mean_square: float) -> float:
        """Return what the lines are to be multiplied by to be parts of the samples' mean square.

        Then they are ``2|X_h|²/(N·Σw²)``, energy-corrected: the sum over all lines is the mean
        square of stationary noise (Parseval), and the three lines of a tone of amplitude A sum
        to A²/2: relative to the mean square, to 1.

        Parameters
        ----------
        mean_square : float > 0
        """
        # Σw² = 3N/8 and |4·X_h|² = 16·|X_h|²: 2/(N·3N/8·16) = 1/(3N²)
        return 1.0 / (3.0 * self._length * self._length * mean_square)

    def _spectrum(self, plain: Complex64Array) -> Complex64Array:
        """Return 4·X_h: X_h[k] = X[k]/2 - X[k-1]/4 - X[k+1]/4, as two differences."""
        steps = self._steps
        np.subtract(plain[1:], plain[:-1], out=steps[1:-1])
        # Beyond either end the spectrum goes on with its own mirror image, conjugated.
        steps[0] = plain[0] - plain[1].conjugate()
        mirrored = plain[-2] if self._length % 2 == 0 else plain[-1]
        steps[-1] = mirrored.conjugate() - plain[-1]
        return np.subtract(steps[:-1], steps[1:], out=self._hann)


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


def dominant_frequency(powers: Float32Array, resolution_hz: float) -> float:
    """Return the frequency of the largest line from 3/T up, in hertz.

    Interpolated by a parabola through the logarithms of the line and its neighbours
    (within 0.016 line of a pure tone); the last line is taken as it is.

    Parameters
    ----------
    powers : Float32Array [shape=(lines,)], lines > 4
    resolution_hz : float
        Distance of two lines.
    """
    line = FIRST_LINE + int(powers[FIRST_LINE:].argmax())
    if line == len(powers) - 1:
        return line * resolution_hz
    neighbours = powers[line - 1 : line + 2].tolist()
    if min(neighbours) <= 0.0:
        return line * resolution_hz
    below, at, above = map(math.log, neighbours)
    curvature = below - 2.0 * at + above
    shift = 0.5 * (below - above) / curvature if curvature < 0.0 else math.inf
    # On the slope of what lies below 3/T there is no top to interpolate.
    return (line + (shift if abs(shift) <= 0.5 else 0.0)) * resolution_hz


def band_rms(powers: Float32Array, lines: slice | None, scale: float) -> float:
    """Return the RMS of the lines, NaN when the band is unavailable.

    Parameters
    ----------
    powers : Float32Array [shape=(lines,)]
        As from `HannPowers`.
    lines : slice or None
    scale : float > 0
        Mean square that a power of 1 stands for.
    """
    if lines is None:
        return math.nan
    return math.sqrt(scale * float(np.add.reduce(powers[lines])))


def integrated_rms(
    powers: Float32Array, plan: SpectralPlan, scale_mps2: float
) -> tuple[float, float]:
    """Return velocity RMS in mm/s and displacement RMS in µm, 10 to 1000 Hz.

    Each line's power over (2πf)², and once more over (2πf)². NaN when unavailable.

    Parameters
    ----------
    powers : Float32Array [shape=(lines,)]
        As from `HannPowers`.
    plan : SpectralPlan
    scale_mps2 : float > 0
        Mean square in (m/s²)² that a power of 1 stands for.
    """
    if plan.velocity_lines is None:
        return math.nan, math.nan
    lines = powers[plan.velocity_lines] * plan.squared_periods
    velocity = math.sqrt(scale_mps2 * float(np.add.reduce(lines))) * MM_PER_M
    lines *= plan.squared_periods
    displacement = math.sqrt(scale_mps2 * float(np.add.reduce(lines))) * UM_PER_M
    return velocity, displacement


def spectral_features(
    powers: Float32Array,
    plan: SpectralPlan,
    *,
    shape: ShapeOfLines,
    relative: float,
    mean_square: float,
    mps2_per_unit: float,
) -> list[float]:
    """Return the features of the Hann spectrum, in the catalogue's order.

    Dominant frequency, centroid, bandwidth, entropy, flatness, each band's RMS, velocity RMS
    and displacement RMS.

    Parameters
    ----------
    powers : Float32Array [shape=(lines,)]
        As from `HannPowers`.
    plan : SpectralPlan
    shape : ShapeOfLines
        For as many lines.
    relative : float > 0
        Part of the samples' mean square that a power of 1 stands for.
    mean_square : float > 0
        Of the samples.
    mps2_per_unit : float > 0
        Unit of the samples in m/s².

    Returns
    -------
    list of float
        Frequencies, entropy and flatness are NaN when no more of the mean square than
        rounding error is left from 3/T up.
    """
    power = float(np.add.reduce(powers[FIRST_LINE:]))
    of_lines = [math.nan] * 5
    if relative * power > ROUNDING_POWER:
        of_shape = shape.shape(powers, power=power, resolution_hz=plan.resolution_hz)
        of_lines = [dominant_frequency(powers, plan.resolution_hz), *of_shape]
    scale = relative * mean_square
    return [
        *of_lines,
        *(band_rms(powers, lines, scale) for lines in plan.bands),
        *integrated_rms(powers, plan, scale * mps2_per_unit * mps2_per_unit),
    ]
