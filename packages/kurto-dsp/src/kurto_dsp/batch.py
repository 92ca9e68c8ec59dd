"""Features of many windows at once: rows of equal length, whatever sensor they come from."""

import numpy as np
from scipy import fft

from kurto_dsp.arrays import FlagArray, Float32Array, Float64Array
from kurto_dsp.assessment import assess, confirm_clipping, flag_undefined, null_out
from kurto_dsp.envelope import envelope_features
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.features import FeaturePlan, WindowFeatures, null_window
from kurto_dsp.moments import (
    MEAN,
    STATISTIC_COUNT,
    merge_statistics,
    merged_mean,
    time_features,
)
from kurto_dsp.quality import MIN_SAMPLES, QualityFlag
from kurto_dsp.rectified import rectified_means, shape_features
from kurto_dsp.ring import SensorRing
from kurto_dsp.spectral import hann_line_powers, spectral_features

BLOCK_ROWS = 8
"""Rows transformed together: the FFT works on several rows per instruction, and eight rows
of 25 600 samples still fit the second-level cache."""

_EMPTY = -1


class WindowBatch:
    """Collects the newest windows of any rings of one plan and computes them in blocks.

    Windows are copied when added, so a ring may be pushed again at once. Results do not
    depend on what else is in the batch, bit for bit. Memory is bounded by one block of
    eight rows besides the results.

    Parameters
    ----------
    plan : FeaturePlan
        Rate, geometry and features of all windows of this batch.

    Examples
    --------
    >>> import numpy as np
    >>> from kurto_dsp import SensorRing, WindowBatch, plan_features
    >>> plan = plan_features(sample_rate_hz=1000.0)
    >>> ring = SensorRing(channel_count=1, geometry=plan.geometry)
    >>> batch = WindowBatch(plan)
    >>> tone = np.sin(2 * np.pi * 50 * np.arange(1000) / 1000).astype(np.float32)
    >>> for hop in range(10):
    ...     ring.push(hop, tone[np.newaxis, hop * 100 : (hop + 1) * 100])
    >>> batch.add(ring)
    >>> [window] = batch.compute()
    >>> window.window_index, round(window.channel(0)["kurtosis"], 4)
    (0, 1.5)
    """

    def __init__(self, plan: FeaturePlan) -> None:
        self.plan = plan
        geometry = plan.geometry
        self._block = np.empty((BLOCK_ROWS, geometry.window_length), np.float32)
        self._parts = np.empty((BLOCK_ROWS, STATISTIC_COUNT, geometry.hops_per_window))
        self._mps2_per_unit = np.empty(BLOCK_ROWS)
        self._full_scale = np.empty(BLOCK_ROWS)
        self._windows: list[tuple[int, int, int]] = []
        self._values: list[Float32Array] = []
        self._quality: list[FlagArray] = []
        self._filled = 0
        self._row_count = 0

    def add(self, ring: SensorRing) -> None:
        """Add the newest window of a ring; one that contains a gap becomes an empty result.

        Raises
        ------
        ParameterError
            If the ring has another geometry, or no window is complete yet.
        """
        if ring.geometry != self.plan.geometry:
            raise ParameterError(f"ring has {ring.geometry}, the plan {self.plan.geometry}")
        index = ring.window_index
        if index is None:
            raise ParameterError(f"no window is complete at hop {ring.next_hop - 1}")
        if ring.has_gap:
            self._windows.append((index, ring.channel_count, _EMPTY))
            return
        self._windows.append((index, ring.channel_count, self._row_count))
        self._copy(ring)

    def compute(self) -> list[WindowFeatures]:
        """Return the results of all windows added since the last call, in that order."""
        self._flush()
        width = len(self.plan.names)
        values = np.concatenate([np.empty((0, width), np.float32), *self._values])
        quality = np.concatenate([np.empty(0, np.uint16), *self._quality])
        values.setflags(write=False)
        quality.setflags(write=False)
        results = [
            null_window(
                self.plan, window_index=index, channel_count=channels, flags=QualityFlag.GAP
            )
            if first == _EMPTY
            else WindowFeatures(
                index,
                self.plan.names,
                values[first : first + channels],
                quality[first : first + channels],
            )
            for index, channels, first in self._windows
        ]
        self._windows, self._values, self._quality, self._row_count = [], [], [], 0
        return results

    def _copy(self, ring: SensorRing) -> None:
        statistics = ring.window_statistics()
        means = merged_mean(statistics)
        channel = 0
        while channel < ring.channel_count:
            row = self._filled
            count = min(ring.channel_count - channel, BLOCK_ROWS - row)
            rows, channels = slice(row, row + count), slice(channel, channel + count)
            ring.copy_centred(channels, means[channels], self._block[rows])
            self._parts[rows] = statistics[channels]
            self._mps2_per_unit[rows] = ring.mps2_per_unit[channels]
            self._full_scale[rows] = ring.full_scale[channels]
            self._filled += count
            self._row_count += count
            channel += count
            if self._filled == BLOCK_ROWS:
                self._flush()

    def _flush(self) -> None:
        if self._filled:
            rows = slice(0, self._filled)
            with np.errstate(all="ignore"):
                values, quality = compute_rows(
                    self.plan,
                    self._block[rows],
                    self._parts[rows],
                    self._mps2_per_unit[rows],
                    self._full_scale[rows],
                )
            self._values.append(values)
            self._quality.append(quality)
        self._filled = 0


