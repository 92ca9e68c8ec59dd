"""A record ready for analysis: float64, mean removed, bad samples marked instead of spread."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from kurto_dsp import moments
from kurto_dsp.arrays import BoolArray, FlagArray, Float64Array, require_sample_rate
from kurto_dsp.assessment import assess
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.quality import MIN_SAMPLES, QualityFlag


@dataclass(frozen=True, eq=False, slots=True)
class Record:
    """Samples of all channels and what is wrong with them. Use `load_record`.

    Parameters
    ----------
    samples : Float64Array [shape=(channels, n)]
        Mean of the valid samples removed; zero where not valid, and in constant channels.
    valid : BoolArray [shape=(channels, n)]
        False at non-finite samples, and throughout a channel that is out of range.
    quality : FlagArray [shape=(channels,)]
        `kurto_dsp.QualityFlag` bits.
    sample_rate_hz : float
    """

    samples: Float64Array
    valid: BoolArray
    quality: FlagArray
    sample_rate_hz: float

    @property
    def channel_count(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def whole(self) -> BoolArray:
        """Which channels are valid throughout [shape=(channels,)]."""
        return np.asarray(self.valid.all(axis=1))

    @property
    def lively(self) -> BoolArray:
        """Which channels are valid throughout and move: what a logarithm needs."""
        return np.asarray(self.whole & ((self.quality & np.uint16(QualityFlag.CONSTANT)) == 0))


def load_record(
    samples: npt.ArrayLike, *, sample_rate_hz: float, full_scale: float | None = None
) -> Record:
    """Check samples and remove their mean.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Returns
    -------
    Record

    Raises
    ------
    ParameterError
        If the rate, or the array's shape, type or length, is impossible.
    """
    rate = require_sample_rate(sample_rate_hz)
    matrix = as_float64_samples(samples)
    if matrix.shape[1] < MIN_SAMPLES:
        raise ParameterError(
            f"the record has {matrix.shape[1]} samples: give at least {MIN_SAMPLES}"
        )
    valid = np.isfinite(matrix)
    statistics, centred = _centre(matrix, valid)
    limit = np.full(len(matrix), np.inf if full_scale is None else full_scale)
    quality = assess(statistics, limit, QualityFlag.NONE)
    quality[~valid.all(axis=1)] |= np.uint16(QualityFlag.NON_FINITE)
    valid[(quality & np.uint16(QualityFlag.OUT_OF_RANGE)) != 0] = False
    moving = valid & ((quality & np.uint16(QualityFlag.CONSTANT)) == 0)[:, np.newaxis]
    centred[~moving] = 0.0
    return Record(centred, valid, quality, rate)


def as_float64_samples(samples: npt.ArrayLike) -> Float64Array:
    """Return samples as a float64 matrix, channels first.

    Raises
    ------
    ParameterError
        If the array is not numeric, or has neither one nor two dimensions.
    """
    array = np.asarray(samples)
    if array.dtype.kind not in "fiu":
        raise ParameterError(f"samples must be real numbers, got dtype {array.dtype}")
    if array.ndim not in (1, 2):
        raise ParameterError(
            f"samples must have shape (channels, samples) or (samples,), got {array.shape}"
        )
    return np.atleast_2d(array.astype(np.float64, order="C"))


def shrink(valid: BoolArray, margin: int) -> BoolArray:
    """Take samples within `margin` of an invalid one as invalid: a filter has smeared it there.

    Parameters
    ----------
    valid : BoolArray [shape=(channels, n)]
    margin : int >= 0
    """
    if valid.all():
        return valid
    bad = (~valid).view(np.uint8)
    spread = ndimage.maximum_filter1d(bad, 2 * margin + 1, axis=1, mode="nearest")
    return np.asarray(spread == 0)


def _centre(matrix: Float64Array, valid: BoolArray) -> tuple[Float64Array, Float64Array]:
    """Return statistics as `assess` takes them, and the samples less their mean."""
    statistics = np.zeros((len(matrix), moments.STATISTIC_COUNT))
    with np.errstate(all="ignore"):
        count = valid.sum(axis=1)
        mean = np.add.reduce(matrix, axis=1, where=valid) / count
        centred = matrix - mean[:, np.newaxis]
        statistics[:, moments.M2] = np.add.reduce(centred * centred, axis=1, where=valid)
        low = np.minimum.reduce(matrix, axis=1, where=valid, initial=np.inf)
        high = np.maximum.reduce(matrix, axis=1, where=valid, initial=-np.inf)
    statistics[:, moments.COUNT] = np.maximum(count, 1)
    statistics[:, moments.MEAN] = mean
    statistics[:, moments.MINIMUM], statistics[:, moments.MAXIMUM] = low, high
    return statistics, centred
