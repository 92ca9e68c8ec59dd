"""The spectrum of a record without window function, which several results are made of.

Amplitudes of shaft lines take its Hann lines, pre-whitening its phases: it is transformed once.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from kurto_dsp.arrays import Float64Array

Complex128Array = npt.NDArray[np.complex128]

STRIDE = 8
"""Interleaved parts that a record is cut into when only its lowest lines are wanted."""


@dataclass(frozen=True, eq=False, slots=True)
class RecordLines:
    """Lines of the discrete Fourier transform of records without their mean, from line 0.

    Parameters
    ----------
    values : array of complex128 [shape=(..., lines)]
        All lines up to half the rate, or fewer.
    length : int
        Samples of a record.
    sample_rate_hz : float
    """

    values: Complex128Array
    length: int
    sample_rate_hz: float

    @property
    def resolution_hz(self) -> float:
        """Distance of two lines, 1/T."""
        return self.sample_rate_hz / self.length


def record_lines(samples: Float64Array, sample_rate_hz: float) -> RecordLines:
    """Return all lines of records.

    Parameters
    ----------
    samples : Float64Array [shape=(..., n)], n >= 2
    sample_rate_hz : float > 0
    """
    return RecordLines(fft.rfft(without_mean(samples)), samples.shape[-1], sample_rate_hz)


def lowest_record_lines(
    samples: Float64Array, sample_rate_hz: float, *, highest_hz: float
) -> RecordLines:
    """Return the lines of a record up to `highest_hz`, and two more.

    With few lines of a long record, transforms of its interleaved parts cost half as much as one
    of the whole, of which most lines would be thrown away. The result is the same, to rounding.

    Parameters
    ----------
    samples : Float64Array [shape=(n,)], n >= 2
    sample_rate_hz : float > 0
    highest_hz : float > 0
    """
    length = len(samples)
    count = math.ceil(highest_hz * length / sample_rate_hz) + 2
    short, rest = divmod(length, STRIDE)
    if rest or count > short // 2:
        whole = record_lines(samples, sample_rate_hz)
        return RecordLines(whole.values[:count], length, sample_rate_hz)
    # X[k] = sum over p of w^(kp) F_p[k] with w = exp(-2 pi i / n): F_p is the spectrum of samples
    # p, p + 8, p + 16, ... of the record.
    parts = fft.rfft(without_mean(samples).reshape(short, STRIDE), axis=0)[:count]
    turn = np.exp(-2j * np.pi / length * np.arange(count))
    lines = parts[:, -1].copy()
    for part in parts.T[-2::-1]:
        lines *= turn
        lines += part
    return RecordLines(lines, length, sample_rate_hz)


def without_mean(samples: Float64Array) -> Float64Array:
    """Return samples less their mean.

    Parameters
    ----------
    samples : Float64Array [shape=(..., n)]
    """
    mean = np.add.reduce(samples, axis=-1, keepdims=True) / samples.shape[-1]
    centred: Float64Array = samples - mean
    return centred


def hann_of(lines: Complex128Array) -> Complex128Array:
    """Return the lines of the Hann-windowed samples but the last, from those without window.

    ``X[k]/2 - X[k-1]/4 - X[k+1]/4``: cheaper than a table of cosines as long as the samples.

    Parameters
    ----------
    lines : array of complex128 [shape=(..., lines)], lines >= 2
        Of real samples, from line 0; below it they go on conjugated.
    """
    below = np.concatenate([np.conj(lines[..., 1:2]), lines[..., :-2]], axis=-1)
    return 0.5 * lines[..., :-1] - 0.25 * (below + lines[..., 1:])
