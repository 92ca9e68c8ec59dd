"""Kurtogram: the band in which a signal is most impulsive, found over a tree of bands."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.bands import USABLE_FRACTION, FrequencyBand
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.records import load_record

FEWEST_SAMPLES = 128
"""Independent samples the narrowest band must have: fewer make kurtosis a game of chance."""

DEFAULT_LEVEL = 6
"""Finest level unless asked: narrower bands pass too few lines of a fault to show it."""

MAX_LEVEL = 8

EDGE_FRACTION = 0.25
"""Width of a band's raised-cosine edge, over the band's: half of it lies outside."""

FADED_FRACTION = 0.05
"""Part of the record at each end that is faded and then left out.

The transform joins both ends; an abrupt seam would be an impulse in bands that hold little else.
"""


@dataclass(frozen=True, slots=True)
class KurtogramBand:
    """One band of the tree.

    Parameters
    ----------
    band : FrequencyBand
    level : float
        log2 of half the rate over the bandwidth: 0, 1, 1.585, 2, 2.585, ...
    kurtosis : float
    """

    band: FrequencyBand
    level: float
    kurtosis: float


@dataclass(frozen=True, eq=False, slots=True)
class Kurtogram:
    """Kurtosis of the complex envelope over bandwidth and frequency, of every channel.

    Parameters
    ----------
    levels : Float64Array [shape=(rows,)]
        log2 of the number of bands: 0, 1, 1.585, 2, 2.585, ... ("1.6" and "2.6" in print).
    bandwidths_hz : Float64Array [shape=(rows,)]
    frequencies_hz : Float64Array [shape=(columns,)]
        Middles of the finest common division; a wide band fills several columns.
    kurtosis : Float64Array [shape=(channels, rows, columns)]
        E|z|⁴/(E|z|²)² - 2: 0 for Gaussian noise, -1 for a tone. NaN where there is none.
    noise_deviation : Float64Array [shape=(rows,)]
        Standard deviation of a value on Gaussian noise: 2/√(bandwidth x 0.9·duration).
    best : tuple of (KurtogramBand or None)
        The band of highest kurtosis of each channel, among those that begin below rate / 2.56: the
        rest lie in the anti-aliasing filter's slope. None where there is none.
    unit : str
        "", as for all ratios.
    quality : FlagArray [shape=(channels,)]
    """

    levels: Float64Array
    bandwidths_hz: Float64Array
    frequencies_hz: Float64Array
    kurtosis: Float64Array
    noise_deviation: Float64Array
    best: tuple[KurtogramBand | None, ...]
    unit: str
    quality: FlagArray


def fast_kurtogram(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    maximum_level: int | None = None,
    full_scale: float | None = None,
) -> Kurtogram:
    """Return the kurtogram over a 1/3-binary tree of bands from 0 to half the rate.

    The tree has 1, 2, 3, 4, 6, 8, 12, ... equal bands. Each band's complex envelope comes from its
    own lines of one Fourier transform, with raised-cosine edges, rather than from a cascade of
    short filters: bands lie exactly where they say.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    maximum_level : int, optional
        Finest binary level K, at most 8: 2^K bands. By default 6, or as fine as leaves 128
        independent samples in a band.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If the record is too short for `maximum_level`, or an argument is impossible.

    References
    ----------
    J. Antoni, Fast computation of the kurtogram for the detection of transient faults,
    Mechanical Systems and Signal Processing 21 (2007) 108-124.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(20000) / 20000
    >>> since = np.mod(t, 0.05)
    >>> rng = np.random.default_rng(0)
    >>> ringing = np.exp(-800 * since) * np.sin(2 * np.pi * 6000 * since)
    >>> gram = fast_kurtogram(ringing + 0.1 * rng.standard_normal(20000), sample_rate_hz=20000)
    >>> best = gram.best[0]
    >>> best is not None and best.band.low_hz < 6000 < best.band.high_hz
    True
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    counts = _band_counts(_finest_level(maximum_level, record.length))
    columns = int(np.lcm.reduce(np.array(counts)))
    kurtosis = np.full((record.channel_count, len(counts), columns), np.nan)
    fade = _fade(record.length)
    for channel in np.flatnonzero(record.lively):
        spectrum = fft.rfft(record.samples[channel] * fade)
        for row, count in enumerate(counts):
            values = _band_kurtosis(spectrum, record.length, count)
            kurtosis[channel, row] = np.repeat(values, columns // count)
    half_hz = 0.5 * record.sample_rate_hz
    bandwidths_hz = half_hz / np.array(counts, np.float64)
    duration_s = (1.0 - 2.0 * FADED_FRACTION) * record.length / record.sample_rate_hz
    return Kurtogram(
        levels=np.log2(counts),
        bandwidths_hz=bandwidths_hz,
        frequencies_hz=(np.arange(columns, dtype=np.float64) + 0.5) * (half_hz / columns),
        kurtosis=kurtosis,
        noise_deviation=2.0 / np.sqrt(bandwidths_hz * duration_s),
        best=tuple(_best(rows, counts, record.sample_rate_hz) for rows in kurtosis),
        unit="",
        quality=record.quality,
    )


def _fade(length: int) -> Float64Array:
    """Return ones with a raised cosine at both ends (a Tukey window) [shape=(length,)]."""
    from_end = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    position = np.clip(from_end / (FADED_FRACTION * length), 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * position))


