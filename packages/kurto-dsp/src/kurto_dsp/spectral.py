"""Line powers of the Hann spectrum, and the features that are sums over them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Complex64Array, Float32Array, Float64Array, require_sample_rate
from kurto_dsp.bands import VELOCITY_BAND, FrequencyBand
from kurto_dsp.compiled import compiled
from kurto_dsp.line_sums import FIRST_LINE, LineSummation, LineSums
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectral_shape import ShapeOfLines

ROUNDING_POWER = 1e-11
"""Part of a signal's mean square that a float32 transform may leave where nothing is."""

MM_PER_M = 1e3
UM_PER_M = 1e6


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
        self._powers = np.empty(length // 2 + 1, np.float32)
        self._write = compiled(write_hann_powers)

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
        self._write(plain, self._length, self._powers)
        return self._powers

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


def write_hann_powers(plain: Complex64Array, length: int, powers: Float32Array) -> None:
    """Write ``|4·X_h|²``: X_h[k] = X[k]/2 - X[k-1]/4 - X[k+1]/4, as two differences.

    Parameters
    ----------
    plain : Complex64Array [shape=(n // 2 + 1,)]
    length : int >= 4
        n.
    powers : Float32Array [shape=(n // 2 + 1,)]
        Overwritten.
    """
    last = len(plain) - 1
    for k in range(1, last):
        line = (plain[k] - plain[k - 1]) + (plain[k] - plain[k + 1])
        powers[k] = line.real * line.real + line.imag * line.imag
    # Beyond either end the spectrum goes on with its own mirror image, conjugated.
    line = (plain[0] - plain[1].conjugate()) + (plain[0] - plain[1])
    powers[0] = 0.5 * (line.real * line.real + line.imag * line.imag)
    mirrored = plain[last - 1] if length % 2 == 0 else plain[last]
    line = (plain[last] - plain[last - 1]) + (plain[last] - mirrored.conjugate())
    share = 0.5 if length % 2 == 0 else 1.0
    powers[last] = share * (line.real * line.real + line.imag * line.imag)


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


class SpectralFeatures:
    """Computes the features of the Hann spectra of one plan, with buffers of its own.

    Parameters
    ----------
    plan : SpectralPlan
    length : int >= 4
        Samples of a window.
    """

    def __init__(self, plan: SpectralPlan, length: int) -> None:
        self._plan = plan
        self._powers = HannPowers(length)
        nothing = slice(0, 0)
        self._sums = LineSummation(
            [lines or nothing for lines in plan.bands],
            plan.velocity_lines or nothing,
            plan.squared_periods,
        )
        self._shape = ShapeOfLines(length // 2 + 1)

    def of(
        self, spectrum: Complex64Array, *, mean_square: float, mps2_per_unit: float
    ) -> list[float]:
        """Return the features in the catalogue's order.

        Dominant frequency, centroid, bandwidth, entropy, flatness, each band's RMS, velocity RMS
        and displacement RMS.

        Parameters
        ----------
        spectrum : Complex64Array [shape=(n // 2 + 1,)]
            Real transform of the samples, mean removed, unscaled.
        mean_square : float > 0
            Of the samples.
        mps2_per_unit : float > 0
            Unit of the samples in m/s².

        Returns
        -------
        list of float
            Frequencies, entropy and flatness are NaN when no more of the mean square than
            rounding error is left from 3/T up; bands and velocity when they are unavailable.
        """
        powers = self._powers.of(spectrum)
        sums = self._sums.of(powers)
        relative = self._powers.per_mean_square(mean_square)
        of_lines = [math.nan] * 5
        if relative * sums.power > ROUNDING_POWER:
            resolution_hz = self._plan.resolution_hz
            of_shape = self._shape.of(powers, sums, resolution_hz=resolution_hz)
            of_lines = [dominant_frequency(powers, resolution_hz), *of_shape]
        scale = relative * mean_square
        return [
            *of_lines,
            *self._of_bands(sums, scale),
            *self._of_motion(sums, scale * mps2_per_unit * mps2_per_unit),
        ]

    def _of_bands(self, sums: LineSums, scale: float) -> list[float]:
        """Return the RMS of each band; `scale` is the mean square that a power of 1 stands for."""
        pairs = zip(sums.bands, self._plan.bands, strict=True)
        return [math.nan if lines is None else math.sqrt(scale * power) for power, lines in pairs]

    def _of_motion(self, sums: LineSums, scale_mps2: float) -> tuple[float, float]:
        """Return velocity RMS in mm/s and displacement RMS in µm, 10 to 1000 Hz."""
        if self._plan.velocity_lines is None:
            return math.nan, math.nan
        velocity, displacement = sums.velocity, sums.displacement
        return (
            math.sqrt(scale_mps2 * velocity) * MM_PER_M,
            math.sqrt(scale_mps2 * displacement) * UM_PER_M,
        )
