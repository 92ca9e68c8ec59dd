"""Cepstra: families of harmonics and sidebands, and echoes, become single lines."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.records import load_record

SMALLEST_MAGNITUDE = 1e-9
"""Part of the largest line taken for a line that is smaller: its logarithm would be rounding."""


class CepstrumKind(StrEnum):
    """What the values of a cepstrum are."""

    REAL = "real"
    """F⁻¹{ln|X|}: signed, additive where spectra multiply."""
    POWER = "power"
    """|F⁻¹{ln|X|²}|², as Bogert, Healy and Tukey defined it: four times the real one's square."""


@dataclass(frozen=True, eq=False, slots=True)
class Cepstrum:
    """One-sided cepstrum of every channel.

    Parameters
    ----------
    kind : CepstrumKind
    quefrencies_s : Float64Array [shape=(n // 2 + 1,)]
        A family of lines df apart shows at 1/df.
    values : Float64Array [shape=(channels, n // 2 + 1)]
        NaN throughout a channel that is constant or has a non-finite sample.
    unit : str
        "", the logarithm is natural.
    quality : FlagArray [shape=(channels,)]
    """

    kind: CepstrumKind
    quefrencies_s: Float64Array
    values: Float64Array
    unit: str
    quality: FlagArray


def compute_cepstrum(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    kind: CepstrumKind = CepstrumKind.REAL,
    maximum_s: float | None = None,
    tapered: bool = True,
    full_scale: float | None = None,
) -> Cepstrum:
    """Return the cepstrum of the whole record, mean removed.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    kind : CepstrumKind
    maximum_s : float, optional
        Highest quefrency wanted; by default half the record's duration.
    tapered : bool
        Apply a periodic Hann window first, so that strong lines don't leak into the valleys whose
        logarithm counts as much. Without it an echo of a record that repeats reads exactly.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible.

    References
    ----------
    B. P. Bogert, M. J. R. Healy, J. W. Tukey, The quefrency alanysis of time series for echoes,
    Proc. Symposium on Time Series Analysis, Wiley 1963, 209-243.
    R. B. Randall, A history of cepstrum analysis and its application to mechanical problems,
    Mechanical Systems and Signal Processing 97 (2017) 3-19.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).standard_normal(4096)
    >>> echo = noise + 0.5 * np.roll(noise, 100)
    >>> cepstrum = compute_cepstrum(echo, sample_rate_hz=1000)
    >>> peak = 50 + int(np.argmax(cepstrum.values[0, 50:]))
    >>> float(cepstrum.quefrencies_s[peak])
    0.1
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    length = record.length
    rows = record.samples[record.lively]
    if tapered:
        rows = rows * (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length))
    real = np.asarray(fft.irfft(_log_magnitude(rows), length, axis=1))[:, : length // 2 + 1]
    count = _quefrency_count(maximum_s, record.sample_rate_hz, length)
    values = np.full((record.channel_count, count), np.nan)
    values[record.lively] = real[:, :count]
    if kind is CepstrumKind.POWER:
        values *= 4.0 * values
    return Cepstrum(
        kind=kind,
        quefrencies_s=np.arange(count) / record.sample_rate_hz,
        values=values,
        unit="",
        quality=record.quality,
    )


def _log_magnitude(rows: Float64Array) -> Float64Array:
    magnitude = np.abs(fft.rfft(rows, axis=1))
    floor = SMALLEST_MAGNITUDE * magnitude.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(magnitude, floor)))


def _quefrency_count(maximum_s: float | None, rate: float, length: int) -> int:
    most = length // 2 + 1
    if maximum_s is None:
        return most
    if not 0.0 < maximum_s <= length / rate:
        raise ParameterError(
            f"maximum_s must be above 0 and at most the record's {length / rate:g} s, "
            f"got {maximum_s}"
        )
    return min(most, int(maximum_s * rate * (1.0 + 1e-12)) + 1)
