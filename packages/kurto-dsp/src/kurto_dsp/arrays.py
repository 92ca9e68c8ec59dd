"""Array type names and the one guard for sample arrays."""

import math

import numpy as np
import numpy.typing as npt

from kurto_dsp.exceptions import ParameterError

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Complex64Array = npt.NDArray[np.complex64]
FlagArray = npt.NDArray[np.uint16]
IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def as_samples(samples: npt.ArrayLike) -> Float32Array:
    """Return samples as a float32 matrix, channels first.

    Parameters
    ----------
    samples : array_like [shape=(channels, samples) or (samples,)]
        One channel may be given as a vector.

    Returns
    -------
    Float32Array [shape=(channels, samples)]
        A view when the input already is a float32 matrix. Finite values that
        float32 cannot hold become infinite, which the quality flags then report.

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
    with np.errstate(over="ignore"):
        matrix = array.astype(np.float32, copy=False)
    return matrix if matrix.ndim == 2 else matrix[np.newaxis, :]


def require_sample_rate(sample_rate_hz: float) -> float:
    """Return the rate as a float, or refuse it.

    Raises
    ------
    ParameterError
        If the rate is not a positive finite number.
    """
    rate = float(sample_rate_hz)
    if not math.isfinite(rate) or rate <= 0.0:
        raise ParameterError(f"sample_rate_hz must be positive and finite, got {sample_rate_hz!r}")
    return rate
