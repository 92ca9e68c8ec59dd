"""The real Fourier transform of one row, computed as that of four interleaved quarters."""

from functools import lru_cache

import numpy as np
from scipy import fft

from kurto_dsp.arrays import Complex64Array, Float32Array
from kurto_dsp.compiled import compiled

_QUARTERS = 4


class RealTransform:
    """Transforms rows of one length.

    SciPy works on four rows per instruction, but on one value where there is one row. So every
    fourth sample is a row, and one pass joins the four transforms. Where four does not divide the
    length, the row is transformed as it is.

    Parameters
    ----------
    length : int >= 4
        n, samples of a row.
    """

    def __init__(self, length: int) -> None:
        self._lines = np.zeros(length // 2 + 1, np.complex64)
        self._is_whole = length % _QUARTERS != 0
        if not self._is_whole:
            self._turns = _turns(length)
            self._join = compiled(join_quarters)

    def of(self, row: Float32Array) -> Complex64Array:
        """Return the lines of a row, unscaled.

        Parameters
        ----------
        row : Float32Array [shape=(n,)]
            Contiguous.

        Returns
        -------
        Complex64Array [shape=(n // 2 + 1,)]
            Overwritten by the next call.
        """
        if self._is_whole:
            self._lines[:] = fft.rfft(row)
        else:
            quarters = fft.rfft(row.reshape(-1, _QUARTERS), axis=0)
            self._join(quarters, self._turns, self._lines)
        return self._lines


def join_quarters(quarters: Complex64Array, turns: Complex64Array, lines: Complex64Array) -> None:
    """Join the transforms of every fourth sample to that of all.

    Parameters
    ----------
    quarters : Complex64Array [shape=(n // 8 + 1, 4)]
        Column r is the real transform of samples r, r + 4, r + 8, ...
    turns : Complex64Array [shape=(n // 8 + 1, 3)]
        exp(-2πi·k·r/n) of line k for r = 1, 2, 3.
    lines : Complex64Array [shape=(n // 2 + 1,)]
        Overwritten. The upper half of a quarter's lines mirrors the lower one, hence both ways
        from each multiple of n/4.
    """
    middle = (len(lines) - 1) // 2
    for k in range(len(quarters)):
        first, third = quarters[k, 0], quarters[k, 2] * turns[k, 1]
        second, fourth = quarters[k, 1] * turns[k, 0], quarters[k, 3] * turns[k, 2]
        even, even_difference = first + third, first - third
        odd, difference = second + fourth, second - fourth
        odd_difference = complex(-difference.imag, difference.real)
        lines[k] = even + odd
        lines[middle + k] = even_difference - odd_difference
        lines[middle - k] = (even_difference + odd_difference).conjugate()
        lines[2 * middle - k] = (even - odd).conjugate()


@lru_cache(maxsize=16)
def _turns(length: int) -> Complex64Array:
    """Return the turns of `join_quarters`."""
    lines = np.arange(length // (2 * _QUARTERS) + 1)
    angle = np.multiply.outer(lines, np.arange(1, _QUARTERS)) / length
    turns: Complex64Array = np.exp(-2j * np.pi * angle).astype(np.complex64)
    return turns
