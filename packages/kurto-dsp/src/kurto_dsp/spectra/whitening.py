"""Cepstrum pre-whitening: all lines get one magnitude, phases stay, so impulses remain."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.records import Record, load_record

SMALLEST_MAGNITUDE = 1e-9
"""Part of the largest line below which a line holds nothing but rounding, and stays small."""


@dataclass(frozen=True, eq=False, slots=True)
class WhitenedSignal:
    """Pre-whitened samples of every channel.

    Parameters
    ----------
    times_s : Float64Array [shape=(n,)]
        From the first sample.
    samples : Float64Array [shape=(channels, n)]
        Without unit, RMS 1; NaN throughout a channel that is constant or not finite.
    maximum_hz : float
        Highest whitened frequency; nothing is left above.
    unit : str
        "", as for all ratios.
    quality : FlagArray [shape=(channels,)]
    """

    times_s: Float64Array
    samples: Float64Array
    maximum_hz: float
    unit: str
    quality: FlagArray


def prewhiten(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    maximum_hz: float | None = None,
    full_scale: float | None = None,
) -> WhitenedSignal:
    """Divide each line of the spectrum by its magnitude: IFFT(X/|X|), scaled to RMS 1.

    Setting the real cepstrum to zero, but for quefrency 0, does just this. Gear and shaft lines
    and resonances lose their dominance; a train of impulses, spread over all frequencies with
    coherent phases, comes out. Lines of nearly no magnitude stay small.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    maximum_hz : float, optional
        Lines above are removed; by default rate / 2.56, where the anti-aliasing filter begins.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible.

    References
    ----------
    N. Sawalhi, R. B. Randall, Signal pre-whitening using cepstrum editing (liftering) to enhance
    fault detection in rolling element bearings, COMADEM 2011.
    P. Borghesani, P. Pennacchi, R. B. Randall, N. Sawalhi, R. Ricci, Application of cepstrum
    pre-whitening for the diagnosis of bearing faults under variable speed conditions,
    Mechanical Systems and Signal Processing 36 (2013) 370-384.
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    highest_hz = USABLE_FRACTION * record.sample_rate_hz if maximum_hz is None else maximum_hz
    values = np.full(record.samples.shape, np.nan)
    usable = record.lively
    values[usable] = white_rows(record, highest_hz)[usable]
    return WhitenedSignal(
        times_s=np.arange(record.length) / record.sample_rate_hz,
        samples=values,
        maximum_hz=float(highest_hz),
        unit="",
        quality=record.quality,
    )


def white_rows(record: Record, maximum_hz: float) -> Float64Array:
    """Return the record's samples pre-whitened, zeros where a channel doesn't move.

    Raises
    ------
    ParameterError
        If `maximum_hz` isn't positive, or above half the rate.
    """
    rate = record.sample_rate_hz
    if not 0.0 < maximum_hz <= 0.5 * rate:
        raise ParameterError(
            f"maximum_hz must be above 0 and at most half the rate, {0.5 * rate:g} Hz, "
            f"got {maximum_hz}"
        )
    length = record.length
    spectrum = fft.rfft(record.samples, axis=1)
    kept = slice(1, max(2, int(maximum_hz * length / rate * (1.0 + 1e-12)) + 1))
    magnitude = np.abs(spectrum)
    floor = SMALLEST_MAGNITUDE * magnitude[:, kept].max(axis=1, keepdims=True)
    white = np.zeros_like(spectrum)
    divisor = np.maximum(magnitude, np.maximum(floor, np.finfo(np.float64).tiny))
    np.divide(spectrum[:, kept], divisor[:, kept], out=white[:, kept])
    values = np.asarray(fft.irfft(white, length, axis=1))
    rms = np.sqrt(np.mean(values * values, axis=1, keepdims=True))
    values /= np.where(rms > 0.0, rms, 1.0)
    return values
