"""Decoding of planar bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from kurto.signal.v1.samples_pb2 import SampleEncoding
from kurto_analyzer.encoding import decode_planar

I16, I24 = SampleEncoding.SAMPLE_ENCODING_I16LE, SampleEncoding.SAMPLE_ENCODING_I24LE
F32 = SampleEncoding.SAMPLE_ENCODING_F32LE


def test_floats_are_a_view() -> None:
    planar = np.arange(6, dtype="<f4").tobytes()
    samples = decode_planar(planar, encoding=F32, scales=(), channel_count=2)
    np.testing.assert_array_equal(samples, [[0, 1, 2], [3, 4, 5]])
    assert samples.dtype == np.float32
    assert not samples.flags.owndata


def test_sixteen_bit_integers_with_a_scale_each() -> None:
    planar = struct.pack("<4h", -32768, 32767, 1, -1)
    samples = decode_planar(planar, encoding=I16, scales=(0.5, 2.0), channel_count=2)
    np.testing.assert_array_equal(samples, [[-16384.0, 16383.5], [2.0, -2.0]])


@pytest.mark.parametrize("value", [0, 1, -1, 2**23 - 1, -(2**23), 65536, -65537])
def test_twenty_four_bit_integers(value: int) -> None:
    planar = value.to_bytes(3, "little", signed=True) * 2
    samples = decode_planar(planar, encoding=I24, scales=(1.0,), channel_count=2)
    np.testing.assert_array_equal(samples, [[value], [value]])


def test_products_are_rounded_once() -> None:
    integers = np.arange(-3000, 3000, dtype="<i2")
    scale = 1.0 / 3276.7
    samples = decode_planar(integers.tobytes(), encoding=I16, scales=(scale,), channel_count=1)
    wanted = (integers.astype(np.float64) * scale).astype(np.float32)
    np.testing.assert_array_equal(samples[0], wanted)
    assert samples.dtype == np.float32
