"""Samples that say who they are: loss, doubling, reordering and corruption all show."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


def hashed_samples(
    sensor_id: str, epoch: int, first_index: int, count: int, channels: int
) -> Samples:
    """Return samples that are a hash of sensor, epoch, channel and index.

    Parameters
    ----------
    sensor_id : str
        Sensor.
    epoch : int
        Epoch of the indexes.
    first_index, count : int
        Absolute indexes.
    channels : int
        Rows.

    Returns
    -------
    np.ndarray [shape=(channels, count), int16]
        The first finaliser of SplitMix64, cut to 16 bits.
    """
    index = np.arange(first_index, first_index + count, dtype=np.uint64)
    seed = zlib.crc32(f"{sensor_id} {epoch}".encode())
    starts = [np.uint64((seed << 32) + (channel << 28)) for channel in range(channels)]
    rows = [_mixed(index + start) for start in starts]
    return np.stack(rows)


def _mixed(x: npt.NDArray[np.uint64]) -> Samples:
    x = x * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return ((x ^ (x >> np.uint64(27))) & np.uint64(0xFFFF)).astype(np.uint16).view(np.int16)
