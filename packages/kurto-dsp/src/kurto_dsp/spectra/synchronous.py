"""Time-synchronous average: what repeats with each turn of a shaft, and nothing else."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import FlagArray, Float64Array, IndexArray
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.angular import resample_angular
from kurto_dsp.spectra.rotation import ShaftRotation
from kurto_dsp.units import AccelerationUnit


@dataclass(frozen=True, eq=False, slots=True)
class SynchronousAverage:
    """One mean revolution of every channel.

    Parameters
    ----------
    revolutions : Float64Array [shape=(samples_per_revolution,)]
        Angle in turns, from 0 up to 1; 0 is the rotation's angle reference.
    values : Float64Array [shape=(channels, samples_per_revolution)]
        Mean of the record removed; NaN throughout a channel without a whole valid revolution.
    unit : str
    maximum_order : float
        Highest order that the average holds unharmed.
    mean_speed_hz : float
    revolution_counts : IndexArray [shape=(channels,)]
        Revolutions averaged; those with non-finite samples are left out.
    asynchronous_rms : Float64Array [shape=(channels,)]
        RMS, below `maximum_order`, of what the average leaves over.
    quality : FlagArray [shape=(channels,)]
    """

    revolutions: Float64Array
    values: Float64Array
    unit: str
    maximum_order: float
    mean_speed_hz: float
    revolution_counts: IndexArray
    asynchronous_rms: Float64Array
    quality: FlagArray


def time_synchronous_average(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    rotation: ShaftRotation,
    unit: AccelerationUnit,
    maximum_order: float | None = None,
    full_scale: float | None = None,
) -> SynchronousAverage:
    """Average a record over the whole revolutions of a shaft.

    Each revolution is resampled at the same angles first, so that speed may change. Averaging
    N revolutions leaves 1/√N of the noise and of everything that isn't locked to the shaft.
    For another shaft of a gearbox, pass ``rotation.geared(ratio)``.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    rotation : ShaftRotation
        From a tacho channel, a speed track or a constant speed; its time 0 is the first sample.
        A constant speed that is off by 1/(2·N·order) smears that order away.
    unit : AccelerationUnit
        Of the samples of all channels.
    maximum_order : float, optional
        By default the highest that the rate allows: rate / 2.56 / highest speed.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an argument is impossible, or the record holds fewer than two revolutions.

    References
    ----------
    P. D. McFadden, A revised model for the extraction of periodic waveforms by time domain
    averaging, Mechanical Systems and Signal Processing 1 (1987) 83-95.
    S. Braun, The synchronous (time domain) average revisited, Mechanical Systems and Signal
    Processing 25 (2011) 1087-1102.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(20000) / 2000
    >>> signal = np.cos(2 * np.pi * 3 * 8.0 * t) + np.cos(2 * np.pi * 27.3 * t)
    >>> average = time_synchronous_average(
    ...     signal, sample_rate_hz=2000, unit=AccelerationUnit.G,
    ...     rotation=ShaftRotation.constant_speed(8.0, duration_s=10.0))
    >>> wanted = np.cos(2 * np.pi * 3 * average.revolutions)
    >>> bool(np.abs(average.values[0] - wanted).max() < 0.02), int(average.revolution_counts[0])
    (True, 80)
    """
    angular = resample_angular(
        samples,
        sample_rate_hz=sample_rate_hz,
        rotation=rotation,
        unit=unit,
        maximum_order=maximum_order,
        full_scale=full_scale,
    )
    if angular.revolution_count < 2:
        raise ParameterError("an average needs at least 2 whole revolutions: give a longer record")
    per_revolution = angular.samples_per_revolution
    turns = angular.samples.reshape(len(angular.samples), -1, per_revolution)
    values, counts, left_over = _average(turns)
    return SynchronousAverage(
        revolutions=np.arange(per_revolution) / per_revolution,
        values=values,
        unit=unit.value,
        maximum_order=angular.maximum_order,
        mean_speed_hz=angular.mean_speed_hz,
        revolution_counts=counts,
        asynchronous_rms=left_over,
        quality=angular.quality,
    )


def _average(turns: Float64Array) -> tuple[Float64Array, IndexArray, Float64Array]:
    """Return mean turn, turns used, and RMS about the mean [shape of turns=(channels, n, s)]."""
    values = np.full((turns.shape[0], turns.shape[2]), np.nan)
    counts = np.zeros(len(turns), np.int64)
    left_over = np.full(len(turns), np.nan)
    for channel, all_turns in enumerate(turns):
        valid = all_turns[np.isfinite(all_turns).all(axis=1)]
        counts[channel] = len(valid)
        if len(valid):
            values[channel] = valid.mean(axis=0)
            left_over[channel] = np.sqrt(np.mean(np.square(valid - values[channel])))
    return values, counts, left_over
