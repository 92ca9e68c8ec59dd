"""Clipped, flat and non-finite samples in blocks."""

import numpy as np
import pytest

from kurto_ingest.streams.encoding import Encoding, planar_view, sample_values
from kurto_ingest.streams.quality import BIAS, CLIPPED, FLAT, NON_FINITE, BlockInspector

GOOD = np.array([[0.0, 1.0, -1.0, 0.5], [0.1, 0.2, 0.3, 0.4]], dtype="<f4")


def mask(values: np.ndarray, full_scale: float | None = 50.0) -> int:
    return BlockInspector(Encoding.F32LE, (), [full_scale, full_scale]).mask(values)


def changed(row: int, values: list[float]) -> np.ndarray:
    result = GOOD.copy()
    result[row] = values
    return result


def test_clean_block_has_no_flags() -> None:
    assert mask(GOOD) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite(bad: float) -> None:
    assert mask(changed(1, [0.1, bad, 0.2, 0.3])) & NON_FINITE


def test_flat_channel() -> None:
    assert mask(changed(0, [2.0] * 4)) == FLAT


def test_single_sample_is_not_flat() -> None:
    assert mask(GOOD[:, :1]) == 0


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        ([50.0, 50.0, 50.0, 1.0], CLIPPED),
        ([1.0, -50.0, -51.0, -50.0], CLIPPED),
        ([50.0, 50.0, 1.0, 50.0], 0),
        ([50.0, -50.0, 50.0, 1.0], 0),
        ([49.9, 49.9, 49.9, 1.0], 0),
    ],
)
def test_three_samples_in_a_row_at_one_rail_are_clipped(values: list[float], flags: int) -> None:
    assert mask(changed(0, values)) == flags


def test_nothing_is_clipped_without_a_full_scale() -> None:
    assert mask(changed(0, [1e9, 1e9, 1e9, 0.0]), None) == 0


def test_integer_steps_are_compared_with_the_scaled_full_scale() -> None:
    # 50 g at 0.0016 g per step: the converter ends at step 31250.
    inspector = BlockInspector(Encoding.I16LE, [-0.0016], [50.0])
    assert inspector.mask(np.array([[31250, 31250, 31251, 0]], dtype="<i2")) == CLIPPED
    assert inspector.mask(np.array([[31249, 31249, 31249, 0]], dtype="<i2")) == 0
    assert inspector.mask(np.array([[-32768, -32768, -32768, 0]], dtype="<i2")) == CLIPPED


def test_24_bit_samples_keep_their_sign() -> None:
    numbers = np.array([0, 1, -1, 2**23 - 1, -(2**23)], dtype="<i4")
    data = b"".join(int(number).to_bytes(4, "little", signed=True)[:3] for number in numbers)
    view = planar_view(data, Encoding.I24LE, 1)
    np.testing.assert_array_equal(sample_values(view)[0], numbers)
    inspector = BlockInspector(Encoding.I24LE, [1.0], [2.0**23 - 1])
    assert inspector.mask(planar_view(b"\xff\xff\x7f" * 3 + b"\0\0\0", Encoding.I24LE, 1)) & CLIPPED


def test_one_scale_stands_for_all_channels() -> None:
    inspector = BlockInspector(Encoding.I16LE, [0.5], [4.0, 100.0])
    assert inspector.mask(np.array([[8, 8, 8], [1, 2, 3]], dtype="<i2")) & CLIPPED
    assert inspector.mask(np.array([[7, 6, 7], [8, 8, 9]], dtype="<i2")) == 0


def bias(values: list[float], bias_range: tuple[float, float], step: float = 1.0) -> int:
    inspector = BlockInspector(Encoding.I16LE, [step], [None], [bias_range])
    return inspector.mask(np.array([values], dtype="<i2"))


@pytest.mark.parametrize(
    ("values", "flags"),
    [([9, 11], 0), ([8, 12], 0), ([8, 11], BIAS), ([11, 12], BIAS), ([-30000, 30000], BIAS)],
)
def test_mean_outside_of_its_range(values: list[float], flags: int) -> None:
    assert bias(values, (10.0, 11.0)) == flags


def test_range_of_the_mean_is_in_the_unit_of_the_channel_whatever_the_step() -> None:
    assert bias([490, 510], (0.9, 1.1), 0.002) == 0
    assert bias([-490, -510], (0.9, 1.1), -0.002) == 0
    assert bias([490, 510], (0.9, 1.1), 0.001) == BIAS


def test_each_channel_has_a_range_of_its_own() -> None:
    inspector = BlockInspector(Encoding.F32LE, [], [None, None], [None, (0.0, 0.3)])
    assert inspector.mask(GOOD + np.array([[99.0], [0.0]], dtype="<f4")) == 0
    assert inspector.mask(GOOD + np.array([[0.0], [0.1]], dtype="<f4")) == BIAS


def test_mean_that_is_no_number_has_the_flag_of_its_own_only() -> None:
    inspector = BlockInspector(Encoding.F32LE, [], [None], [(-1.0, 1.0)])
    values = np.array([[np.inf, -np.inf, np.nan, 0.0]], dtype="<f4")
    assert inspector.mask(values) == NON_FINITE
