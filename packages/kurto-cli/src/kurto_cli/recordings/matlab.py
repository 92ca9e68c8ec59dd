"""MATLAB files: version 5 through SciPy, version 7.3 (HDF5) through h5py."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import Recording
from kurto_cli.recordings.variables import recording_of

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HDF5_PLACES = (0, 512)  # MATLAB puts its own header before
_DEEPEST = 5


def read_mat(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in a MATLAB file.

    Raises
    ------
    RecordingError
        If no variable or several could be the recording, or h5py is missing for version 7.3.
    """
    if _is_hdf5(path):
        return recording_of(path, _hdf5_variables(path), chosen)
    content = scipy.io.loadmat(path, simplify_cells=True)
    public = {name: value for name, value in content.items() if not name.startswith("__")}
    return recording_of(path, dict(_flattened(public)), chosen)


def _flattened(
    content: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            if depth < _DEEPEST:
                yield from _flattened(value, f"{prefix}{name}.", depth + 1)
        else:
            yield prefix + name, np.asarray(value)


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        for place in _HDF5_PLACES:
            file.seek(place)
            if file.read(len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE:
                return True
    return False


def _hdf5_variables(path: Path) -> dict[str, Any]:
    """Return the numeric data sets of a file, which stays open while they are used."""
    try:
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        raise RecordingError(
            f"{path}: MATLAB 7.3 files need h5py; install kurto-cli[formats],"
            " or save the file in MATLAB with -v7"
        ) from error
    file = h5py.File(path, "r")
    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        is_text = item.attrs.get("MATLAB_class", b"") in (b"char", b"cell", b"struct")
        if isinstance(item, h5py.Dataset) and not name.startswith("#") and not is_text:
            found[name.replace("/", ".")] = item

    file.visititems(visit)
    return found