def compute_rows(
    plan: FeaturePlan,
    block: Float32Array,
    parts: Float64Array,
    mps2_per_unit: Float64Array,
    full_scale: Float64Array,
) -> tuple[Float32Array, FlagArray]:
    """Return values (NaN for null) and quality of one block of rows.

    Parameters
    ----------
    plan : FeaturePlan
    block : Float32Array [shape=(rows, window_length)]
        Mean removed. Overwritten.
    parts : Float64Array [shape=(rows, 7, hops)]
        Statistics of the hops, before the mean was removed.
    mps2_per_unit, full_scale : Float64Array [shape=(rows,)]

    Returns
    -------
    Float32Array [shape=(rows, features)], FlagArray [shape=(rows,)]
    """
    length = block.shape[1]
    statistics = merge_statistics(parts)
    flags = assess(statistics, full_scale, plan.flags)
    confirm_clipping(flags, block, statistics[:, MEAN], full_scale)
    values = np.full((len(block), len(plan.names)), np.nan)
    if length >= MIN_SAMPLES:
        columns = _columns(plan, block, statistics, mps2_per_unit)
        np.stack(columns, axis=-1, out=values)
    stored = null_out(values, flags, length)
    expected = [plan.names.index("spectral_centroid")]
    if plan.envelope.band is not None:
        expected.append(plan.names.index("envelope_kurtosis"))
    flag_undefined(stored[:, expected], flags, length)
    return stored, flags


def _columns(
    plan: FeaturePlan, block: Float32Array, statistics: Float64Array, mps2_per_unit: Float64Array
) -> list[Float64Array]:
    """Return the features in the catalogue's order, each of shape (rows,)."""
    in_time = time_features(statistics)
    _, rms, peak, *_ = in_time
    # The block lacks the mean as float32 holds it.
    means = statistics[:, MEAN]
    in_time += shape_features(rms, peak, rectified_means(block, means - means.astype(np.float32)))
    spectrum = fft.rfft(block, axis=-1, overwrite_x=True)
    powers = hann_line_powers(spectrum, length=block.shape[1], mean_square=rms * rms)
    in_frequency = spectral_features(powers, plan.spectral, rms=rms, mps2_per_unit=mps2_per_unit)
    return [*in_time, *in_frequency, *envelope_features(spectrum, plan.envelope, rms)]
