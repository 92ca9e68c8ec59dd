"""The inverse Fourier transform of a few lines, computed as that of four interleaved quarters."""

from functools import lru_cache

import numpy as np
from scipy import fft

from kurto_dsp.arrays import Complex64Array
from kurto_dsp.compiled import compiled

_QUARTERS = 4


class InverseTransform:
    """Inverse complex transform of the lowest lines of one length.

    As `kurto_dsp.real_transform.RealTransform`, the other way round: one pass folds the lines into
    the spectra of every fourth sample, and SciPy transforms those four at a time. Where four does
    not divide the length, the lines are transformed as they are.

    Parameters
    ----------
    length : int >= 1
        Samples.
    line_count : int <= length
        Lines that are given; the others are zero.
    """

    def __init__(self, length: int, line_count: int) -> None:
        self._lines = np.zeros(length, np.complex64)
        self._used = self._lines[:line_count]
        self._is_whole = length % _QUARTERS != 0
        if not self._is_whole:
            self._turns = _turns(length)
            self._quarters = np.empty((length // _QUARTERS, _QUARTERS), np.complex64)
            self._fold = compiled(fold_quarters)

    def samples(self, lines: Complex64Array, scale: float) -> Complex64Array:
        """Return all samples, each the sum over the scaled lines.

        Parameters
        ----------
        lines : Complex64Array [shape=(line_count,)]
        scale : float
            Applied to each line.

        Returns
        -------
        Complex64Array [shape=(length,)]
            Overwritten by the next call.
        """
        np.multiply(lines.view(np.float32), np.float32(scale), out=self._used.view(np.float32))
        if self._is_whole:
            return np.asarray(fft.ifft(self._lines, norm="forward"))
        self._fold(self._lines, self._turns, self._quarters)
        samples = fft.ifft(self._quarters, axis=0, norm="forward", overwrite_x=True)
        return np.asarray(samples).reshape(-1)


def fold_quarters(lines: Complex64Array, turns: Complex64Array, quarters: Complex64Array) -> None:
    """Fold lines into the spectra of every fourth sample.

    Parameters
    ----------
    lines : Complex64Array [shape=(n,)]
    turns : Complex64Array [shape=(n // 4, 3)]
        exp(2πi·k·r/n) of line k for r = 1, 2, 3.
    quarters : Complex64Array [shape=(n // 4, 4)]
        Column r becomes the spectrum of samples r, r + 4, r + 8, ... Overwritten.
    """
    count = len(quarters)
    for k in range(count):
        first, third = lines[k], lines[k + 2 * count]
        second, fourth = lines[k + count], lines[k + 3 * count]
        even, even_difference = first + third, first - third
        odd, difference = second + fourth, second - fourth
        odd_difference = complex(-difference.imag, difference.real)
        quarters[k, 0] = even + odd
        quarters[k, 1] = (even_difference + odd_difference) * turns[k, 0]
        quarters[k, 2] = (even - odd) * turns[k, 1]
        quarters[k, 3] = (even_difference - odd_difference) * turns[k, 2]


@lru_cache(maxsize=16)
def _turns(length: int) -> Complex64Array:
    """Return the turns of `fold_quarters`."""
    lines = np.arange(length // _QUARTERS)
    angle = np.multiply.outer(lines, np.arange(1, _QUARTERS)) / length
    turns: Complex64Array = np.exp(2j * np.pi * angle).astype(np.complex64)
    return turns
