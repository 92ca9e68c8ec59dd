"""Magnitudes of the analytic signal of a band, by transforms of every fourth line."""

from functools import lru_cache

import numpy as np
from scipy import fft

from kurto_dsp.arrays import Complex64Array, Float32Array
from kurto_dsp.compiled import compiled

_QUARTERS = 4


class BandMagnitudes:
    """Computes the magnitudes of all samples that a few lines make.

    Every fourth line is a row: SciPy transforms those four at a time, each a quarter as long, and
    one pass joins them and takes the magnitudes, so that the signal itself is never written. Where
    four does not divide the length, the lines are transformed as they are.

    Parameters
    ----------
    length : int >= 1
        n, samples.
    line_count : int in [1, n]
        Lines that are given; the others are zero.
    """

    def __init__(self, length: int, line_count: int) -> None:
        self._is_whole = length % _QUARTERS != 0
        self._magnitudes = np.empty(length, np.float32)
        if self._is_whole:
            self._lines = np.zeros(length, np.complex64)
            self._used = self._lines[:line_count]
            self._write = compiled(write_magnitudes)
        else:
            self._rows = np.zeros((_QUARTERS, length // _QUARTERS), np.complex64)
            self._turns = _turns(length)
            self._quarters = self._magnitudes.reshape(_QUARTERS, -1)
            self._deal, self._join = compiled(deal_lines), compiled(join_magnitudes)

    def of(self, lines: Complex64Array, scale: float) -> tuple[Float32Array, float]:
        """Return the magnitude of each sample, and their sum.

        Parameters
        ----------
        lines : Complex64Array [shape=(line_count,)]
            Contiguous.
        scale : float
            Applied to each line. The squares of the magnitudes must be within the range of
            float32.

        Returns
        -------
        Float32Array [shape=(length,)]
            Overwritten by the next call.
        float
        """
        if self._is_whole:
            np.multiply(lines, np.float32(scale), out=self._used)
            samples = np.asarray(fft.ifft(self._lines, norm="forward"))
            return self._magnitudes, self._write(samples, self._magnitudes)
        self._deal(lines, np.float32(scale), self._rows)
        parts = np.asarray(fft.ifft(self._rows, axis=1, norm="forward"))
        return self._magnitudes, self._join(parts, self._turns, self._quarters)


def deal_lines(lines: Complex64Array, scale: np.float32, rows: Complex64Array) -> None:
    """Write lines 0, 4, 8, ..., scaled, to the first row, 1, 5, 9, ... to the second, and so on.

    Parameters
    ----------
    lines : Complex64Array [shape=(m,)]
    scale : np.float32
    rows : Complex64Array [shape=(4, >= m / 4)]
        What lies beyond the lines stays as it is.
    """
    full = len(lines) // _QUARTERS
    for r in range(_QUARTERS):
        row = rows[r]
        for k in range(full):
            row[k] = lines[_QUARTERS * k + r] * scale
    rest = lines[_QUARTERS * full :]
    for r in range(len(rest)):
        rows[r, full] = rest[r] * scale


def join_magnitudes(rows: Complex64Array, turns: Complex64Array, quarters: Float32Array) -> float:
    """Join the transforms of every fourth line; write the magnitudes and return their sum.

    Parameters
    ----------
    rows : Complex64Array [shape=(4, n // 4)]
        Row r is the inverse transform of lines r, r + 4, r + 8, ...
    turns : Complex64Array [shape=(n // 4,)]
        exp(2πi·k/n) of sample k; its powers take less time to compute than to fetch.
    quarters : Float32Array [shape=(4, n // 4)]
        Overwritten with the samples in order, a quarter of them in each row.
    """
    total = 0.0
    for k in range(rows.shape[1]):
        turn = turns[k]
        twice = turn * turn
        first, third = rows[0, k], rows[2, k] * twice
        second, fourth = rows[1, k] * turn, rows[3, k] * (twice * turn)
        even, even_difference = first + third, first - third
        odd, difference = second + fourth, second - fourth
        odd_difference = complex(-difference.imag, difference.real)
        z0, z1 = even + odd, even_difference + odd_difference
        z2, z3 = even - odd, even_difference - odd_difference
        m0 = np.float32(np.sqrt(z0.real * z0.real + z0.imag * z0.imag))
        m1 = np.float32(np.sqrt(z1.real * z1.real + z1.imag * z1.imag))
        m2 = np.float32(np.sqrt(z2.real * z2.real + z2.imag * z2.imag))
        m3 = np.float32(np.sqrt(z3.real * z3.real + z3.imag * z3.imag))
        quarters[0, k], quarters[1, k], quarters[2, k], quarters[3, k] = m0, m1, m2, m3
        total += np.float64(m0) + np.float64(m1) + np.float64(m2) + np.float64(m3)
    return total


def write_magnitudes(values: Complex64Array, magnitudes: Float32Array) -> float:
    """Write the magnitude of each value and return their sum [shape=(n,)].

    The squares must be within the range of float32.
    """
    total = 0.0
    for k in range(len(values)):
        value = values[k]
        magnitude = np.float32(np.sqrt(value.real * value.real + value.imag * value.imag))
        magnitudes[k] = magnitude
        total += np.float64(magnitude)
    return total


@lru_cache(maxsize=16)
def _turns(length: int) -> Complex64Array:
    """Return the turns of `join_magnitudes`."""
    samples = np.arange(length // _QUARTERS)
    turns: Complex64Array = np.exp(2j * np.pi * samples / length).astype(np.complex64)
    return turns
