"""The inverse Fourier transform of a few lines, for those who do not ask for the samples' order."""

from functools import lru_cache

import numpy as np
from scipy import fft

from kurto_dsp.arrays import Complex64Array

_QUARTERS = 4
_I = np.complex64(1j)


class ShuffledInverse:
    """Inverse complex transform of the lowest lines; its samples come in an order of their own.

    SciPy's transforms work on four rows per instruction; one row alone takes as long as three.
    So the four quarters of the samples are the rows: every fourth sample, each quarter turned
    by the phase of its first one. Where four does not divide the length, samples come in order.

    Parameters
    ----------
    length : int >= 1
        Samples.
    line_count : int <= length
        Lines that are given; the others are zero.
    """

    def __init__(self, length: int, line_count: int) -> None:
        quarter = length // _QUARTERS
        self._is_whole = length % _QUARTERS != 0
        self._lines = np.zeros(length, np.complex64)
        self._line_count = line_count
        if not self._is_whole:
            self._turns = _turns(length)
            self._sums = np.empty((2, 2, quarter), np.complex64)
            self._parts = np.empty((_QUARTERS, quarter), np.complex64)

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
        used = self._lines[: self._line_count]
        np.multiply(lines.view(np.float32), np.float32(scale), out=used.view(np.float32))
        if self._is_whole:
            samples: Complex64Array = fft.ifft(self._lines, norm="forward")
            return samples
        self._fold()
        parts = fft.ifft(self._parts, axis=-1, norm="forward", overwrite_x=True)
        shuffled: Complex64Array = parts.reshape(-1)
        return shuffled

    def _fold(self) -> None:
        """Fold the lines into each quarter of the samples, at the phase of its first one."""
        lower, upper = self._lines.reshape(2, 2, -1)
        even, odd = self._sums
        np.add(lower, upper, out=self._sums[:, 0])
        np.subtract(lower, upper, out=self._sums[:, 1])
        odd[1] *= _I
        np.add(even, odd, out=self._parts[:2])
        np.subtract(even, odd, out=self._parts[2:])
        np.multiply(self._parts[1:], self._turns, out=self._parts[1:])


@lru_cache(maxsize=16)
def _turns(length: int) -> Complex64Array:
    """Return exp(2πi·k·r/length) of the lines k of a quarter, r = 1, 2, 3 [shape=(3, lines)]."""
    lines = np.arange(length // _QUARTERS)
    angle = np.multiply.outer(np.arange(1, _QUARTERS), lines) / length
    turns: Complex64Array = np.exp(2j * np.pi * angle).astype(np.complex64)
    turns.setflags(write=False)
    return turns
