"""Real recordings through the live code, against SciPy and published figures."""

from pathlib import Path

import numpy as np
import pytest
from scipy import io, stats

from kurto_dsp import WindowGeometry, flag_names, record_features, window_features


def test_cwru_record_equals_scipy_window_by_window(shared_data: Path) -> None:
    record = io.loadmat(shared_data / "cwru" / "105_IR007_0.mat")
    samples = np.stack([record["X105_DE_time"][:, 0], record["X105_FE_time"][:, 0]])
    features = record_features(samples, sample_rate_hz=12000)
    assert len(features.start_sample) == (samples.shape[1] - 12000) // 1200 + 1
    rms = features.names.index("rms")
    kurtosis = features.names.index("kurtosis")
    single = samples.astype(np.float32).astype(np.float64)
    for start, values in zip(features.start_sample, features.values, strict=True):
        window = single[:, start : start + 12000]
        np.testing.assert_allclose(values[:, rms], window.std(axis=1), rtol=1e-5)
        expected = stats.kurtosis(window, axis=1, fisher=False)
        np.testing.assert_allclose(values[:, kurtosis], expected, rtol=1e-5)
    assert np.all(features.values[:, 0, kurtosis] > 4)
    assert flag_names(int(features.quality[0, 0])) == ("band_unavailable",)
    # ISO grading is blind to bearing damage: every record of this rig reads 0.11-0.40 mm/s.
    velocity = features.values[:, 0, features.names.index("velocity_rms")]
    assert np.all((velocity > 0.1) & (velocity < 0.4))


def test_bursts_of_a_run_to_failure_reproduce_the_published_levels(shared_data: Path) -> None:
    run = np.load(shared_data / "pronostia" / "learning" / "Bearing1_1.npz")
    samples = ((run["hi"].astype(np.int32) << 8) | run["lo"]) / 1000.0
    geometry = WindowGeometry.burst(2560)
    for snapshots, rms_g in ((slice(0, 100), (0.48, 0.46)), (slice(-10, None), (5.19, 4.07))):
        bursts = samples[snapshots].reshape(-1, 2).T
        features = record_features(bursts, sample_rate_hz=25600, geometry=geometry)
        assert features.values.shape[0] == samples[snapshots].shape[0]
        values = features.values[:, :, features.names.index("rms")]
        assert values.mean(axis=0) == pytest.approx(rms_g, abs=0.006)
        assert np.isnan(features.values[:, :, features.names.index("velocity_rms")]).all()
        assert {flag_names(int(flags)) for flags in features.quality.ravel()} == {("too_short",)}


def test_a_recording_is_cut_as_a_stream_is(shared_data: Path) -> None:
    record = io.loadmat(shared_data / "mfpt" / "OuterRaceFault_vload_5.mat")
    samples = record["bearing"]["gs"][0, 0].ravel()
    features = record_features(samples, sample_rate_hz=48828)
    hop = 4883
    for index in (0, 7, len(features.start_sample) - 1):
        window = samples[index * hop : index * hop + 10 * hop]
        single = window_features(window, sample_rate_hz=48828)
        np.testing.assert_array_equal(single.values, features.values[index])
