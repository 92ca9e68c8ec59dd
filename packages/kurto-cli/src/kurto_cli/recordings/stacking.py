"""Arrays of files as one matrix with a row for each channel, without reading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings.recording import SampleMatrix


class Rows:
    """A vector or matrix on disk, read by columns; its longer side is time.

    Parameters
    ----------
    values : array or h5py.Dataset [shape=(n,), (channels, n) or (n, channels)]
        What reads the slices asked for.
    """

    def __init__(self, values: Any) -> None:
        self._values = values
        self._is_vector = len(values.shape) == 1
        self._is_transposed = not self._is_vector and values.shape[0] > values.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples per channel."""
        if self._is_vector:
            return 1, int(self._values.shape[0])
        channels, count = self._values.shape
        return (count, channels) if self._is_transposed else (channels, count)

    def __getitem__(self, key: tuple[slice, slice] | slice) -> npt.NDArray[Any]:
        """Return channels and columns."""
        channels, columns = key if isinstance(key, tuple) else (key, slice(None))
        if self._is_vector:
            return np.asarray(self._values[columns])[np.newaxis][channels]
        if self._is_transposed:
            return np.asarray(self._values[columns]).T[channels]
        return np.asarray(self._values[channels, columns])


class Stack:
    """Matrices of one length, one below the other.

    Parameters
    ----------
    parts : sequence of SampleMatrix
    """

    def __init__(self, parts: Sequence[SampleMatrix]) -> None:
        self._parts = tuple(parts)

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples per channel."""
        return sum(part.shape[0] for part in self._parts), int(self._parts[0].shape[1])

    def __getitem__(self, key: tuple[slice, slice]) -> npt.NDArray[Any]:
        """Return channels and columns."""
        channels, columns = key
        return np.concatenate([part[:, columns] for part in self._parts])[channels]


def rows(values: Any) -> Rows:
    """Return a view of values with a row for each channel: the longer side is time."""
    return Rows(values)


def stacked(parts: Sequence[SampleMatrix]) -> SampleMatrix:
    """Return all channels of several matrices."""
    return parts[0] if len(parts) == 1 else Stack(parts)
