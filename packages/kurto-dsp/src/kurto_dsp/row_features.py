"""All features of one row: one channel of one window."""

import math

import numpy as np

from kurto_dsp.arrays import Float32Array
from kurto_dsp.assessment import UNUSABLE, flags_of, stands_at_rail
from kurto_dsp.envelope import EnvelopeFeatures
from kurto_dsp.features import FeaturePlan
from kurto_dsp.moments import Statistics, time_features
from kurto_dsp.quality import MIN_SAMPLES, QualityFlag
from kurto_dsp.real_transform import RealTransform
from kurto_dsp.rectified import rectified_means, shape_features
from kurto_dsp.spectral import SpectralFeatures

_CONSTANT, _UNDEFINED = int(QualityFlag.CONSTANT), int(QualityFlag.UNDEFINED)
_CLIPPED = int(QualityFlag.CLIPPED)


class RowFeatures:
    """Computes the features of rows of one plan, the one after the other.

    One row after the other keeps its intermediate results in the cache; that of another row has no
    influence on it. The buffers are kept, so it serves one thread at a time.

    Parameters
    ----------
    plan : FeaturePlan
    """

    def __init__(self, plan: FeaturePlan) -> None:
        self._plan = plan
        self._flags = int(plan.flags)
        length = plan.geometry.window_length
        self._nulls = [math.nan] * len(plan.names)
        # Every window has them, unless something says why not.
        self._expected = [plan.names.index("spectral_centroid")]
        if plan.envelope.band is not None:
            self._expected.append(plan.names.index("envelope_kurtosis"))
        if length >= MIN_SAMPLES:
            self._transform = RealTransform(length)
            self._spectral = SpectralFeatures(plan.spectral, length)
            self._envelope = EnvelopeFeatures(plan.envelope)

    def of(
        self,
        row: Float32Array,
        statistics: Statistics,
        *,
        mps2_per_unit: float,
        full_scale: float,
    ) -> tuple[list[float], int]:
        """Return the values, NaN for null, and the quality flags.

        Parameters
        ----------
        row : Float32Array [shape=(window_length,)]
            Samples less the mean as float32 holds it. Contiguous.
        statistics : Statistics
            Of the samples before that.
        mps2_per_unit : float > 0
            Unit of the samples in m/s².
        full_scale : float
            Largest magnitude the sensor can deliver; infinity if unknown.
        """
        flags = flags_of(statistics, full_scale, self._flags)
        if flags & _CLIPPED and not stands_at_rail(row, statistics.mean, full_scale):
            flags &= ~_CLIPPED
        if flags & UNUSABLE or len(row) < MIN_SAMPLES:
            return self._nulls, flags
        if flags & _CONSTANT:
            return [statistics.mean, *self._nulls[1:]], flags
        values = self._values(row, statistics, mps2_per_unit)
        if not math.isfinite(sum(values)):
            values = [value if math.isfinite(value) else math.nan for value in values]
        if any(math.isnan(values[place]) for place in self._expected):
            flags |= _UNDEFINED
        return values, flags

    def _values(
        self, row: Float32Array, statistics: Statistics, mps2_per_unit: float
    ) -> list[float]:
        """Return the features in the catalogue's order."""
        in_time = time_features(statistics)
        mean, rms, peak, *_ = in_time
        means = rectified_means(row, residual_mean=mean - float(np.float32(mean)))
        # One transform without a window function serves the Hann spectrum and the envelope.
        spectrum = self._transform.of(row)
        return [
            *in_time,
            *shape_features(rms, peak, means),
            *self._spectral.of(spectrum, mean_square=rms * rms, mps2_per_unit=mps2_per_unit),
            *self._envelope.of(spectrum, rms=rms),
        ]
