"""What a reader must know about a block of samples, as a bit mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kurto_ingest.encoding import Encoding, Planar, sample_values

__all__ = ["CLIPPED", "FLAT", "GAP", "NON_FINITE", "BlockInspector"]

# Flag number n of kurto.signal.v1.QualityFlag is bit n - 1.
GAP = 1 << 0
CLIPPED = 1 << 1
FLAT = 1 << 2
NON_FINITE = 1 << 3

_CLIPPED_RUN = 3  # consecutive samples at full scale


class BlockInspector:
    """Finds clipped, flat and non-finite samples in blocks of one stream.

    Parameters
    ----------
    encoding : Encoding
        Form of the samples.
    scales : sequence of float
        Unit per integer step: one for all channels, or one each; ignored for F32LE.
    full_scales : sequence of float or None
        Largest absolute value of each channel in its unit; None where it is not declared.
    """

    def __init__(
        self,
        encoding: Encoding,
        scales: Sequence[float],
        full_scales: Sequence[float | None],
    ) -> None:
        steps = list(scales) if encoding.is_integer else [1.0]
        if len(steps) == 1:
            steps = steps * len(full_scales)
        limits = [
            np.inf if full is None else full / abs(step)
            for full, step in zip(full_scales, steps, strict=True)
        ]
        if encoding.is_integer:
            # A converter's last step may stand a fraction below the declared full scale.
            limits = [np.floor(limit) if np.isfinite(limit) else limit for limit in limits]
        self._limits: NDArray[np.float32] = np.asarray(limits, dtype=np.float32)
        self._integer = encoding.is_integer

    def mask(self, samples: Planar) -> int:
        """Return the flags of a block, over all of its channels.

        Parameters
        ----------
        samples : numpy.ndarray [shape=(channels, n)], or [shape=(channels, n, 3)] for I24LE
            The samples as they came; n > 0.
        """
        values = sample_values(samples)
        # Two passes tell everything of a clean block: NaN and infinities show in the extremes.
        low = values.min(axis=1).astype(np.float32)
        high = values.max(axis=1).astype(np.float32)
        flags = 0
        if not self._integer and not (np.isfinite(low).all() and np.isfinite(high).all()):
            flags |= NON_FINITE
        if values.shape[1] > 1 and bool((low == high).any()):
            flags |= FLAT
        suspects = np.flatnonzero((high >= self._limits) | (-low >= self._limits))
        if any(_has_run(values[row], float(self._limits[row])) for row in suspects):
            flags |= CLIPPED
        return flags


def _has_run(values: NDArray[np.generic], limit: float) -> bool:
    high = np.asarray(values, dtype=np.float32) >= limit
    low = np.asarray(values, dtype=np.float32) <= -limit
    return any(
        bool((rail[:-2] & rail[1:-1] & rail[2:]).any())
        for rail in (high, low)
        if rail.size >= _CLIPPED_RUN
    )
