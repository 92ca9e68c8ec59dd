"""Arrays to the bytes of the contract."""

import numpy as np
import pytest

from kurto.encoding import EncodingName, SampleFormat


def test_f32_rows_are_planar_little_endian() -> None:
    encoded = SampleFormat().encode([[1.0, 2.0], [3.0, 4.0]], 2)
    assert encoded.tobytes() == np.array([1, 2, 3, 4], "<f4").tobytes()


def test_one_channel_may_be_flat() -> None:
    assert SampleFormat().encode(np.arange(3), 1).shape == (1, 3)


def test_i16_rounds_to_steps_and_clips() -> None:
    encoded = SampleFormat("i16", 0.001).encode([[0.0014, -0.0016, 99.0, -99.0]], 1)
    assert encoded.tolist() == [[1, -2, 32767, -32768]]


def test_integer_arrays_are_steps() -> None:
    encoded = SampleFormat("i16", 0.001).encode(np.array([[5, -7]]), 1)
    assert encoded.tolist() == [[5, -7]]


def test_i24_is_three_bytes_little_endian() -> None:
    encoded = SampleFormat("i24", 1.0).encode(np.array([[1, -1, 0x123456, -(2**23)]]), 1)
    assert encoded.tobytes() == bytes.fromhex("010000 ffffff 563412 000080")


@pytest.mark.parametrize(
    ("name", "scale", "message"),
    [
        ("i16", None, "needs a scale"),
        ("i24", 0.0, "needs a scale"),
        ("i16", float("nan"), "needs a scale"),
        ("f32", 1.0, "leave it out"),
        ("f64", None, "use one of f32, i16, i24"),
    ],
)
def test_wrong_formats_say_what_to_change(
    name: EncodingName, scale: float | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SampleFormat(name, scale)


def test_integers_cannot_hold_nan() -> None:
    with pytest.raises(ValueError, match="use f32"):
        SampleFormat("i16", 0.1).encode([[np.nan]], 1)


def test_a_wrong_shape_names_the_right_one() -> None:
    with pytest.raises(ValueError, match=r"not \(2, n\)"):
        SampleFormat().encode(np.zeros((3, 4)), 2)


def test_the_encoded_array_is_a_copy() -> None:
    source = np.zeros((1, 4), np.float32)
    encoded = SampleFormat().encode(source, 1)
    source[:] = 1.0
    assert not encoded.any()
