"""Results depend on the samples alone: not on batch, block, order, or what came before."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_dsp import SensorRing, WindowBatch, WindowGeometry, plan_features, record_features
from kurto_dsp.arrays import Float32Array
from kurto_dsp.band_magnitudes import BandMagnitudes
from kurto_dsp.moments import hop_statistics, merge_statistics
from kurto_dsp.real_transform import RealTransform
from kurto_dsp.row_features import RowFeatures

seeds = st.integers(0, 2**32 - 1)


def noise(seed: int, *shape: int) -> Float32Array:
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-4, 3, (shape[0], 1))
    return (scale * (rng.standard_normal(shape) + rng.uniform(-10, 10))).astype(np.float32)


@given(
    seed=seeds,
    hop=st.one_of(st.integers(1, 300), st.sampled_from([1200, 2560, 4883])),
    hops_per_window=st.sampled_from([1, 2, 10]),
    channels=st.lists(st.integers(1, 11), min_size=1, max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_rows_do_not_feel_the_batch(
    seed: int, hop: int, hops_per_window: int, channels: list[int]
) -> None:
    plan = plan_features(sample_rate_hz=25600, geometry=WindowGeometry(hop, hops_per_window))
    samples = [
        noise(seed + n, count, plan.geometry.window_length) for n, count in enumerate(channels)
    ]
    together, alone = WindowBatch(plan), WindowBatch(plan)
    expected = []
    for matrix in samples:
        ring = SensorRing(channel_count=len(matrix), geometry=plan.geometry)
        for index in range(hops_per_window):
            ring.push(index, matrix[:, index * hop : (index + 1) * hop])
        together.add(ring)
        rows = []
        for row in matrix:
            single = SensorRing(channel_count=1, geometry=plan.geometry)
            for index in range(hops_per_window):
                single.push(index, row[np.newaxis, index * hop : (index + 1) * hop])
            alone.add(single)
            rows += alone.compute()
        expected.append(rows)
    for window, rows in zip(together.compute(), expected, strict=True):
        np.testing.assert_array_equal(window.values, np.concatenate([r.values for r in rows]))
        np.testing.assert_array_equal(window.quality, np.concatenate([r.quality for r in rows]))


@given(
    seed=seeds,
    events=st.lists(st.sampled_from(["hop", "hop", "hop", "gap", "reset"]), max_size=60),
    flush=st.lists(st.booleans(), min_size=60, max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_streaming_equals_the_recording_at_the_same_place(
    seed: int, events: list[str], flush: list[bool]
) -> None:
    hop, start = 40, 0
    samples = noise(seed, 2, hop * len(events) + hop)
    plan = plan_features(sample_rate_hz=400)
    offline = record_features(samples, sample_rate_hz=400)
    ring = SensorRing(channel_count=2, geometry=plan.geometry)
    batch = WindowBatch(plan)
    results, complete, gaps = [], [], set()
    for index, event in enumerate(events):
        if event == "reset":
            ring.reset(index)
            start = index
        if event == "gap":
            ring.push_gap(index)
            gaps.add(index)
        else:
            ring.push(index, samples[:, index * hop : (index + 1) * hop])
        if index - start >= 9:
            assert ring.window_index == index - 9
            complete.append(index - 9)
            batch.add(ring)
        else:
            assert ring.window_index is None
        if flush[index]:
            results += batch.compute()
    results += batch.compute()
    assert [window.window_index for window in results] == complete
    for window in results:
        if gaps & set(range(window.window_index, window.window_index + 10)):
            assert window.is_empty
            assert np.isnan(window.values).all()
        else:
            np.testing.assert_array_equal(window.values, offline.values[window.window_index])
            np.testing.assert_array_equal(window.quality, offline.quality[window.window_index])


@given(seed=seeds, rows=st.integers(1, 9), length=st.integers(16, 5000))
@settings(max_examples=60, deadline=None)
def test_a_row_does_not_feel_the_rows_before_it(seed: int, rows: int, length: int) -> None:
    """The buffers of the computation are used again: nothing of a row may stay in them."""
    plan = plan_features(sample_rate_hz=25600, geometry=WindowGeometry.burst(length))
    used = RowFeatures(plan)
    for row in noise(seed, rows, length):
        statistics = merge_statistics(hop_statistics(row[np.newaxis])[0, :, np.newaxis])
        centred = row - np.float32(statistics.mean)
        results = [
            features.of(centred, statistics, mps2_per_unit=9.8, full_scale=np.inf)
            for features in (used, RowFeatures(plan))
        ]
        assert repr(results[0]) == repr(results[1])  # NaN is not equal to itself


@given(seed=seeds, length=st.integers(16, 5000), part=st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_magnitudes_are_those_of_the_inverse_transform(seed: int, length: int, part: float) -> None:
    count = max(1, round(part * length))
    lines = noise(seed, 1, 2 * count)[0].view(np.complex64)
    magnitudes, total = BandMagnitudes(length, count).of(lines, 0.25)
    padded = np.zeros(length, np.complex128)
    padded[:count] = 0.25 * lines
    expected = np.abs(length * np.fft.ifft(padded))
    np.testing.assert_allclose(magnitudes, expected, rtol=0, atol=3e-6 * expected.max())
    assert total == pytest.approx(expected.sum(), rel=1e-6)


@given(seed=seeds, length=st.integers(4, 5000))
@settings(max_examples=60, deadline=None)
def test_lines_are_those_of_the_real_transform(seed: int, length: int) -> None:
    row = noise(seed, 1, length)[0]
    expected = np.fft.rfft(row.astype(np.float64))
    lines = RealTransform(length).of(row)
    np.testing.assert_allclose(lines, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@given(seed=seeds, cuts=st.lists(st.integers(1, 999), unique=True, max_size=12))
@settings(max_examples=60, deadline=None)
def test_statistics_merge_over_any_partition(seed: int, cuts: list[int]) -> None:
    samples = noise(seed, 3, 1000)
    edges = [0, *sorted(cuts), 1000]
    parts = [hop_statistics(samples[:, low:high]) for low, high in itertools.pairwise(edges)]
    merged = np.array([merge_statistics(row) for row in np.stack(parts, axis=-1)])
    whole = hop_statistics(samples)
    m2 = whole[:, 2:3]
    scale = np.concatenate(
        [np.ones_like(m2), np.sqrt(m2), m2, m2**1.5, m2**2, np.ones_like(m2), np.ones_like(m2)],
        axis=1,
    )
    assert np.all(np.abs(merged - whole) <= 1e-9 * scale)
