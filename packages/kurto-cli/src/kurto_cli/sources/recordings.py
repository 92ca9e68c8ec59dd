"""Read recordings of vibration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.io

from kurto_cli.sources import exported
from kurto_cli.sources.recording import Recording, RecordingError

__all__ = ["Recording", "RecordingError", "read_recording"]

_CWRU_VARIABLE = re.compile(r"X\d+_(DE|FE|BA)_time")
_CWRU_POSITIONS = {"DE": "drive_end", "FE": "fan_end", "BA": "base"}
_MILLI_G_PER_G = 1000.0


def read_recording(path: Path) -> Recording:
    """Read a CWRU or MFPT ``.mat`` file, a PRONOSTIA ``.npz`` file, or what `kurto export` wrote.

    Raises
    ------
    RecordingError
        If the file cannot be read or is of another kind.
    """
    readers = {
        ".mat": _read_mat,
        ".npz": _read_npz,
        ".csv": exported.read_csv,
        ".wav": exported.read_wav,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(readers)
        raise RecordingError(f"{path}: files ending in {path.suffix!r} are not known; use {known}")
    if not path.is_file():
        raise RecordingError(f"{path}: no such file")
    try:
        recording = reader(path)
    except RecordingError:
        raise
    except Exception as error:  # readers of damaged files raise nearly everything
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    if recording.samples.shape[1] == 0:
        raise RecordingError(f"{path}: holds no samples")
    return recording


def _read_mat(path: Path) -> Recording:
    variables = scipy.io.loadmat(path)
    if "bearing" in variables:
        return _mfpt(variables)
    columns: dict[str, npt.NDArray[Any]] = {}
    for name, values in variables.items():
        if match := _CWRU_VARIABLE.fullmatch(name):
            columns[_CWRU_POSITIONS[match[1]]] = values.ravel()
    if not columns:
        names = ", ".join(name for name in variables if not name.startswith("__"))
        raise RecordingError(
            f"{path}: holds neither X..._DE_time (CWRU) nor bearing.gs (MFPT), but {names}"
        )
    # Some published records repeat an earlier one; a position's channels have one length.
    length = min(len(values) for values in columns.values())
    samples = np.array([values[:length] for values in columns.values()], dtype=np.float32)
    return Recording(channels=tuple(columns), samples=samples, unit="g")


def _mfpt(variables: Mapping[str, Any]) -> Recording:
    bearing = variables["bearing"][0, 0]
    samples = np.asarray(bearing["gs"], dtype=np.float32).reshape(1, -1)
    rate_hz = float(np.asarray(bearing["sr"]).ravel()[0])
    return Recording(channels=("bearing",), samples=samples, unit="g", sample_rate_hz=rate_hz)


def _read_npz(path: Path) -> Recording:
    with np.load(path, allow_pickle=False) as arrays:
        if "description" in arrays.files:
            return exported.read_npz(arrays)
        missing = {"hi", "lo", "fs", "interval_s"} - set(arrays.files)
        if missing:
            raise RecordingError(f"{path}: no PRONOSTIA recording; lacks {', '.join(missing)}")
        milli_g = (arrays["hi"].astype(np.int32) << 8) | arrays["lo"]
        rate_hz, interval_s = float(arrays["fs"]), float(arrays["interval_s"])
    bursts, length, channels = milli_g.shape
    planar = np.moveaxis(milli_g, 2, 0).reshape(channels, bursts * length)
    return Recording(
        channels=("horizontal", "vertical"),
        samples=(planar / _MILLI_G_PER_G).astype(np.float32),
        unit="g",
        sample_rate_hz=rate_hz,
        burst_samples=length,
        burst_interval_s=interval_s,
    )
