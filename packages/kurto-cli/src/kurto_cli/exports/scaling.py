"""From the converter's steps to values in the unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import kurto


def to_units(header: kurto.SamplesHeader, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return samples in the channels' units.

    Parameters
    ----------
    header : kurto.SamplesHeader
        Tells the scales.
    samples : np.ndarray [shape=(channels, n)]
        Samples as stored.

    Returns
    -------
    np.ndarray [shape=(channels, n)]
        float32 where that was stored, else float64.
    """
    if not header.scales:
        return samples
    return samples * np.array(header.scales, np.float64)[:, np.newaxis]
