"""Averaged spectra of long windows: so many lines up to so many hertz, as analysts ask."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import FlagArray, Float64Array, IndexArray
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectra.motion import Motion, integrate_lines
from kurto_dsp.spectra.records import Record, load_record
from kurto_dsp.spectra.segments import (
    DEFAULT_MEMORY,
    Averaging,
    SegmentPlan,
    average_magnitudes,
)
from kurto_dsp.spectrum import SpectrumKind, scale_magnitudes
from kurto_dsp.units import AccelerationUnit

DEFAULT_LINES = 3200
MIN_LINES = 16
MAX_LINES = 1_048_576


@dataclass(frozen=True, eq=False, slots=True)
class AveragedSpectrum:
    """One-sided spectrum of every channel, averaged over overlapping segments.

    Parameters
    ----------
    kind : SpectrumKind
    motion : Motion
    averaging : Averaging
    frequencies_hz : Float64Array [shape=(lines + 1,)]
        From 0 to the highest line.
    resolution_hz : float
        Distance of two lines; the Hann noise bandwidth is 1.5 times as wide.
    values : Float64Array [shape=(channels, lines + 1)]
        NaN throughout a channel without a usable segment, and in the first three lines of velocity
        and displacement.
    unit : str
        Of the values, such as "g", "g2/Hz" or "mm/s".
    average_counts : IndexArray [shape=(channels,)]
        Segments averaged; segments with non-finite samples are left out.
    quality : FlagArray [shape=(channels,)]
        `kurto_dsp.QualityFlag` bits.
    """

    kind: SpectrumKind
    motion: Motion
    averaging: Averaging
    frequencies_hz: Float64Array
    resolution_hz: float
    values: Float64Array
    unit: str
    average_counts: IndexArray
    quality: FlagArray


def averaged_spectrum(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    unit: AccelerationUnit,
    kind: SpectrumKind = SpectrumKind.PEAK,
    motion: Motion = Motion.ACCELERATION,
    lines: int = DEFAULT_LINES,
    maximum_hz: float | None = None,
    averaging: Averaging = Averaging.LINEAR,
    overlap: float = 0.5,
    memory: int = DEFAULT_MEMORY,
    full_scale: float | None = None,
) -> AveragedSpectrum:
    """Return an averaged spectrum: periodic Hann window, mean of each segment removed.

    A segment lasts ``lines / maximum_hz`` seconds. Linear averaging takes the mean of squares
    (Welch 1967), so noise keeps its level and only its scatter shrinks, by about the root of
    the number of independent segments.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    unit : AccelerationUnit
        Of the samples of all channels.
    kind : SpectrumKind
    motion : Motion
        Velocity and displacement divide each line by 2πf, once or twice.
    lines : int, 16 to 1 048 576
        Lines above 0 Hz; 3200 to 25 600 are usual.
    maximum_hz : float, optional
        Frequency of the highest line, at most half the rate. By default rate / 2.56, beyond
        which the anti-aliasing filter makes levels doubtful (flag ``band_unavailable``).
    averaging : Averaging
    overlap : float, 0 to 0.95
    memory : int >= 1
        Segments that an exponential average remembers; no matter for the others.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible, or the record is shorter than one segment.

    References
    ----------
    P. D. Welch, The use of fast Fourier transform for the estimation of power spectra,
    IEEE Trans. Audio Electroacoust. 15 (1967) 70-73.
    ISO 18431-2:2004, Signal processing: time domain windows for Fourier transform analysis.

    Examples
    --------
    >>> import numpy as np
    >>> tone = 3.0 * np.sin(2 * np.pi * 50.0 * np.arange(10240) / 2560)
    >>> spectrum = averaged_spectrum(
    ...     tone, sample_rate_hz=2560, unit=AccelerationUnit.G, lines=1000)
    >>> line = int(np.argmax(spectrum.values[0]))
    >>> float(spectrum.frequencies_hz[line]), round(float(spectrum.values[0, line]), 6)
    (50.0, 3.0)
    >>> spectrum.unit, int(spectrum.average_counts[0])
    ('g', 7)
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    rate = record.sample_rate_hz
    highest_hz = _highest_frequency(maximum_hz, rate)
    plan = SegmentPlan(_segment_length(lines, highest_hz, record), overlap, averaging, memory)
    magnitudes, counts = average_magnitudes(record, plan)
    values = scale_magnitudes(magnitudes, length=plan.length, sample_rate_hz=rate, kind=kind)
    quality = record.quality
    if highest_hz > USABLE_FRACTION * rate * (1.0 + 1e-12):
        quality = quality | np.uint16(QualityFlag.BAND_UNAVAILABLE)
    resolution_hz = rate / plan.length
    frequencies_hz = np.arange(lines + 1, dtype=np.float64) * resolution_hz
    values = integrate_lines(
        values[:, : lines + 1].copy(), frequencies_hz, motion=motion, kind=kind, unit=unit
    )
    return AveragedSpectrum(
        kind=kind,
        motion=motion,
        averaging=averaging,
        frequencies_hz=frequencies_hz,
        resolution_hz=resolution_hz,
        values=values,
        unit=motion.unit(kind, unit),
        average_counts=counts,
        quality=quality,
    )


def _highest_frequency(maximum_hz: float | None, rate: float) -> float:
    if maximum_hz is None:
        return USABLE_FRACTION * rate
    if not 0.0 < maximum_hz <= 0.5 * rate:
        raise ParameterError(
            f"maximum_hz must be above 0 and at most half the rate, {0.5 * rate:g} Hz, "
            f"got {maximum_hz}"
        )
    return float(maximum_hz)


def _segment_length(lines: int, highest_hz: float, record: Record) -> int:
    if not MIN_LINES <= lines <= MAX_LINES:
        raise ParameterError(f"lines must lie from {MIN_LINES} to {MAX_LINES}, got {lines}")
    length = round(record.sample_rate_hz * lines / highest_hz)
    if length > record.length:
        duration_s = record.length / record.sample_rate_hz
        raise ParameterError(
            f"{lines} lines up to {highest_hz:g} Hz need {lines / highest_hz:g} s, the record has "
            f"{duration_s:g} s: ask for fewer lines or a higher maximum_hz, or give a longer record"
        )
    return length
