"""Spectrogram: the spectrum of each short segment, over time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectra.records import load_record
from kurto_dsp.spectra.segments import SegmentPlan, segment_magnitudes
from kurto_dsp.spectrum import SpectrumKind, scale_magnitudes
from kurto_dsp.units import AccelerationUnit

MAX_VALUES = 2**27
"""A gigabyte of values; more would be no picture."""


@dataclass(frozen=True, eq=False, slots=True)
class Spectrogram:
    """Short-time spectra of every channel.

    Parameters
    ----------
    kind : SpectrumKind
    times_s : Float64Array [shape=(frames,)]
        Middle of each segment, from the first sample.
    frequencies_hz : Float64Array [shape=(lines,)]
    resolution_hz : float
    values : Float64Array [shape=(channels, lines, frames)]
        NaN in frames with a non-finite sample.
    unit : str
    quality : FlagArray [shape=(channels,)]
    """

    kind: SpectrumKind
    times_s: Float64Array
    frequencies_hz: Float64Array
    resolution_hz: float
    values: Float64Array
    unit: str
    quality: FlagArray


def compute_spectrogram(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    unit: AccelerationUnit,
    segment_s: float,
    kind: SpectrumKind = SpectrumKind.PEAK,
    overlap: float = 0.75,
    maximum_hz: float | None = None,
    full_scale: float | None = None,
) -> Spectrogram:
    """Return the short-time Fourier transform's magnitude: periodic Hann window, mean removed.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    unit : AccelerationUnit
        Of the samples of all channels.
    segment_s : float > 0
        Duration of a segment; lines are 1 / segment_s apart.
    kind : SpectrumKind
    overlap : float, 0 to 0.95
    maximum_hz : float, optional
        Where the spectra end, at most half the rate; by default rate / 2.56.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible, or the record is shorter than one segment.

    References
    ----------
    J. B. Allen, L. R. Rabiner, A unified approach to short-time Fourier analysis and synthesis,
    Proceedings of the IEEE 65 (1977) 1558-1564.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(10000) / 10000
    >>> jump = np.sin(2 * np.pi * np.where(t < 0.5, 500.0, 1500.0) * t)
    >>> picture = compute_spectrogram(
    ...     jump, sample_rate_hz=10000, unit=AccelerationUnit.G, segment_s=0.1, overlap=0.0)
    >>> loudest = picture.frequencies_hz[np.argmax(picture.values[0], axis=0)]
    >>> [float(f) for f in loudest[[0, 9]]], [float(t) for t in picture.times_s[:2]]
    ([500.0, 1500.0], [0.05, 0.15])
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    rate = record.sample_rate_hz
    plan = SegmentPlan(_segment_length(segment_s, rate, record.length), overlap)
    highest_hz = _highest_frequency(maximum_hz, rate)
    lines = int(highest_hz * plan.length / rate * (1.0 + 1e-12)) + 1
    starts = plan.starts(record.length)
    if record.channel_count * lines * len(starts) > MAX_VALUES:
        raise ParameterError(
            f"{lines} lines in {len(starts)} frames of {record.channel_count} channels are too "
            "many: ask for less overlap or a lower maximum_hz, or cut the record"
        )
    values = np.full((record.channel_count, lines, len(starts)), np.nan)
    for frame, usable, magnitudes in segment_magnitudes(record, plan):
        scaled = scale_magnitudes(magnitudes, length=plan.length, sample_rate_hz=rate, kind=kind)
        values[usable, :, frame] = scaled[:, :lines]
    quality = record.quality
    if highest_hz > USABLE_FRACTION * rate * (1.0 + 1e-12):
        quality = quality | np.uint16(QualityFlag.BAND_UNAVAILABLE)
    return Spectrogram(
        kind=kind,
        times_s=(starts.astype(np.float64) + 0.5 * plan.length) / rate,
        frequencies_hz=np.arange(lines, dtype=np.float64) * (rate / plan.length),
        resolution_hz=rate / plan.length,
        values=values,
        unit=kind.unit(unit),
        quality=quality,
    )


def _segment_length(segment_s: float, rate: float, record_length: int) -> int:
    duration_s = record_length / rate
    if not 0.0 < segment_s <= duration_s * (1.0 + 1e-9):
        raise ParameterError(
            f"segment_s must be above 0 and at most the record's {duration_s:g} s, got {segment_s}"
        )
    return min(round(segment_s * rate), record_length)


def _highest_frequency(maximum_hz: float | None, rate: float) -> float:
    if maximum_hz is None:
        return USABLE_FRACTION * rate
    if not 0.0 < maximum_hz <= 0.5 * rate:
        raise ParameterError(
            f"maximum_hz must be above 0 and at most half the rate, {0.5 * rate:g} Hz, "
            f"got {maximum_hz}"
        )
    return float(maximum_hz)
