"""The median of few values, without the overhead of the general one."""

import numpy as np

from kurto_dsp.arrays import Float64Array


def median(values: Float64Array) -> float:
    """Return the median of finite values, as ``numpy.median`` does.

    Of a hundred values that takes four times as long, and a diagnosis needs dozens of medians.

    Parameters
    ----------
    values : Float64Array [shape=(n,)], n >= 1

    Examples
    --------
    >>> median(np.array([3.0, 1.0, 2.0])), median(np.array([4.0, 1.0, 2.0, 3.0]))
    (2.0, 2.5)
    """
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    ordered = np.partition(values, (middle - 1, middle))
    return 0.5 * (float(ordered[middle - 1]) + float(ordered[middle]))
