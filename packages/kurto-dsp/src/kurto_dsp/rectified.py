"""Means of |x| and √|x| of a window: the denominators of the shape factors.

They do not merge from hops, because the mean of the whole window is removed first.
"""

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array


def rectified_means(block: Float32Array, residual_means: Float64Array) -> Float64Array:
    """Return mean |x| and mean √|x| of each row.

    Parameters
    ----------
    block : Float32Array [shape=(rows, n)]
        The mean, rounded to float32, removed.
    residual_means : Float64Array [shape=(rows,)]
        What that rounding has left of the mean. Where a few impacts stand out of a quiet
        signal with a large bias it is no small part of most samples.

    Returns
    -------
    Float64Array [shape=(2, rows)]
        Each row's result is independent of the other rows, bit for bit.
    """
    means = np.empty((2, len(block)))
    residuals = residual_means.astype(np.float32)
    # Row by row, so that one row's magnitudes stay in the cache.
    for index, row in enumerate(block):
        magnitude = row - residuals[index]
        np.abs(magnitude, out=magnitude)
        means[0, index] = np.add.reduce(magnitude)
        np.sqrt(magnitude, out=magnitude)
        means[1, index] = np.add.reduce(magnitude)
    means /= block.shape[1]
    return means


def shape_features(
    rms: Float64Array, peak: Float64Array, means: Float64Array
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return shape, impulse and clearance factor.

    Parameters
    ----------
    rms, peak : Float64Array [shape=(rows,)]
        Mean removed.
    means : Float64Array [shape=(2, rows)]
        As from `rectified_means`.
    """
    mean_magnitude, mean_root = means
    return rms / mean_magnitude, peak / mean_magnitude, peak / (mean_root * mean_root)
