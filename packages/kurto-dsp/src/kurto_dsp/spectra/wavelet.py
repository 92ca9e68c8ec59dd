"""Continuous wavelet transform: short bursts and slow swings in one picture."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.records import load_record
from kurto_dsp.units import AccelerationUnit

MAX_VALUES = 2**26
"""Half a gigabyte of values; more would be no picture."""

EDGE_DEVIATIONS = 3.0
"""Standard deviations of the wavelet's Gaussian after which it has ended (1 %)."""


@dataclass(frozen=True, eq=False, slots=True)
class Scalogram:
    """Amplitude of every channel over frequency and time.

    Parameters
    ----------
    times_s : Float64Array [shape=(times,)]
        From the first sample.
    frequencies_hz : Float64Array [shape=(frequencies,)]
        Centre frequency of each wavelet, ascending: a tone of that frequency is loudest there.
    values : Float64Array [shape=(channels, frequencies, times)]
        0-peak amplitude of a tone; NaN throughout a channel with a non-finite sample.
    edge_s : Float64Array [shape=(frequencies,)]
        How far from the record's ends values are too low, because the wavelet reaches over them.
    unit : str
    quality : FlagArray [shape=(channels,)]
    """

    times_s: Float64Array
    frequencies_hz: Float64Array
    values: Float64Array
    edge_s: Float64Array
    unit: str
    quality: FlagArray


def wavelet_transform(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    unit: AccelerationUnit,
    minimum_hz: float,
    maximum_hz: float | None = None,
    voices_per_octave: int = 12,
    centre: float = 6.0,
    time_step_s: float | None = None,
    full_scale: float | None = None,
) -> Scalogram:
    """Return the magnitude of the continuous wavelet transform with analytic Morlet wavelets.

    The wavelet of centre frequency f is, over frequency x, ``2·exp(-½(centre·(x - f)/f)²)``: its
    peak lies at f itself, not at the nearby maximum that a normalisation by energy would
    give, and a tone of amplitude A reads A there.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    unit : AccelerationUnit
        Of the samples of all channels.
    minimum_hz : float > 0
        Lowest centre frequency.
    maximum_hz : float, optional
        Highest centre frequency wanted; by default rate / 2.56.
    voices_per_octave : int, 1 to 64
    centre : float, 5 to 100
        ω0 of the Morlet wavelet. More resolves frequency better and time worse: the standard
        deviations are f / centre and centre / (2πf).
    time_step_s : float, optional
        Distance of the times returned; by default one sample.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible, the record is too short for `minimum_hz`, or the result would
        be too large.

    References
    ----------
    C. Torrence, G. P. Compo, A practical guide to wavelet analysis, Bulletin of the American
    Meteorological Society 79 (1998) 61-78.

    Examples
    --------
    >>> import numpy as np
    >>> tone = 2.0 * np.sin(2 * np.pi * 800 * np.arange(8000) / 8000)
    >>> picture = wavelet_transform(
    ...     tone, sample_rate_hz=8000, unit=AccelerationUnit.G, minimum_hz=100)
    >>> row = int(np.argmax(picture.values[0, :, 4000]))
    >>> round(float(picture.frequencies_hz[row]), 6), round(float(picture.values[0, row, 4000]), 3)
    (800.0, 2.0)
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    rate = record.sample_rate_hz
    frequencies_hz = _centre_frequencies(minimum_hz, maximum_hz, voices_per_octave, rate)
    _require_centre(centre)
    edge_s = EDGE_DEVIATIONS * centre / (2.0 * np.pi * frequencies_hz)
    step = _step(time_step_s, rate)
    columns = len(range(0, record.length, step))
    shape = (record.channel_count, len(frequencies_hz), columns)
    _require_room(shape, record.length / rate, minimum_hz, 2.0 * float(edge_s[0]))
    values = np.full(shape, np.nan)
    # Padded, or a wavelet that leaves at one end would come in again at the other.
    padded = fft.next_fast_len(record.length + int(np.ceil(2.0 * edge_s[0] * rate)))
    for channel in np.flatnonzero(record.whole):
        spectrum = fft.rfft(record.samples[channel], padded)
        for row, frequency_hz in enumerate(frequencies_hz):
            filtered = _filter(spectrum, padded, frequency_hz / rate, centre)
            values[channel, row] = np.abs(filtered[: record.length : step])
    return Scalogram(
        times_s=np.arange(columns, dtype=np.float64) * (step / rate),
        frequencies_hz=frequencies_hz,
        values=values,
        edge_s=edge_s,
        unit=unit.value,
        quality=record.quality,
    )


def _filter(
    spectrum: npt.NDArray[np.complex128], length: int, cycles_per_sample: float, centre: float
) -> npt.NDArray[np.complex128]:
    """Return the analytic signal under the wavelet of one frequency [shape=(length,)]."""
    half_width = 8.0 / centre  # beyond eight deviations nothing is left in float64
    first = max(1, int((1.0 - half_width) * cycles_per_sample * length))
    last = min((length - 1) // 2, int((1.0 + half_width) * cycles_per_sample * length) + 1)
    lines = np.arange(first, last + 1)
    distance = centre * (lines / (length * cycles_per_sample) - 1.0)
    one_sided = np.zeros(length, np.complex128)
    one_sided[lines] = spectrum[lines] * (2.0 * np.exp(-0.5 * distance * distance))
    return np.asarray(fft.ifft(one_sided, overwrite_x=True))


def _centre_frequencies(
    minimum_hz: float, maximum_hz: float | None, voices: int, rate: float
) -> Float64Array:
    highest_hz = USABLE_FRACTION * rate if maximum_hz is None else float(maximum_hz)
    if not 0.0 < minimum_hz < highest_hz <= 0.5 * rate:
        raise ParameterError(
            f"centre frequencies need 0 < minimum_hz < maximum_hz <= {0.5 * rate:g} Hz (half the "
            f"rate), got {minimum_hz} and {highest_hz:g}"
        )
    if not 1 <= voices <= 64:
        raise ParameterError(f"voices_per_octave must lie from 1 to 64, got {voices}")
    octaves = np.log2(highest_hz / minimum_hz)
    steps = np.arange(int(np.floor(octaves * voices * (1.0 + 1e-12))) + 1)
    return np.asarray(minimum_hz * 2.0 ** (steps / voices), dtype=np.float64)


def _require_room(
    shape: tuple[int, int, int], duration_s: float, minimum_hz: float, wavelet_s: float
) -> None:
    if wavelet_s > duration_s:
        raise ParameterError(
            f"a wavelet at {minimum_hz:g} Hz takes {wavelet_s:g} s, the record has "
            f"{duration_s:g} s: raise minimum_hz or give a longer record"
        )
    if math.prod(shape) > MAX_VALUES:
        raise ParameterError(
            f"{shape[1]} frequencies at {shape[2]} times of {shape[0]} channels are too many: "
            "set a larger time_step_s, or cut the record"
        )


def _require_centre(centre: float) -> None:
    if not 5.0 <= centre <= 100.0:
        raise ParameterError(
            f"centre must lie from 5 (below, the wavelet is not analytic) to 100, got {centre}"
        )


def _step(time_step_s: float | None, rate: float) -> int:
    if time_step_s is None:
        return 1
    if not (np.isfinite(time_step_s) and time_step_s > 0.0):
        raise ParameterError(f"time_step_s must be positive and finite, got {time_step_s}")
    return max(1, round(time_step_s * rate))
