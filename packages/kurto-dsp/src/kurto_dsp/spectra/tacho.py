"""Pulses of a tachometer channel: found with hysteresis, single faults repaired and counted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from kurto_dsp.arrays import Float64Array, IndexArray, require_sample_rate
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.rotation import ShaftRotation

DEFAULT_HYSTERESIS = 0.2
"""Part of the tacho's peak-to-peak value."""

LOCAL_PULSES = 11
"""Intervals whose median says what an interval should be."""

SHORTEST, LONGEST = 0.5, 1.6
"""Intervals outside of this, times the local median, are taken as a doubled or a lost pulse."""

MAX_REPAIRED = 0.1
"""Part of the pulses that may be repaired; beyond, the threshold is wrong."""


@dataclass(frozen=True, eq=False, slots=True)
class TachoPulses:
    """Pulses found in a tacho channel.

    Parameters
    ----------
    times_s : Float64Array [shape=(pulses,)]
        Counted from the first sample, interpolated between samples.
    threshold, hysteresis : float
        The levels used, in the channel's unit.
    inserted_count, dropped_count : int
        Lost pulses put back at equal distances, and doubled ones left out.
    """

    times_s: Float64Array
    threshold: float
    hysteresis: float
    inserted_count: int
    dropped_count: int


def detect_pulses(
    tacho: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    threshold: float | None = None,
    hysteresis: float | None = None,
    falling: bool = False,
) -> TachoPulses:
    """Find the edges of a tacho's pulses.

    An edge counts when the signal, having been below ``threshold - hysteresis / 2``, rises
    above ``threshold + hysteresis / 2``; its time is interpolated linearly at that level.
    An interval that is a whole multiple of the local median has pulses inserted; one shorter than
    half of it loses a pulse. Cut the first turns off a start from rest.

    Parameters
    ----------
    tacho : array_like [shape=(n,)]
    sample_rate_hz : float > 0
    threshold : float, optional
        Half-way between smallest and largest sample by default.
    hysteresis : float, optional
        A fifth of peak-to-peak by default.
    falling : bool
        Count falling edges instead.

    Raises
    ------
    ParameterError
        If there are fewer than three pulses, or too many irregular ones.
    """
    rate = require_sample_rate(sample_rate_hz)
    signal = _as_tacho(tacho)
    low, high = float(signal.min()), float(signal.max())
    if low == high:
        raise ParameterError(
            f"the tacho channel is constant at {low:g}: choose the channel that holds the pulses"
        )
    level = 0.5 * (low + high) if threshold is None else float(threshold)
    width = DEFAULT_HYSTERESIS * (high - low) if hysteresis is None else float(hysteresis)
    if not width >= 0.0:
        raise ParameterError(f"hysteresis must not be negative, got {hysteresis}")
    sign = -1.0 if falling else 1.0
    times_s = _rising_edges(sign * signal, sign * level, width) / rate
    if len(times_s) < 3:
        raise ParameterError(
            f"the tacho channel has {len(times_s)} pulses at threshold {level:g} with hysteresis "
            f"{width:g}, 3 are needed: set them within its range, {low:g} to {high:g}, or give a "
            "longer record"
        )
    repaired, inserted, dropped = _repair(times_s)
    return TachoPulses(repaired, level, width, inserted, dropped)


def tacho_rotation(
    tacho: npt.ArrayLike,
    *,
    sample_rate_hz: float,
    pulses_per_revolution: float = 1.0,
    threshold: float | None = None,
    hysteresis: float | None = None,
    falling: bool = False,
) -> ShaftRotation:
    """Return the rotation that a tacho channel tells: `detect_pulses` and a spline.

    Parameters
    ----------
    tacho : array_like [shape=(n,)]
        Sampled together with the vibration.
    sample_rate_hz : float > 0
    pulses_per_revolution : float > 0
        Of the shaft whose orders are wanted.
    threshold, hysteresis, falling
        See `detect_pulses`.

    Raises
    ------
    ParameterError
        As `detect_pulses` does.
    """
    pulses = detect_pulses(
        tacho,
        sample_rate_hz=sample_rate_hz,
        threshold=threshold,
        hysteresis=hysteresis,
        falling=falling,
    )
    return ShaftRotation.pulse_train(pulses.times_s, pulses_per_revolution=pulses_per_revolution)


def _as_tacho(tacho: npt.ArrayLike) -> Float64Array:
    signal = np.asarray(tacho)
    if signal.dtype.kind not in "fiu" or signal.ndim != 1 or signal.size < 2:
        raise ParameterError(
            "the tacho must be one channel of real numbers, shape (n,), "
            f"got dtype {signal.dtype}, shape {signal.shape}"
        )
    if not np.isfinite(signal).all():
        raise ParameterError(
            "the tacho channel holds samples that are not finite: cut the record to a part "
            "without them, or give a speed instead"
        )
    return signal.astype(np.float64)


def _rising_edges(signal: Float64Array, level: float, width: float) -> Float64Array:
    """Return the edges' times in samples."""
    upper, lower = level + 0.5 * width, level - 0.5 * width
    side = (signal >= upper).astype(np.int8) - (signal < lower).astype(np.int8)
    # Between the two levels a sample is on the side of the last one that was outside.
    last = np.maximum.accumulate(np.where(side != 0, np.arange(len(signal)), 0))
    side = side[last]
    edges: IndexArray = np.flatnonzero((side[1:] == 1) & (side[:-1] == -1)) + 1
    before, after = signal[edges - 1], signal[edges]
    return edges - (after - upper) / (after - before)


def _repair(times_s: Float64Array) -> tuple[Float64Array, int, int]:
    kept = _without_doubles(times_s)
    intervals = np.diff(kept)
    multiples = intervals / _local_median(intervals)
    lost = np.where(multiples > LONGEST, np.rint(multiples), 1).astype(np.int64) - 1
    dropped, inserted = len(times_s) - len(kept), int(lost.sum())
    if dropped + inserted > MAX_REPAIRED * len(times_s):
        worst = kept[int(np.argmax(multiples))]
        raise ParameterError(
            f"the tacho's pulses are irregular ({dropped} too close, {inserted} lost, among "
            f"{len(times_s)}; the longest pause is at {worst:g} s): set threshold and hysteresis, "
            "or cut the record to the part in which the shaft turns evenly"
        )
    left = np.repeat(np.arange(len(intervals)), lost + 1)
    first = np.concatenate([[0], np.cumsum(lost + 1)[:-1]])
    within = (np.arange(len(left)) - first[left]) / (lost[left] + 1)
    return np.append(kept[left] + within * intervals[left], kept[-1]), inserted, dropped


def _without_doubles(times_s: Float64Array) -> Float64Array:
    """Leave out, of each two pulses that are too close, the one that fits worse."""
    intervals = np.diff(times_s)
    expected = _local_median(intervals)
    drop: set[int] = set()
    for left in np.flatnonzero(intervals < SHORTEST * expected):
        if int(left) in drop:
            continue
        candidates = [j for j in (int(left), int(left) + 1) if 0 < j < len(times_s) - 1]
        misfits = [abs(times_s[j + 1] - times_s[j - 1] - expected[left]) for j in candidates]
        if candidates:
            drop.add(candidates[int(np.argmin(misfits))])
    return np.delete(times_s, sorted(drop))


def _local_median(intervals: Float64Array) -> Float64Array:
    size = min(LOCAL_PULSES, len(intervals))
    return np.asarray(ndimage.median_filter(intervals, size=size, mode="nearest"))
