"""Samples at equal shaft angles instead of equal times: band-limited, then a quintic spline."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from kurto_dsp.arrays import FlagArray, Float64Array
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.records import Record, load_record, shrink
from kurto_dsp.spectra.rotation import ShaftRotation
from kurto_dsp.units import AccelerationUnit

STOP_FRACTION = 1.28
"""Where the low-pass filter's raised cosine ends, as a multiple of where it begins."""

SPLINE_RATE = 6.0
"""Rate before the spline, over the filter's edge: the spline's error stays below 1e-4."""

SPLINE_ORDER: Final = 5

MARGIN_CYCLES = 4.0
"""Periods of the filter's edge within which a bad sample is felt."""

MAX_ANGULAR_SAMPLES = 2**26


@dataclass(frozen=True, eq=False, slots=True)
class AngularSignal:
    """Samples of every channel at equal angles of a shaft, over whole revolutions.

    Parameters
    ----------
    revolutions : Float64Array [shape=(n,)]
        Angle of each sample in turns of the shaft; the first is a whole number.
    samples_per_revolution : int
    samples : Float64Array [shape=(channels, n)]
        Mean removed; NaN where the record has no valid sample nearby.
    maximum_order : float
        Highest order that is unharmed by the low-pass filter and by folding.
    mean_speed_hz : float
    unit : AccelerationUnit
    quality : FlagArray [shape=(channels,)]
    """

    revolutions: Float64Array
    samples_per_revolution: int
    samples: Float64Array
    maximum_order: float
    mean_speed_hz: float
    unit: AccelerationUnit
    quality: FlagArray

    @property
    def revolution_count(self) -> int:
        """Whole revolutions."""
        return int(self.samples.shape[1]) // self.samples_per_revolution


def resample_angular(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    rotation: ShaftRotation,
    unit: AccelerationUnit,
    maximum_order: float | None = None,
    full_scale: float | None = None,
) -> AngularSignal:
    """Resample a record at equal shaft angles, over the whole revolutions it holds.

    The record is low-pass filtered at ``maximum_order`` times the highest speed (zero phase), and
    sampled densely enough in angle that nothing the filter passed folds back below
    ``maximum_order`` at the lowest speed.

    Parameters
    ----------
    samples : array_like [shape=(channels, n) or (n,)]
    sample_rate_hz : float > 0
    rotation : ShaftRotation
        Its time 0 is the first sample.
    unit : AccelerationUnit
        Of the samples of all channels.
    maximum_order : float, optional
        By default the highest that the rate allows: rate / 2.56 / highest speed.
    full_scale : float, optional
        Largest magnitude the sensor can deliver; None if unknown.

    Raises
    ------
    ParameterError
        If an order is out of reach, or record and rotation share less than one revolution.

    References
    ----------
    K. R. Fyfe, E. D. S. Munck, Analysis of computed order tracking, Mechanical Systems and
    Signal Processing 11 (1997) 187-205.
    """
    record = load_record(samples, sample_rate_hz=sample_rate_hz, full_scale=full_scale)
    first, last = _whole_revolutions(record, rotation)
    slowest_hz, fastest_hz = _speed_range(rotation, first, last)
    highest = _highest_order(maximum_order, record.sample_rate_hz, fastest_hz)
    per_revolution = _samples_per_revolution(highest, fastest_hz / slowest_hz)
    count = (last - first) * per_revolution
    if count > MAX_ANGULAR_SAMPLES:
        raise ParameterError(
            f"speeds from {slowest_hz:g} to {fastest_hz:g} Hz and orders up to {highest:g} take "
            f"{count} samples: ask for a lower maximum_order, or cut the record where it is slow"
        )
    revolutions = first + np.arange(count) / per_revolution
    times_s = rotation.times_at(revolutions)
    values = _interpolate(record, highest * fastest_hz, times_s)
    duration_s = float(np.diff(rotation.times_at(np.array([first, last], np.float64)))[0])
    return AngularSignal(
        revolutions=revolutions,
        samples_per_revolution=per_revolution,
        samples=values,
        maximum_order=highest,
        mean_speed_hz=(last - first) / duration_s,
        unit=unit,
        quality=record.quality,
    )


