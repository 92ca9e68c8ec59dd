"""Envelope spectra: how the vibration in a band swells and fades, over frequency."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import FlagArray, Float64Array, IndexArray
from kurto_dsp.bands import USABLE_FRACTION, FrequencyBand, demodulation_band
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectra.analytic import analytic_rows, band_flag
from kurto_dsp.spectra.records import Record, load_record, shrink
from kurto_dsp.spectra.segments import (
    DEFAULT_MEMORY,
    Averaging,
    SegmentPlan,
    average_magnitudes,
)
from kurto_dsp.spectra.whitening import white_rows
from kurto_dsp.spectrum import SpectrumKind, scale_magnitudes
from kurto_dsp.units import AccelerationUnit

MARGIN_CYCLES = 8.0
"""Periods of the band's width within which a bad sample is felt."""

LEAST_SQUARE = 1e-12
"""Part of its mean below which the squared envelope counts no further down in a logarithm."""


class EnvelopeKind(StrEnum):
    """Of what the spectrum is taken."""

    MAGNITUDE = "magnitude"
    """The envelope itself, in the samples' unit."""
    SQUARED = "squared"
    """Its square: no harmonics that a root would add; what most diagnosis methods use."""
    LOG = "log"
    """The logarithm of its square: robust against single large impulses."""

    def unit(self, acceleration_unit: AccelerationUnit, *, prewhitened: bool = False) -> str:
        """Return the unit of the values, such as "g" or "(m/s2)2"; "" for ratios."""
        if self is EnvelopeKind.LOG or prewhitened:
            return ""
        if self is EnvelopeKind.MAGNITUDE:
            return acceleration_unit.value
        return "g2" if acceleration_unit is AccelerationUnit.G else "(m/s2)2"


@dataclass(frozen=True, eq=False, slots=True)
class EnvelopeSpectrum:
    """Spectrum of the envelope of every channel.

    Parameters
    ----------
    kind : EnvelopeKind
    prewhitened : bool
    band : FrequencyBand
        Demodulated.
    frequencies_hz : Float64Array [shape=(lines,)]
    resolution_hz : float
    values : Float64Array [shape=(channels, lines)]
        0-peak amplitude of the envelope's variation; NaN throughout a channel without one.
    unit : str
    average_counts : IndexArray [shape=(channels,)]
    quality : FlagArray [shape=(channels,)]
    """

    kind: EnvelopeKind
    prewhitened: bool
    band: FrequencyBand
    frequencies_hz: Float64Array
    resolution_hz: float
    values: Float64Array
    unit: str
    average_counts: IndexArray
    quality: FlagArray


