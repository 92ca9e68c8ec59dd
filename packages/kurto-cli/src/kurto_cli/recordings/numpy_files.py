"""Files of NumPy: npy, which stays on disk, and npz."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings import exported
from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import RecordedSpeed, Recording
from kurto_cli.recordings.stacking import rows
from kurto_cli.recordings.variables import recording_of

_MILLI_G_PER_G = 1000.0
_PRONOSTIA = {"hi", "lo", "fs", "interval_s"}
_BURSTS_AT_ONCE = 256


def read_npy(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in an array, one channel or (channels, n) or (n, channels).

    Raises
    ------
    RecordingError
        If the array holds no real numbers, or has more than two dimensions.
    """
    if chosen:
        raise RecordingError(f"{path}: holds one array; leave --variable out")
    with path.open("rb") as file:
        if file.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
            raise RecordingError(f"{path}: is no .npy file; give it the ending of its format")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
        raise RecordingError(
            f"{path}: holds {array.dtype} of shape {array.shape}; save real numbers of shape"
            " (n,) or (channels, n)"
        )
    matrix = rows(array)
    return Recording(channels=_numbered(matrix.shape[0]), samples=matrix, unit=None)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"channel_{number + 1}" for number in range(count))


def read_npz(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in an archive: of `kurto export`, of PRONOSTIA, or of any arrays.

    Raises
    ------
    RecordingError
        If no array or several could be the recording.
    """
    if not zipfile.is_zipfile(path):
        raise RecordingError(
            f"{path}: is no .npz file, or cut off; copy it again, or give it the ending of its"
            " format"
        )
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        if "description" in arrays.files and not chosen:
            return exported.read_npz(arrays)
        if set(arrays.files) >= _PRONOSTIA and not chosen:
            return _pronostia(arrays)
        missing = _PRONOSTIA - set(arrays.files)
        if {"hi", "lo"} & set(arrays.files) and not chosen and missing:
            raise RecordingError(f"{path}: no PRONOSTIA recording; lacks {', '.join(missing)}")
        return recording_of(path, {name: arrays[name] for name in arrays.files}, chosen)


def _pronostia(arrays: Any) -> Recording:
    rpm = float(arrays["rpm"]) if "rpm" in arrays.files else 0.0
    samples, length = _milli_g(arrays["hi"], arrays["lo"])
    return Recording(
        channels=("horizontal", "vertical"),
        samples=samples,
        unit="g",
        sample_rate_hz=float(arrays["fs"]),
        burst_samples=length,
        burst_interval_s=float(arrays["interval_s"]),
        speed=RecordedSpeed(rpm / 60.0, is_measured=False) if rpm > 0 else None,
    )


def _milli_g(high: npt.NDArray[Any], low: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float32], int]:
    """Return samples in g of shape (channels, n) from split bytes, and the length of a burst."""
    bursts, length, channels = high.shape
    samples = np.empty((channels, bursts * length), np.float32)
    for first in range(0, bursts, _BURSTS_AT_ONCE):
        part = slice(first, first + _BURSTS_AT_ONCE)
        steps = (high[part].astype(np.int32) << 8) | low[part]
        planar = np.moveaxis(steps, 2, 0).reshape(channels, -1)
        samples[:, first * length : first * length + planar.shape[1]] = planar / _MILLI_G_PER_G
    return samples, length
