"""Means of |x| and √|x| of a window: the denominators of the shape factors.

They do not merge from hops, because the mean of the whole window is removed first.
"""

import numpy as np

from kurto_dsp.arrays import Float32Array
from kurto_dsp.run_sums import total

NEGLIGIBLE_MEAN = 1e-7
"""Part of the RMS up to which what is left of the mean is as good as nothing."""


def rectified_means(
    row: Float32Array, *, residual_mean: float, rms: float, scratch: Float32Array
) -> tuple[float, float]:
    """Return mean |x| and mean √|x|.

    Parameters
    ----------
    row : Float32Array [shape=(n,)]
        The mean, rounded to float32, removed.
    residual_mean : float
        What that rounding has left of the mean. Where a few impacts stand out of a quiet
        signal with a large bias it is no small part of most samples.
    rms : float
        Of the samples.
    scratch : Float32Array
        From `run_sums.padded_zeros(n)`. Overwritten.
    """
    magnitude = scratch[: len(row)]
    if abs(residual_mean) > NEGLIGIBLE_MEAN * rms:
        np.subtract(row, np.float32(residual_mean), out=magnitude)
        np.abs(magnitude, out=magnitude)
    else:
        np.abs(row, out=magnitude)
    mean_magnitude = total(scratch) / len(row)
    np.sqrt(magnitude, out=magnitude)
    return mean_magnitude, total(scratch) / len(row)


def shape_features(rms: float, peak: float, means: tuple[float, float]) -> list[float]:
    """Return shape, impulse and clearance factor.

    Parameters
    ----------
    rms, peak : float
        Mean removed.
    means : tuple of two float
        As from `rectified_means`.
    """
    mean_magnitude, mean_root = means
    return [rms / mean_magnitude, peak / mean_magnitude, peak / (mean_root * mean_root)]
