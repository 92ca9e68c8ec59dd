"""Features of the newest windows of any sensors that share a plan."""

import numpy as np

from kurto_dsp.arrays import FlagArray, Float32Array
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.features import FeaturePlan, WindowFeatures, null_window
from kurto_dsp.moments import merge_statistics
from kurto_dsp.quality import QualityFlag
from kurto_dsp.ring import SensorRing
from kurto_dsp.row_features import RowFeatures


class WindowBatch:
    """Computes the newest windows of any rings of one plan, with the same buffers for all.

    Windows are computed when they are added, channel by channel, so a ring may be pushed again
    at once. Results do not depend on what else is in the batch, bit for bit. Memory is bounded
    by the buffers of one channel besides the results.

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
        self._features = RowFeatures(plan)
        self._row = np.zeros(plan.geometry.window_length, np.float32)
        self._windows: list[WindowFeatures] = []

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
        channels = ring.channel_count
        if ring.has_gap:
            self._windows.append(
                null_window(
                    self.plan, window_index=index, channel_count=channels, flags=QualityFlag.GAP
                )
            )
            return
        values = np.empty((channels, len(self.plan.names)), np.float32)
        quality = np.empty(channels, np.uint16)
        self._windows.append(WindowFeatures(index, self.plan.names, values, quality))
        with np.errstate(all="ignore"):  # absurd samples overflow; their rows become null
            self._compute(ring, values, quality)

    def compute(self) -> list[WindowFeatures]:
        """Return the results of all windows added since the last call, in that order."""
        windows, self._windows = self._windows, []
        for window in windows:
            window.values.setflags(write=False)
            window.quality.setflags(write=False)
        return windows

    def _compute(self, ring: SensorRing, values: Float32Array, quality: FlagArray) -> None:
        units, limits = ring.mps2_per_unit.tolist(), ring.full_scale.tolist()
        for channel, parts in enumerate(ring.window_statistics()):
            statistics = merge_statistics(parts)
            ring.copy_centred(channel, statistics.mean, self._row)
            values[channel], quality[channel] = self._features.of(
                self._row,
                statistics,
                mps2_per_unit=units[channel],
                full_scale=limits[channel],
            )
