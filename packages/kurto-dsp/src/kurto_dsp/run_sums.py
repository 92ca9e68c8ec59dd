"""Sums of float32 rows by runs of 256: as quick as one long sum, and as exact as one in pairs.

One long sum of single precision loses 1e-5 where all terms are alike, as those of a square wave;
in runs it is 3e-7. Rows are padded with zeros to whole runs.
"""

import numpy as np

from kurto_dsp.arrays import Float32Array

_RUN = 256


def padded_zeros(count: int) -> Float32Array:
    """Return zeros for `count` values, and for the rest of the last run."""
    return np.zeros(-(-count // _RUN) * _RUN, np.float32)


def total(padded: Float32Array) -> float:
    """Return the sum of a padded row."""
    return float(np.add.reduce(np.einsum("ij->i", padded.reshape(-1, _RUN))))


def inner(padded: Float32Array, other: Float32Array) -> float:
    """Return the sum of the products of two padded rows."""
    runs = np.einsum("ij,ij->i", padded.reshape(-1, _RUN), other.reshape(-1, _RUN))
    return float(np.add.reduce(runs))
