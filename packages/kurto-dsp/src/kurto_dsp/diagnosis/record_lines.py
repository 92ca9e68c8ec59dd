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

STRIDES = (8, 4)
"""Interleaved parts that a signal is cut into when only its lowest lines are wanted."""


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


def record_lines(centred: Float64Array, sample_rate_hz: float) -> RecordLines:
    """Return all lines of records.

    Parameters
    ----------
    centred : Float64Array [shape=(..., n)], n >= 2
        The records, their mean removed.
    sample_rate_hz : float > 0
    """
    return RecordLines(fft.rfft(centred), centred.shape[-1], sample_rate_hz)


def lowest_record_lines(
    centred: Float64Array, sample_rate_hz: float, *, highest_hz: float
) -> RecordLines:
    """Return the lines of records up to `highest_hz`, and two more.

    Parameters
    ----------
    centred : Float64Array [shape=(..., n)], n >= 2
        The records, their mean removed.
    sample_rate_hz : float > 0
    highest_hz : float > 0
    """
    length = centred.shape[-1]
    count = math.ceil(highest_hz * length / sample_rate_hz) + 2
    return RecordLines(lowest_lines(centred, count), length, sample_rate_hz)


def lowest_lines(signal: Float64Array, count: int) -> Complex128Array:
    """Return the lowest lines of the discrete Fourier transform of signals.

    With few lines of long signals, transforms of their interleaved parts cost half as much as
    those of the whole, of which most lines would be thrown away. The result is the same, to
    rounding.

    Parameters
    ----------
    signal : Float64Array [shape=(..., n)]
    count : int >= 1
        Lines wanted; there may be fewer.

    Returns
    -------
    array of complex128 [shape=(..., lines)]
    """
    length = signal.shape[-1]
    stride = next((s for s in STRIDES if length % s == 0 and count <= length // s // 2), None)
    if stride is None:
        lines: Complex128Array = fft.rfft(signal)[..., :count]
        return lines
    # X[k] = sum over p of w^(kp) F_p[k] with w = exp(-2 pi i / n): F_p is the spectrum of samples
    # p, p + stride, p + 2 stride, ...
    parts = fft.rfft(signal.reshape(*signal.shape[:-1], -1, stride), axis=-2)[..., :count, :]
    turn = np.exp(-2j * np.pi / length * np.arange(count))
    lines = parts[..., -1].copy()
    for part in range(stride - 2, -1, -1):
        lines *= turn
        lines += parts[..., part]
    return lines


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
