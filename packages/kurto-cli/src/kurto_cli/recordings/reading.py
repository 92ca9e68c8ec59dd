"""Read recordings of vibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from kurto_cli.recordings import csv_table, matlab, numpy_files, tdms, uff, wav
from kurto_cli.recordings.exceptions import RecordingError, one_line
from kurto_cli.recordings.recording import Recording

Reader: TypeAlias = Callable[[Path, Sequence[str]], Recording]

_READERS: dict[str, Reader] = {
    ".mat": matlab.read_mat,
    ".npz": numpy_files.read_npz,
    ".npy": numpy_files.read_npy,
    ".csv": csv_table.read_csv,
    ".tsv": csv_table.read_csv,
    ".wav": wav.read_wav,
    ".tdms": tdms.read_tdms,
    ".uff": uff.read_uff,
    ".unv": uff.read_uff,
}
SUFFIXES = tuple(_READERS)
"""Endings of the files that can be read."""


def read_recording(path: Path, variables: Sequence[str] = ()) -> Recording:
    """Read a recording; what its file does not tell is None.

    Large files stay on disk where their format allows it: npy, csv, wav, tdms, and v7.3 mat.

    Parameters
    ----------
    path : Path
        A file ending in one of `SUFFIXES`.
    variables : sequence of str
        Which variables hold the samples, in mat, npz and tdms files that hold several.

    Raises
    ------
    RecordingError
        If the file cannot be read, or holds no samples, or several candidates for them. The
        message is one line and says what to do.
    """
    if path.is_dir():
        raise RecordingError(f"{path}: is a directory; give its files, such as {path}/*.mat")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(SUFFIXES)
        raise RecordingError(f"{path}: files ending in {path.suffix!r} are not known; use {known}")
    _require_content(path)
    try:
        recording = reader(path, variables)
    except RecordingError:
        raise
    except Exception as error:  # readers of damaged files raise nearly everything
        raise RecordingError(
            f"{path}: cannot be read as {path.suffix}, is it damaged or cut off? {one_line(error)}"
        ) from error
    if recording.samples.shape[1] == 0:
        raise RecordingError(f"{path}: holds no samples; record it again, or leave it out")
    return recording


def _require_content(path: Path) -> None:
    """Refuse what cannot be opened, before a library says so in its own way."""
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except FileNotFoundError:
        raise RecordingError(f"{path}: no such file; check the name") from None
    except PermissionError:
        raise RecordingError(f"{path}: no permission to read it; change owner or mode") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened: {error.strerror or error}") from None
    if not first:
        raise RecordingError(f"{path}: is empty; copy or record it again")
