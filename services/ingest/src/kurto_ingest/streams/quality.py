"""What a reader must know about a block of samples, as a bit mask."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kurto_ingest.streams.encoding import Encoding, Planar, planar_view, sample_values

__all__ = ["BIAS", "CLIPPED", "FLAT", "GAP", "NON_FINITE", "RATE_DRIFT", "BlockInspector"]

# Flag number n of kurto.signal.v1.QualityFlag is bit n - 1.
GAP = 1 << 0
CLIPPED = 1 << 1
FLAT = 1 << 2
NON_FINITE = 1 << 3
BIAS = 1 << 4
RATE_DRIFT = 1 << 5

_CLIPPED_RUN = 3  # consecutive samples at full scale


class BlockInspector:
    """Finds clipped, flat and non-finite samples and odd means in blocks of one stream.

    Parameters
    ----------
    encoding : Encoding
        Form of the samples.
    scales : sequence of float
        Unit per integer step: one for all channels, or one each; ignored for F32LE.
    full_scales : sequence of float or None
        Largest absolute value of each channel in its unit; None where it is not declared.
    bias_ranges : sequence of (float, float) or None, optional
        Smallest and largest mean of each channel in its unit; None where it is not declared.
    """

    def __init__(
        self,
        encoding: Encoding,
        scales: Sequence[float],
        full_scales: Sequence[float | None],
        bias_ranges: Sequence[tuple[float, float] | None] = (),
    ) -> None:
        steps = list(scales) if encoding.is_integer else [1.0]
        if len(steps) == 1:
            steps = steps * len(full_scales)
        # A converter's last step may stand a fraction below the declared full scale.
        whole = floor if encoding.is_integer else _as_sample
        self.encoding = encoding
        #: What blocks must have in common to be looked at together, beside their length.
        self.form = (int(encoding), len(full_scales), any(bias_ranges))
        ranges = list(bias_ranges) or [None] * len(full_scales)
        #: Smallest and largest mean sample of each channel.
        self.means = np.array(
            [_in_steps(one, step) for one, step in zip(ranges, steps, strict=True)]
        )
        #: Largest absolute sample of each channel; infinite where it is not known.
        self.limits = tuple(
            inf if full is None else float(whole(full / abs(step)))
            for full, step in zip(full_scales, steps, strict=True)
        )

    def mask_of(self, data: bytes) -> int:
        """Return the flags of planar `data`, as `mask` does."""
        return self.mask(planar_view(data, self.encoding, len(self.limits)))

    def mask(self, samples: Planar) -> int:
        """Return the flags of a block, over all of its channels.

        Parameters
        ----------
        samples : numpy.ndarray [shape=(channels, n)], or [shape=(channels, n, 3)] for I24LE
            The samples as they came; n > 0.
        """
        values = sample_values(samples)
        # Two passes tell everything of a clean block: NaN and infinities show in the extremes.
        # (The ufuncs themselves: the methods min and max add two calls each.)
        lows = np.minimum.reduce(values, axis=1).tolist()
        highs = np.maximum.reduce(values, axis=1).tolist()
        several = values.shape[1] > 1
        flags = 0
        for row, (low, high, limit) in enumerate(zip(lows, highs, self.limits, strict=True)):
            if not (isfinite(low) and isfinite(high)):
                flags |= NON_FINITE
            elif several and low == high:
                flags |= FLAT
            if (high >= limit or -low >= limit) and _has_run(values[row], limit):
                flags |= CLIPPED
        if self.form[-1]:
            with np.errstate(invalid="ignore"):
                means = np.add.reduce(values, axis=1, dtype=np.float64) / values.shape[1]
            # Compared so that a mean that is no number is not outside: it has its own flag.
            if ((means < self.means[:, 0]) | (means > self.means[:, 1])).any():
                flags |= BIAS
        return flags


def _in_steps(bias_range: tuple[float, float] | None, step: float) -> tuple[float, float]:
    if bias_range is None:
        return -inf, inf
    first, last = bias_range[0] / step, bias_range[1] / step
    return min(first, last), max(first, last)  # a step may be negative


def _as_sample(value: float) -> float:
    return float(np.float32(value))


def _has_run(values: NDArray[Any], limit: float) -> bool:
    high, low = values >= limit, values <= -limit
    return any(
        bool((rail[:-2] & rail[1:-1] & rail[2:]).any())
        for rail in (high, low)
        if rail.size >= _CLIPPED_RUN
    )
