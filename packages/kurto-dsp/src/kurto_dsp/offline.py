"""Recordings through the very code of the live path: equal results, bit for bit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import FlagArray, Float32Array, IndexArray, as_samples
from kurto_dsp.bands import DEFAULT_BANDS, FrequencyBand
from kurto_dsp.batch import WindowBatch
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.features import FeaturePlan, WindowFeatures, null_window, plan_features
from kurto_dsp.quality import QualityFlag
from kurto_dsp.ring import SensorRing
from kurto_dsp.units import AccelerationUnit
from kurto_dsp.windows import HOPS_PER_WINDOW, WindowGeometry


@dataclass(frozen=True, eq=False, slots=True)
class RecordFeatures:
    """Features of all complete windows of a recording.

    Parameters
    ----------
    names : tuple of str
        Feature names.
    start_sample : IndexArray [shape=(windows,)]
        First sample of each window.
    values : Float32Array [shape=(windows, channels, features)]
        NaN encodes null.
    quality : FlagArray [shape=(windows, channels)]
        `kurto_dsp.QualityFlag` bits.
    """

    names: tuple[str, ...]
    start_sample: IndexArray
    values: Float32Array
    quality: FlagArray


def window_features(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    unit: AccelerationUnit = AccelerationUnit.G,
    full_scale: float | None = None,
    bands: Sequence[FrequencyBand] = DEFAULT_BANDS,
    envelope_band: FrequencyBand | None = None,
) -> WindowFeatures:
    """Return the features of one array taken as one window.

    An array of ten equal hops is computed exactly as the live path does; any other length
    is one hop. An empty array gives nulls and TOO_SHORT.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
        Samples in `unit`.
    sample_rate_hz : float > 0
    unit : AccelerationUnit
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.
    bands : sequence of FrequencyBand
    envelope_band : FrequencyBand, optional
        Demodulation band; ``demodulation_band(sample_rate_hz)`` by default.

    Raises
    ------
    ParameterError
        If the rate or the array's shape or type is impossible.
    """
    matrix = as_samples(samples)
    channel_count, length = matrix.shape
    geometry = _single_window(max(1, length))
    plan = plan_features(
        sample_rate_hz=sample_rate_hz, geometry=geometry, bands=bands, envelope_band=envelope_band
    )
    if length == 0:
        return null_window(
            plan, window_index=0, channel_count=channel_count, flags=QualityFlag.TOO_SHORT
        )
    [window] = iterate_windows(matrix, plan=plan, unit=unit, full_scale=full_scale)
    return window


def record_features(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    geometry: WindowGeometry | None = None,
    unit: AccelerationUnit = AccelerationUnit.G,
    full_scale: float | None = None,
    bands: Sequence[FrequencyBand] = DEFAULT_BANDS,
    envelope_band: FrequencyBand | None = None,
) -> RecordFeatures:
    """Return the features of every complete window of a recording.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
        Samples in `unit`; sample 0 is the stream's epoch.
    sample_rate_hz : float > 0
    geometry : WindowGeometry, optional
        That of a continuous stream by default; ``WindowGeometry.burst(length)`` for a
        sensor that records bursts.
    unit, full_scale, bands, envelope_band
        As in `window_features`.

    Raises
    ------
    ParameterError
        If an argument is impossible.
    """
    matrix = as_samples(samples)
    plan = plan_features(
        sample_rate_hz=sample_rate_hz, geometry=geometry, bands=bands, envelope_band=envelope_band
    )
    windows = list(iterate_windows(matrix, plan=plan, unit=unit, full_scale=full_scale))
    shape = (len(windows), matrix.shape[0], len(plan.names))
    values, quality = np.empty(shape, np.float32), np.empty(shape[:2], np.uint16)
    for row, window in enumerate(windows):
        values[row], quality[row] = window.values, window.quality
    start_sample = np.arange(len(windows), dtype=np.int64) * plan.geometry.hop_length
    return RecordFeatures(plan.names, start_sample, values, quality)


def iterate_windows(
    samples: Float32Array,
    *,
    plan: FeaturePlan,
    unit: AccelerationUnit = AccelerationUnit.G,
    full_scale: float | None = None,
) -> Iterator[WindowFeatures]:
    """Yield the features of each complete window of a recording, oldest first.

    Parameters
    ----------
    samples : Float32Array [shape=(channels, n)]
    plan : FeaturePlan
    unit, full_scale
        As in `window_features`, for all channels.
    """
    channel_count = samples.shape[0]
    if channel_count == 0:
        raise ParameterError(f"samples need at least one channel, got shape {samples.shape}")
    hop = plan.geometry.hop_length
    ring = SensorRing(
        channel_count=channel_count,
        geometry=plan.geometry,
        units=[unit] * channel_count,
        full_scale=[full_scale] * channel_count,
    )
    batch = WindowBatch(plan)
    for index in range(samples.shape[1] // hop):
        ring.push(index, samples[:, index * hop : (index + 1) * hop])
        if ring.window_index is not None:
            batch.add(ring)
            yield from batch.compute()


def _single_window(length: int) -> WindowGeometry:
    if length % HOPS_PER_WINDOW == 0:
        return WindowGeometry(length // HOPS_PER_WINDOW)
    return WindowGeometry.burst(length)
