"""How samples are laid out in bytes, and NumPy views of them without a copy."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoding", "Planar", "planar_view", "sample_values"]

#: Samples as they came: shape (channels, samples), or (channels, samples, 3) bytes for I24LE.
Planar = NDArray[Any]


class Encoding(IntEnum):
    """Encodings of planar samples; the numbers are those of ``kurto.signal.v1.SampleEncoding``."""

    F32LE = 1
    I16LE = 2
    I24LE = 3

    @property
    def sample_bytes(self) -> int:
        """Bytes per sample and channel."""
        return _SAMPLE_BYTES[self]

    @property
    def is_integer(self) -> bool:
        """True when samples are integer steps that need a scale."""
        return self is not Encoding.F32LE


_SAMPLE_BYTES = {Encoding.F32LE: 4, Encoding.I16LE: 2, Encoding.I24LE: 3}
_DTYPES = {Encoding.F32LE: "<f4", Encoding.I16LE: "<i2", Encoding.I24LE: "u1"}


def planar_view(data: bytes, encoding: Encoding, channel_count: int) -> Planar:
    """Return planar `data` as an array, without copying.

    Parameters
    ----------
    data : bytes
        All samples of the first channel, then all of the second, ...
    encoding : Encoding
        Form of one sample.
    channel_count : int > 0
        Number of channels; must divide the samples evenly.

    Returns
    -------
    numpy.ndarray [shape=(channels, n)], or uint8 [shape=(channels, n, 3)] for I24LE
    """
    flat = np.frombuffer(data, dtype=_DTYPES[encoding])
    if encoding is Encoding.I24LE:
        return flat.reshape(channel_count, -1, 3)
    return flat.reshape(channel_count, -1)


def sample_values(samples: Planar) -> Planar:
    """Return numbers that can be compared, shape (channels, n): I24LE becomes int32."""
    if samples.ndim == 2:
        return samples
    widened = np.zeros((*samples.shape[:2], 4), dtype=np.uint8)
    widened[..., 1:] = samples
    # The top three bytes hold the sample, so the shift also extends the sign.
    return widened.view("<i4")[..., 0] >> 8
