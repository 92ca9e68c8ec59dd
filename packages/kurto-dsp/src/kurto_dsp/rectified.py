"""Means of |x| and √|x| of a window: the denominators of the shape factors.

They do not merge from hops, because the mean of the whole window is removed first.
"""

import numpy as np

from kurto_dsp.arrays import Float32Array
from kurto_dsp.compiled import compiled


def rectified_means(row: Float32Array, *, residual_mean: float) -> tuple[float, float]:
    """Return mean |x| and mean √|x|.

    Parameters
    ----------
    row : Float32Array [shape=(n,)]
        The mean, rounded to float32, removed.
    residual_mean : float
        What that rounding has left of the mean. Where a few impacts stand out of a quiet
        signal with a large bias it is no small part of most samples.
    """
    magnitudes, roots = compiled(sum_rectified)(row, np.float32(residual_mean))
    return magnitudes / len(row), roots / len(row)


def sum_rectified(row: Float32Array, mean: np.float32) -> tuple[float, float]:
    """Return Σ|x - mean| and Σ√|x - mean| of one row, added up in float64."""
    magnitudes = roots = 0.0
    for k in range(len(row)):  # over places: the compiler makes no vectors of an iterator
        magnitude = np.float32(abs(row[k] - mean))
        magnitudes += np.float64(magnitude)
        roots += np.float64(np.sqrt(magnitude))
    return magnitudes, roots


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
