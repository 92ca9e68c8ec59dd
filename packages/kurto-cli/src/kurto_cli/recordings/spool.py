"""Samples that come row after row, kept on disk instead of in memory."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt


class RowSpool(ExitStack):
    """A passing file that rows are added to and that is read as a matrix of channels.

    Nothing can be added after its context; the matrix lives on.

    Parameters
    ----------
    column_count : int > 0
        Values in a row.
    dtype : numpy dtype
        How they are kept.
    """

    def __init__(self, column_count: int, dtype: npt.DTypeLike) -> None:
        super().__init__()
        self._column_count = column_count
        self._dtype = np.dtype(dtype)
        # Has no name: the system removes it with the last use, whatever happens.
        file = tempfile.TemporaryFile(prefix="kurto-")  # noqa: SIM115 (closed by this stack)
        self._file = self.enter_context(file)
        self._count = 0

    def add(self, rows: npt.NDArray[Any]) -> None:
        """Add rows, shape (n, columns)."""
        with np.errstate(over="ignore"):
            self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._count += len(rows)

    def matrix(self) -> npt.NDArray[Any]:
        """Return all that was added, shape (columns, n), read from disk as it is used."""
        self._file.flush()
        if not self._count:
            return np.empty((self._column_count, 0), self._dtype)
        shape = (self._count, self._column_count)
        return np.memmap(self._file, self._dtype, "r", shape=shape).T
