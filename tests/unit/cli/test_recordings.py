"""Recordings: real ones, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from kurto_cli.recordings import RecordingError, read_recording


def test_cwru_channels_are_named_by_position(shared_data: Path) -> None:
    recording = read_recording(shared_data / "cwru" / "105_IR007_0.mat")
    assert recording.channels == ("drive_end", "fan_end", "base")
    assert recording.samples.shape == (3, 121265)
    samples = recording.samples[:, :]
    assert samples.dtype == np.float32
    assert recording.sample_rate_hz is None
    # truth.csv: rms 0.2912 g at the drive end, mean removed
    assert samples[0].std() == pytest.approx(0.2912, abs=5e-4)


def test_pronostia_bursts_are_exact(shared_data: Path) -> None:
    path = shared_data / "pronostia" / "test_truncated" / "Bearing2_4.npz"
    recording = read_recording(path)
    assert (recording.burst_samples, recording.burst_interval_s) == (2560, 10.0)
    assert recording.sample_rate_hz == 25600
    assert recording.channels == ("horizontal", "vertical")
    with np.load(path) as arrays:
        burst = (arrays["hi"][7].astype(np.int32) * 256 + arrays["lo"][7]) / 1000.0
    expected = burst.T.astype(np.float32)
    assert np.array_equal(recording.samples[:, 7 * 2560 : 8 * 2560], expected)


def test_mfpt_tells_its_rate(shared_data: Path) -> None:
    recording = read_recording(shared_data / "mfpt" / "OuterRaceFault_vload_2.mat")
    assert recording.sample_rate_hz == 48828
    assert recording.samples.shape == (1, 146484)


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"'\.txt' are not known; use \.mat, \.npz"):
        read_recording(tmp_path / "a.txt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nothing\.npz: no such file"):
        read_recording(tmp_path / "nothing.npz")


def test_garbage_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "garbage.mat"
    path.write_bytes(b"\x00garbage" * 100)
    with pytest.raises(RecordingError, match="cannot be read"):
        read_recording(path)


def test_another_mat_file_says_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "other.mat"
    scipy.io.savemat(path, {"speed": np.ones(3)})
    with pytest.raises(RecordingError, match="but speed"):
        read_recording(path)


def test_another_npz_file_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, fs=1.0, interval_s=1.0, hi=np.ones(1))
    with pytest.raises(RecordingError, match="lacks lo"):
        read_recording(path)


def test_an_empty_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.mat"
    scipy.io.savemat(path, {"X001_DE_time": np.ones((0, 1))})
    with pytest.raises(RecordingError, match="holds no samples"):
        read_recording(path)
