"""From planar bytes to float32 samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kurto.signal.v1.samples_pb2 import SampleEncoding
from kurto_dsp.arrays import Float32Array

__all__ = ["SAMPLE_BYTES", "decode_planar"]

SAMPLE_BYTES: dict[int, int] = {
    SampleEncoding.SAMPLE_ENCODING_UNSPECIFIED: 4,
    SampleEncoding.SAMPLE_ENCODING_F32LE: 4,
    SampleEncoding.SAMPLE_ENCODING_I16LE: 2,
    SampleEncoding.SAMPLE_ENCODING_I24LE: 3,
}
"""Bytes of one sample, by encoding."""


def decode_planar(
    planar: bytes, *, encoding: int, scales: tuple[float, ...], channel_count: int
) -> Float32Array:
    """Return samples in the channels' unit.

    Integers are multiplied by their scale in float64 and rounded once, so that every reader of the
    same bytes gets the same float32.

    Parameters
    ----------
    planar : bytes
        All samples of the first channel, then all of the second, and so on.
    encoding : int
        A `SampleEncoding`.
    scales : tuple of float
        One for all channels, or one each; not used for floats.
    channel_count : int
        Number of channels.

    Returns
    -------
    Float32Array [shape=(channels, samples)]
        For floats a read-only view of the bytes.
    """
    if SAMPLE_BYTES[encoding] == 4:
        return np.frombuffer(planar, "<f4").reshape(channel_count, -1)
    integers = _integers(planar, encoding).reshape(channel_count, -1)
    factors = np.array(scales, np.float64)[:, np.newaxis]
    samples: Float32Array = np.multiply(integers, factors, dtype=np.float64).astype(np.float32)
    return samples


def _integers(planar: bytes, encoding: int) -> npt.NDArray[Any]:
    if encoding == SampleEncoding.SAMPLE_ENCODING_I16LE:
        return np.frombuffer(planar, "<i2")
    triples = np.frombuffer(planar, np.uint8).reshape(-1, 3)
    # Placed in the upper three bytes, so that the shift carries the sign.
    wide = np.zeros((len(triples), 4), np.uint8)
    wide[:, 1:] = triples
    return wide.view("<i4")[:, 0] >> 8