def _whole_revolutions(record: Record, rotation: ShaftRotation) -> tuple[int, int]:
    """Return the first and the last whole revolution within the record."""
    end_s = record.length / record.sample_rate_hz
    start_s, stop_s = max(0.0, rotation.start_s), min(end_s, rotation.stop_s)
    first, last = 0, 0
    if start_s < stop_s:
        ends = rotation.revolutions_at(np.array([start_s, stop_s]))
        # A hair of rounding must not cost the revolution that starts with the record.
        first, last = int(np.ceil(ends[0] - 1e-9)), int(np.floor(ends[1] + 1e-9))
    if last - first < 1:
        raise ParameterError(
            f"the record lasts {end_s:g} s and the speed is known from {rotation.start_s:g} to "
            f"{rotation.stop_s:g} s: together they hold no whole revolution; give a longer record"
        )
    return first, last


def _speed_range(rotation: ShaftRotation, first: int, last: int) -> tuple[float, float]:
    inside = (rotation.revolutions > first) & (rotation.revolutions < last)
    times_s = rotation.times_at(np.array([first, last], np.float64))
    speeds = np.append(rotation.speeds_hz[inside], rotation.speeds_at(times_s))
    return float(speeds.min()), float(speeds.max())


def _highest_order(maximum_order: float | None, rate: float, fastest_hz: float) -> float:
    reachable = USABLE_FRACTION * rate / fastest_hz
    if maximum_order is None:
        return reachable
    if not 0.0 < maximum_order <= reachable * (1.0 + 1e-9):
        raise ParameterError(
            f"maximum_order must be above 0 and, at {rate:g} samples per second and {fastest_hz:g} "
            f"Hz, at most {reachable:.6g}; got {maximum_order}"
        )
    return float(maximum_order)


def _samples_per_revolution(highest: float, speed_ratio: float) -> int:
    """Return an even number that keeps what the filter passes from folding back."""
    return 2 * max(2, int(np.ceil(0.5 * highest * (1.0 + STOP_FRACTION * speed_ratio))))


def _interpolate(record: Record, edge_hz: float, times_s: Float64Array) -> Float64Array:
    rate = record.sample_rate_hz
    values = np.empty((record.channel_count, len(times_s)))
    # Row by row: the intermediate arrays of a minute are larger than its samples.
    for row, samples in zip(values, record.samples, strict=True):
        dense, dense_rate, offset = _low_pass(samples, rate, edge_hz)
        spline = ndimage.spline_filter1d(dense, order=SPLINE_ORDER, mode="mirror")
        ndimage.map_coordinates(
            spline,
            (times_s * dense_rate + offset)[np.newaxis],
            output=row,
            order=SPLINE_ORDER,
            prefilter=False,
            mode="mirror",
        )
    margin = int(np.ceil(MARGIN_CYCLES * rate / edge_hz))
    nearest = np.clip(np.rint(times_s * rate), 0, record.length - 1)
    values[~shrink(record.valid, margin)[:, nearest.astype(np.int64)]] = np.nan
    return values


def _low_pass(
    samples: Float64Array, rate: float, edge_hz: float
) -> tuple[Float64Array, float, float]:
    """Return filtered samples at a rate that suits the spline.

    Returns
    -------
    Float64Array [shape=(m,)]
    float
        Their rate in Hz.
    float
        Index in them of the first sample.
    """
    padding = min(len(samples) - 1, int(np.ceil(2.0 * MARGIN_CYCLES * rate / edge_hz)))
    padded = _extend(samples, padding)
    spectrum = fft.rfft(padded)
    stop_hz = min(STOP_FRACTION * edge_hz, 0.5 * rate)
    position = (np.arange(len(spectrum)) * (rate / len(padded)) - edge_hz) / (stop_hz - edge_hz)
    spectrum *= 0.5 + 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0))
    wanted = int(np.ceil(len(padded) * SPLINE_RATE * edge_hz / rate))
    dense = np.asarray(fft.irfft(spectrum, fft.next_fast_len(wanted, real=True)))
    scale = len(dense) / len(padded)
    dense *= scale
    return dense, rate * scale, padding * scale


def _extend(samples: Float64Array, padding: int) -> Float64Array:
    """Continue both ends point-symmetrically, so that the transform sees no step there."""
    left = 2.0 * samples[0] - samples[padding:0:-1]
    right = 2.0 * samples[-1] - samples[-2 : -2 - padding : -1]
    return np.concatenate([left, samples, right])
