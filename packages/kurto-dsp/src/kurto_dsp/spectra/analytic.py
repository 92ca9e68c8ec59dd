"""Analytic signal: envelope and instantaneous frequency of a band, or of the whole signal."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.bands import USABLE_FRACTION, FrequencyBand
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import QualityFlag
from kurto_dsp.spectra.records import load_record
from kurto_dsp.units import AccelerationUnit

Complex128Array = npt.NDArray[np.complex128]

LEAST_ENVELOPE = 1e-6
"""Part of the RMS below which an envelope has no phase, and so no frequency."""


@dataclass(frozen=True, eq=False, slots=True)
class AnalyticSignal:
    """Envelope and instantaneous frequency of every channel.

    Parameters
    ----------
    times_s : Float64Array [shape=(n,)]
        From the first sample.
    envelope : Float64Array [shape=(channels, n)]
        Magnitude of the analytic signal: the momentary 0-peak amplitude.
    frequency_hz : Float64Array [shape=(channels, n)]
        Rate of change of its phase; NaN where the envelope is nearly zero.
    band : FrequencyBand, optional
        None if the whole spectrum was kept.
    unit : str
        Of the envelope.
    quality : FlagArray [shape=(channels,)]
        A channel with a non-finite sample is NaN throughout.
    """

    times_s: Float64Array
    envelope: Float64Array
    frequency_hz: Float64Array
    band: FrequencyBand | None
    unit: str
    quality: FlagArray


def analytic_signal(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    unit: AccelerationUnit,
    band: FrequencyBand | None = None,
    full_scale: float | None = None,
) -> AnalyticSignal:
    """Return the Hilbert envelope and the instantaneous frequency, mean removed first.

    Instantaneous frequency means something only for one component: choose a band that holds
    just one. Near the record's ends both suffer: the transform takes the record as periodic.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    unit : AccelerationUnit
        Of the samples of all channels.
    band : FrequencyBand, optional
        Lines outside of it are removed.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible.

    References
    ----------
    D. Gabor, Theory of communication, Journal of the IEE 93 (1946) 429-457.

    Examples
    --------
    >>> import numpy as np
    >>> tone = 2.0 * np.cos(2 * np.pi * 50.0 * np.arange(1000) / 1000)
    >>> signal = analytic_signal(tone, sample_rate_hz=1000, unit=AccelerationUnit.G)
    >>> round(float(signal.envelope[0, 500]), 9), round(float(signal.frequency_hz[0, 500]), 9)
    (2.0, 50.0)
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    quality = record.quality | band_flag(band, record.sample_rate_hz)
    envelope = np.full(record.samples.shape, np.nan)
    frequency_hz = np.full(record.samples.shape, np.nan)
    analytic = analytic_rows(record.samples[record.whole], record.sample_rate_hz, band)
    envelope[record.whole] = np.abs(analytic)
    frequency_hz[record.whole] = _frequency(analytic, record.sample_rate_hz)
    return AnalyticSignal(
        times_s=np.arange(record.length) / record.sample_rate_hz,
        envelope=envelope,
        frequency_hz=frequency_hz,
        band=band,
        unit=unit.value,
        quality=quality,
    )


def band_flag(band: FrequencyBand | None, sample_rate_hz: float) -> np.uint16:
    """Return BAND_UNAVAILABLE if a band reaches into the anti-aliasing filter's slope.

    Raises
    ------
    ParameterError
        If it reaches beyond half the rate.
    """
    if band is None or band.is_available(sample_rate_hz):
        return np.uint16(QualityFlag.NONE)
    if band.high_hz > 0.5 * sample_rate_hz:
        raise ParameterError(
            f"the band from {band.low_hz:g} to {band.high_hz:g} Hz ends above half the rate: "
            f"choose one that ends at {USABLE_FRACTION * sample_rate_hz:g} Hz or below"
        )
    return np.uint16(QualityFlag.BAND_UNAVAILABLE)


def analytic_rows(
    rows: Float64Array, sample_rate_hz: float, band: FrequencyBand | None
) -> Complex128Array:
    """Return the analytic signal of each row, of the lines within a band.

    Parameters
    ----------
    rows : Float64Array [shape=(rows, n)]
    sample_rate_hz : float
    band : FrequencyBand, optional

    Returns
    -------
    Complex128Array [shape=(rows, n)]

    Raises
    ------
    ParameterError
        If the band is too narrow for the record.
    """
    length = rows.shape[1]
    spectrum = fft.rfft(rows, axis=1)
    one_sided = np.zeros((len(rows), length), np.complex128)
    lines = slice(0, spectrum.shape[1])
    if band is not None:
        lines = band.lines(sample_rate_hz=sample_rate_hz, length=length)
        lines = slice(lines.start, min(lines.stop, spectrum.shape[1]))
        if lines.stop - lines.start < 4:
            raise ParameterError(
                f"the band from {band.low_hz:g} to {band.high_hz:g} Hz holds fewer than 4 lines of "
                f"a record of {length / sample_rate_hz:g} s: widen it or give a longer record"
            )
    one_sided[:, lines] = 2.0 * spectrum[:, lines]
    one_sided[:, 0] *= 0.5
    if length % 2 == 0:
        one_sided[:, length // 2] *= 0.5
    return np.asarray(fft.ifft(one_sided, axis=1, overwrite_x=True))


def _frequency(analytic: Complex128Array, sample_rate_hz: float) -> Float64Array:
    """Return the phase's advance per sample as Hz: the mean of the steps on both sides."""
    turn = np.angle(analytic[:, 1:] * np.conj(analytic[:, :-1]))
    advance = np.concatenate(
        [turn[:, :1], 0.5 * (turn[:, 1:] + turn[:, :-1]), turn[:, -1:]], axis=1
    )
    magnitude = np.abs(analytic)
    rms = np.sqrt(np.mean(magnitude * magnitude, axis=1, keepdims=True))
    advance[magnitude <= LEAST_ENVELOPE * rms] = np.nan
    return np.asarray(advance * (sample_rate_hz / (2.0 * np.pi)))
