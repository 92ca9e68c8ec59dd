"""The ring of one sensor and the batch of many."""

import numpy as np
import pytest

from kurto_dsp import (
    AccelerationUnit,
    ParameterError,
    SensorRing,
    WindowBatch,
    WindowGeometry,
    flag_names,
    plan_features,
    record_features,
    window_features,
)
from kurto_dsp.arrays import Float32Array

GEOMETRY = WindowGeometry(50, 10)


def hops(count: int, channels: int = 2) -> Float32Array:
    samples = np.random.default_rng(0).standard_normal((channels, 50 * count))
    return samples.astype(np.float32)


def feed(ring: SensorRing, samples: Float32Array, first: int = 0) -> None:
    for index in range(samples.shape[1] // 50):
        ring.push(first + index, samples[:, index * 50 : (index + 1) * 50])


def test_window_is_the_newest_ten_hops_in_order() -> None:
    ring = SensorRing(channel_count=2, geometry=GEOMETRY)
    samples = hops(27)
    for count in range(27):
        ring.push(count, samples[:, count * 50 : (count + 1) * 50])
        if count < 9:
            assert ring.window_index is None
        else:
            assert ring.window_index == count - 9
            expected = samples[:, (count - 9) * 50 : (count + 1) * 50]
            np.testing.assert_array_equal(ring.window(), expected)


def test_pushed_samples_are_copied() -> None:
    ring = SensorRing(channel_count=1, geometry=WindowGeometry.burst(50))
    samples = hops(1, 1)
    ring.push(0, samples)
    kept = samples.copy()
    samples[:] = 0
    np.testing.assert_array_equal(ring.window(), kept)


def test_reset_starts_again_at_any_hop() -> None:
    plan = plan_features(sample_rate_hz=500)
    ring = SensorRing(channel_count=2, geometry=plan.geometry)
    feed(ring, hops(13))
    ring.push_gap(13)
    ring.reset(1003)
    assert ring.window_index is None
    samples = hops(10)
    feed(ring, samples[:, :-50], 1003)
    assert ring.window_index is None
    ring.push(1012, samples[:, -50:])
    assert ring.window_index == 1003
    assert not ring.has_gap
    batch = WindowBatch(plan)
    batch.add(ring)
    [window] = batch.compute()
    expected = window_features(samples, sample_rate_hz=500)
    np.testing.assert_array_equal(window.values, expected.values)


def test_hops_out_of_order_are_refused_and_change_nothing() -> None:
    ring = SensorRing(channel_count=2, geometry=GEOMETRY, first_hop=5)
    for wrong in (4, 6):
        with pytest.raises(ParameterError, match=f"hop {wrong} pushed, but hop 5 is next"):
            ring.push(wrong, hops(1))
        with pytest.raises(ParameterError, match=f"hop {wrong} pushed"):
            ring.push_gap(wrong)
    assert ring.next_hop == 5


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 49), np.float32), np.zeros((1, 50), np.float32), np.zeros((2, 50))]
)
def test_hops_of_another_shape_or_type_are_refused(samples: Float32Array) -> None:
    ring = SensorRing(channel_count=2, geometry=GEOMETRY)
    with pytest.raises(ParameterError, match=r"float32 of shape \(2, 50\)"):
        ring.push(0, samples)


def test_constructor_refuses_what_does_not_fit() -> None:
    with pytest.raises(ParameterError, match="channel_count"):
        SensorRing(channel_count=0, geometry=GEOMETRY)
    with pytest.raises(ParameterError, match="units needs 2 entries, got 1"):
        SensorRing(channel_count=2, geometry=GEOMETRY, units=[AccelerationUnit.G])
    with pytest.raises(ParameterError, match="full_scale needs 2 entries, got 3"):
        SensorRing(channel_count=2, geometry=GEOMETRY, full_scale=[1, 2, None])
    with pytest.raises(ParameterError, match="first_hop"):
        SensorRing(channel_count=2, geometry=GEOMETRY, first_hop=-1)


def test_no_window_can_be_read_before_one_is_complete_or_with_a_gap() -> None:
    ring = SensorRing(channel_count=2, geometry=GEOMETRY)
    feed(ring, hops(9))
    batch = WindowBatch(plan_features(sample_rate_hz=500))
    for call in (ring.window, lambda: batch.add(ring)):
        with pytest.raises(ParameterError, match="hop 8"):
            call()
    ring.push_gap(9)
    with pytest.raises(ParameterError, match="without gap"):
        ring.window()


def test_batch_refuses_rings_of_another_geometry() -> None:
    ring = SensorRing(channel_count=2, geometry=WindowGeometry(51, 10))
    with pytest.raises(ParameterError, match="hop_length=51"):
        WindowBatch(plan_features(sample_rate_hz=500)).add(ring)


def test_one_ring_may_enter_a_batch_several_times() -> None:
    plan = plan_features(sample_rate_hz=500)
    ring = SensorRing(channel_count=3, geometry=plan.geometry)
    batch = WindowBatch(plan)
    samples = hops(30, 3)
    for index in range(30):
        ring.push(index, samples[:, index * 50 : (index + 1) * 50])
        if ring.window_index is not None:
            batch.add(ring)
    windows = batch.compute()
    record = record_features(samples, sample_rate_hz=500)
    assert record.start_sample.tolist() == [50 * w.window_index for w in windows]
    np.testing.assert_array_equal([w.values for w in windows], record.values)
    assert batch.compute() == []


def test_each_channel_has_its_own_unit_and_full_scale() -> None:
    plan = plan_features(sample_rate_hz=25600)
    ring = SensorRing(
        channel_count=2,
        geometry=plan.geometry,
        units=[AccelerationUnit.G, AccelerationUnit.MPS2],
        full_scale=[None, 1.0],
    )
    samples = np.tile(np.sin(2 * np.pi * 100 * np.arange(25600) / 25600), (2, 1))
    for index, hop in enumerate(np.split(samples.astype(np.float32), 10, axis=1)):
        ring.push(index, hop)
    batch = WindowBatch(plan)
    batch.add(ring)
    [window] = batch.compute()
    velocity = window.feature("velocity_rms")
    assert velocity[0] / velocity[1] == pytest.approx(9.80665, rel=1e-6)
    # The envelope of a pure tone has no kurtosis: undefined, on both.
    assert [flag_names(int(q)) for q in window.quality] == [
        ("undefined",),
        ("clipped", "undefined"),
    ]


def test_results_cannot_be_changed() -> None:
    window = window_features(hops(10), sample_rate_hz=500)
    with pytest.raises(ValueError, match="read-only"):
        window.values[0, 0] = 1.0
    with pytest.raises(ParameterError, match="no feature 'energy'"):
        window.feature("energy")