def _finest_level(maximum_level: int | None, length: int) -> int:
    possible = int(np.floor(np.log2(max(1.0, 0.5 * length / FEWEST_SAMPLES))))
    if maximum_level is None:
        if possible < 1:
            raise ParameterError(
                f"a kurtogram needs at least {4 * FEWEST_SAMPLES} samples, got {length}: give a "
                "longer record"
            )
        return min(possible, DEFAULT_LEVEL)
    if not 1 <= maximum_level <= min(possible, MAX_LEVEL):
        raise ParameterError(
            f"maximum_level must lie from 1 to {min(possible, MAX_LEVEL)} for {length} samples, "
            f"got {maximum_level}: give a longer record or ask for a lower level"
        )
    return maximum_level


def _band_counts(finest: int) -> list[int]:
    """Return 1, 2, 3, 4, 6, 8, 12, ... up to 2^finest: each level has a third-level sibling."""
    binary = [2**level for level in range(finest + 1)]
    thirds = [3 * 2**level for level in range(finest - 1)]
    return sorted(binary + thirds)


def _band_kurtosis(spectrum: npt.NDArray[np.complex128], length: int, count: int) -> Float64Array:
    """Return the kurtosis of the complex envelope of each of `count` equal bands."""
    width = 0.5 * length / count  # in lines
    edge = EDGE_FRACTION * width
    middles = (np.arange(count) + 0.5) * width
    first = np.ceil(middles - 0.5 * (width + edge)).astype(np.int64)
    lines = first[:, np.newaxis] + np.arange(int(np.ceil(width + edge)))
    distance = np.abs(lines - middles[:, np.newaxis]) - 0.5 * (width - edge)
    weights = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / edge, 0.0, 1.0))
    # Line 0 (the mean) and N/2 (its own mirror image) belong to no analytic signal.
    inside = (lines > 0) & (2 * lines < length)
    parts = np.where(inside, spectrum[np.clip(lines, 0, len(spectrum) - 1)], 0.0) * weights
    # Twice the band's rate: the squared magnitude then doesn't fold.
    envelope = fft.ifft(parts, fft.next_fast_len(2 * lines.shape[1]), axis=1)
    faded = int(np.ceil(FADED_FRACTION * envelope.shape[1]))
    envelope = envelope[:, faded : envelope.shape[1] - faded]
    square = envelope.real**2 + envelope.imag**2
    power = square.mean(axis=1)
    values = np.full(count, np.nan)
    # A band with nothing but rounding in it has no kurtosis worth the name.
    present = power > 1e-24 * power.max()
    values[present] = np.mean(square[present] ** 2, axis=1) / power[present] ** 2 - 2.0
    return values


def _best(rows: Float64Array, counts: list[int], rate: float) -> KurtogramBand | None:
    columns = rows.shape[1]
    starts = [(np.arange(columns) * count // columns) * (0.5 * rate / count) for count in counts]
    candidates = np.where(np.array(starts) < USABLE_FRACTION * rate, rows, np.nan)
    if np.all(np.isnan(candidates)):
        return None
    row, column = np.unravel_index(int(np.nanargmax(candidates)), rows.shape)
    low_hz, width_hz = float(starts[int(row)][column]), 0.5 * rate / counts[int(row)]
    level = float(np.log2(counts[int(row)]))
    return KurtogramBand(FrequencyBand(low_hz, low_hz + width_hz), level, float(rows[row, column]))
