"""Order spectra: lines at multiples of shaft speed stay sharp while the speed changes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import FlagArray, Float64Array, IndexArray
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.angular import AngularSignal, resample_angular
from kurto_dsp.spectra.records import Record
from kurto_dsp.spectra.rotation import ShaftRotation
from kurto_dsp.spectra.segments import (
    DEFAULT_MEMORY,
    Averaging,
    SegmentPlan,
    average_magnitudes,
)
from kurto_dsp.spectrum import SpectrumKind, scale_magnitudes
from kurto_dsp.units import AccelerationUnit

DEFAULT_REVOLUTIONS = 10
"""Revolutions per segment: lines 0.1 order apart."""


@dataclass(frozen=True, eq=False, slots=True)
class OrderSpectrum:
    """One-sided spectrum of every channel over shaft orders.

    Parameters
    ----------
    kind : SpectrumKind
        A power density is per order.
    averaging : Averaging
    orders : Float64Array [shape=(lines,)]
        Multiples of shaft speed, from 0 to `maximum_order`.
    resolution_orders : float
        Distance of two lines.
    values : Float64Array [shape=(channels, lines)]
        NaN throughout a channel without a usable segment.
    unit : str
        Of the values, such as "g" or "g2/order".
    mean_speed_hz : float
    revolution_count : int
        Whole revolutions of the record.
    average_counts : IndexArray [shape=(channels,)]
        Segments averaged; segments with non-finite samples are left out.
    quality : FlagArray [shape=(channels,)]
    """

    kind: SpectrumKind
    averaging: Averaging
    orders: Float64Array
    resolution_orders: float
    values: Float64Array
    unit: str
    mean_speed_hz: float
    revolution_count: int
    average_counts: IndexArray
    quality: FlagArray


def order_spectrum(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    rotation: ShaftRotation,
    unit: AccelerationUnit,
    kind: SpectrumKind = SpectrumKind.PEAK,
    maximum_order: float | None = None,
    revolutions: int = DEFAULT_REVOLUTIONS,
    averaging: Averaging = Averaging.LINEAR,
    overlap: float = 0.5,
    memory: int = DEFAULT_MEMORY,
    full_scale: float | None = None,
) -> OrderSpectrum:
    """Return an averaged order spectrum by angular resampling (computed order tracking).

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    rotation : ShaftRotation
        From a tacho channel, a speed track or a constant speed; its time 0 is the first sample.
    unit : AccelerationUnit
        Of the samples of all channels.
    kind : SpectrumKind
    maximum_order : float, optional
        By default the highest that the rate allows: rate / 2.56 / highest speed.
    revolutions : int >= 1
        Length of a segment; lines are 1 / revolutions orders apart.
    averaging : Averaging
    overlap : float, 0 to 0.95
    memory : int >= 1
        Segments that an exponential average remembers; no matter for the others.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible, or the record holds fewer revolutions than a segment.

    References
    ----------
    K. R. Fyfe, E. D. S. Munck, Analysis of computed order tracking, Mechanical Systems and
    Signal Processing 11 (1997) 187-205.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(20000) / 2000
    >>> run_up = ShaftRotation.speed_track([0.0, 10.0], [10.0, 20.0])
    >>> third_order = np.sin(2 * np.pi * 3 * (10.0 * t + 0.5 * t**2))
    >>> spectrum = order_spectrum(third_order, sample_rate_hz=2000, rotation=run_up,
    ...                           unit=AccelerationUnit.G)
    >>> line = int(np.argmax(spectrum.values[0]))
    >>> round(float(spectrum.orders[line]), 9), round(float(spectrum.values[0, line]), 3)
    (3.0, 1.0)
    """
    angular = resample_angular(
        samples,
        sample_rate_hz=sample_rate_hz,
        rotation=rotation,
        unit=unit,
        maximum_order=maximum_order,
        full_scale=full_scale,
    )
    if not 1 <= revolutions <= angular.revolution_count:
        raise ParameterError(
            f"a segment of {revolutions} revolutions must hold at least 1 and no more than the "
            f"record, which has {angular.revolution_count}: ask for fewer, or give a longer record"
        )
    per_revolution = angular.samples_per_revolution
    plan = SegmentPlan(revolutions * per_revolution, overlap, averaging, memory)
    magnitudes, counts = average_magnitudes(_as_record(angular), plan)
    values = scale_magnitudes(
        magnitudes, length=plan.length, sample_rate_hz=per_revolution, kind=kind
    )
    lines = int(np.floor(angular.maximum_order * revolutions * (1.0 + 1e-12))) + 1
    return OrderSpectrum(
        kind=kind,
        averaging=averaging,
        orders=np.arange(lines) / revolutions,
        resolution_orders=1.0 / revolutions,
        values=values[:, :lines].copy(),
        unit=kind.unit(unit).replace("/Hz", "/order"),
        mean_speed_hz=angular.mean_speed_hz,
        revolution_count=angular.revolution_count,
        average_counts=counts,
        quality=angular.quality,
    )


def _as_record(angular: AngularSignal) -> Record:
    valid = np.isfinite(angular.samples)
    return Record(
        samples=np.where(valid, angular.samples, 0.0),
        valid=valid,
        quality=angular.quality,
        sample_rate_hz=float(angular.samples_per_revolution),
    )