def envelope_spectrum(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    unit: AccelerationUnit,
    band: FrequencyBand | None = None,
    kind: EnvelopeKind = EnvelopeKind.MAGNITUDE,
    prewhitened: bool = False,
    resolution_hz: float | None = None,
    maximum_hz: float | None = None,
    averaging: Averaging = Averaging.LINEAR,
    overlap: float = 0.5,
    memory: int = DEFAULT_MEMORY,
    full_scale: float | None = None,
) -> EnvelopeSpectrum:
    """Return the spectrum of the envelope of a demodulation band, periodic Hann window.

    The band's lines form the analytic signal; its magnitude, squared magnitude or the latter's
    logarithm, mean removed, is transformed. A tone of amplitude A whose amplitude varies by
    ``1 + m·cos(2πft)`` reads, at f: A·m (magnitude), 2A²·m (squared), 4(1 - √(1 - m²))/m (log).

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    unit : AccelerationUnit
        Of the samples of all channels.
    band : FrequencyBand, optional
        By default `kurto_dsp.demodulation_band`, 2 kHz to the lesser of 10 kHz and rate / 2.56;
        pre-whitened, all below rate / 2.56.
    kind : EnvelopeKind
    prewhitened : bool
        Give all lines one magnitude first, see `prewhiten`.
    resolution_hz : float, optional
        Distance of two lines; the record is averaged in segments of 1 / resolution_hz seconds.
        By default one segment, the whole record.
    maximum_hz : float, optional
        Where the spectrum ends; by default the band's width, beyond which an envelope has nothing.
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
    P. D. McFadden, J. D. Smith, Vibration monitoring of rolling element bearings by the
    high-frequency resonance technique: a review, Tribology International 17 (1984) 3-10.
    P. Borghesani, M. R. Shahriar, Cyclostationary analysis with logarithmic variance
    stabilisation, Mechanical Systems and Signal Processing 70-71 (2016) 51-72.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(25600) / 25600
    >>> modulated = 2.0 * (1 + 0.5 * np.cos(2 * np.pi * 90 * t)) * np.sin(2 * np.pi * 4000 * t)
    >>> spectrum = envelope_spectrum(modulated, sample_rate_hz=25600, unit=AccelerationUnit.G)
    >>> round(float(spectrum.values[0, 90]), 6), float(spectrum.frequencies_hz[90])
    (1.0, 90.0)
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    rate = record.sample_rate_hz
    demodulated = band or _default_band(rate, prewhitened=prewhitened)
    quality = record.quality | band_flag(demodulated, rate)
    plan = SegmentPlan(_segment_length(resolution_hz, record), overlap, averaging, memory)
    envelope = _envelope_record(record, demodulated, kind, prewhitened=prewhitened)
    magnitudes, counts = average_magnitudes(envelope, plan)
    values = scale_magnitudes(
        magnitudes, length=plan.length, sample_rate_hz=rate, kind=SpectrumKind.PEAK
    )
    highest_hz = demodulated.high_hz - demodulated.low_hz if maximum_hz is None else maximum_hz
    lines = _line_count(highest_hz, rate, plan.length)
    return EnvelopeSpectrum(
        kind=kind,
        prewhitened=prewhitened,
        band=demodulated,
        frequencies_hz=np.arange(lines, dtype=np.float64) * (rate / plan.length),
        resolution_hz=rate / plan.length,
        values=values[:, :lines].copy(),
        unit=kind.unit(unit, prewhitened=prewhitened),
        average_counts=counts,
        quality=quality,
    )


def _default_band(rate: float, *, prewhitened: bool) -> FrequencyBand:
    usable_hz = USABLE_FRACTION * rate
    if prewhitened:
        return FrequencyBand(0.0, usable_hz)
    band = demodulation_band(rate)
    if band is None:
        raise ParameterError(
            f"a rate of {rate:g} Hz leaves too little for the default demodulation band: give one "
            f"that ends at {usable_hz:g} Hz or below"
        )
    return band


def _envelope_record(
    record: Record, band: FrequencyBand, kind: EnvelopeKind, *, prewhitened: bool
) -> Record:
    """Return the envelope as a record of its own, invalid near what was invalid before."""
    rows = record.samples
    if prewhitened:
        rows = white_rows(record, min(0.5 * record.sample_rate_hz, band.high_hz))
    analytic = analytic_rows(rows, record.sample_rate_hz, band)
    square = analytic.real**2 + analytic.imag**2
    values = square
    if kind is EnvelopeKind.MAGNITUDE:
        values = np.sqrt(square)
    elif kind is EnvelopeKind.LOG:
        floor = LEAST_SQUARE * square.mean(axis=1, keepdims=True)
        values = np.log(np.maximum(square, np.maximum(floor, np.finfo(np.float64).tiny)))
    margin = int(np.ceil(MARGIN_CYCLES * record.sample_rate_hz / (band.high_hz - band.low_hz)))
    valid = shrink(record.valid, margin)
    if kind is EnvelopeKind.LOG or prewhitened:
        constant = (record.quality & np.uint16(QualityFlag.CONSTANT)) != 0
        valid = valid & ~constant[:, np.newaxis]
    return Record(values, valid, record.quality, record.sample_rate_hz)


def _segment_length(resolution_hz: float | None, record: Record) -> int:
    if resolution_hz is None:
        return record.length
    if not 0.0 < resolution_hz <= 0.25 * record.sample_rate_hz:
        raise ParameterError(
            f"resolution_hz must be above 0 and at most a quarter of the rate, got {resolution_hz}"
        )
    length = round(record.sample_rate_hz / resolution_hz)
    if length > record.length:
        duration_s = record.length / record.sample_rate_hz
        raise ParameterError(
            f"a resolution of {resolution_hz:g} Hz needs {1.0 / resolution_hz:g} s, the record has "
            f"{duration_s:g} s: ask for a coarser resolution or give a longer record"
        )
    return length


def _line_count(highest_hz: float, rate: float, length: int) -> int:
    if not 0.0 < highest_hz <= 0.5 * rate:
        raise ParameterError(
            f"maximum_hz must be above 0 and at most half the rate, {0.5 * rate:g} Hz, "
            f"got {highest_hz}"
        )
    return min(int(highest_hz * length / rate * (1.0 + 1e-12)), length // 2) + 1
