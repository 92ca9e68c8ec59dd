"""The angle of a shaft over time, from a constant speed, a speed track or tacho pulses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from kurto_dsp.arrays import Float64Array
from kurto_dsp.exceptions import ParameterError

SPEED_STEP = 0.02
"""Largest relative change of speed from knot to knot: the spline then is exact to 1e-7 turns."""

MAX_KNOTS = 10_000_000


@dataclass(frozen=True, eq=False, slots=True)
class ShaftRotation:
    """Time as a smooth function of the revolutions a shaft has made.

    Use `constant_speed`, `speed_track`, `pulse_train` or `kurto_dsp.spectra.tacho_rotation`.

    Parameters
    ----------
    revolutions : Float64Array [shape=(knots,)]
        Strictly increasing; 0 at the angle reference (the first pulse, or the track's start).
    times_s : Float64Array [shape=(knots,)]
        When they were reached, counted from the first sample of the record.
    speeds_hz : Float64Array [shape=(knots,)]
        Revolutions per second there, positive.
    """

    revolutions: Float64Array
    times_s: Float64Array
    speeds_hz: Float64Array

    def __post_init__(self) -> None:
        if not (np.all(np.isfinite(self.speeds_hz)) and np.all(self.speeds_hz > 0.0)):
            raise ParameterError(
                "the speed must be positive and finite throughout, "
                f"got {float(np.min(self.speeds_hz)):g} Hz at least: cut the record to the part "
                "in which the shaft turns one way"
            )

    @classmethod
    def constant_speed(cls, speed_hz: float, *, duration_s: float) -> "ShaftRotation":
        """Return the rotation at one speed from time 0 on.

        Parameters
        ----------
        speed_hz : float > 0
            Revolutions per second.
        duration_s : float > 0

        Raises
        ------
        ParameterError
            If one of them is not positive and finite.
        """
        if not (np.isfinite(speed_hz) and speed_hz > 0.0):
            raise ParameterError(f"speed_hz must be positive and finite, got {speed_hz}")
        if not (np.isfinite(duration_s) and duration_s > 0.0):
            raise ParameterError(f"duration_s must be positive and finite, got {duration_s}")
        times_s = np.array([0.0, duration_s])
        return cls(speed_hz * times_s, times_s, np.full(2, float(speed_hz)))

    @classmethod
    def speed_track(cls, times_s: npt.ArrayLike, speeds_hz: npt.ArrayLike) -> "ShaftRotation":
        """Return the rotation at a speed that is linear between the points of a track.

        Parameters
        ----------
        times_s : array_like [shape=(points,)]
            Strictly increasing, counted from the first sample of the record.
        speeds_hz : array_like [shape=(points,)]
            Revolutions per second there, positive.

        Raises
        ------
        ParameterError
            If there are fewer than two points, they are not in order, or a speed isn't positive.
        """
        times, speeds = _track(times_s, speeds_hz)
        times, speeds = _refine(times, speeds)
        turned = np.cumsum(0.5 * (speeds[1:] + speeds[:-1]) * np.diff(times))
        return cls(np.concatenate([[0.0], turned]), times, speeds)

    @classmethod
    def pulse_train(
        cls, times_s: npt.ArrayLike, *, pulses_per_revolution: float = 1.0
    ) -> "ShaftRotation":
        """Return the rotation that gave pulses at equal angles; a cubic spline in between.

        Parameters
        ----------
        times_s : array_like [shape=(pulses,)]
            Strictly increasing, counted from the first sample of the record.
        pulses_per_revolution : float > 0

        Raises
        ------
        ParameterError
            If there are fewer than three pulses, they are not in order, or so irregular that
            the shaft would have to turn back.
        """
        times = np.asarray(times_s, dtype=np.float64)
        if not (np.isfinite(pulses_per_revolution) and pulses_per_revolution > 0.0):
            raise ParameterError(
                f"pulses_per_revolution must be positive and finite, got {pulses_per_revolution}"
            )
        if times.ndim != 1 or len(times) < 3:
            raise ParameterError(f"a rotation needs at least 3 pulses, got {times.size}")
        _require_order(times)
        revolutions = np.arange(len(times)) / pulses_per_revolution
        slowness = np.asarray(CubicSpline(revolutions, times)(revolutions, 1))
        if np.any(slowness <= 0.0):
            raise ParameterError(
                "the pulses are too irregular for a rotation near "
                f"{times[int(np.argmin(slowness))]:g} s: set threshold and hysteresis of the tacho"
            )
        return cls(revolutions, times, 1.0 / slowness)

    @property
    def start_s(self) -> float:
        """First moment at which the angle is known."""
        return float(self.times_s[0])

    @property
    def stop_s(self) -> float:
        """Last moment at which the angle is known."""
        return float(self.times_s[-1])

    def geared(self, ratio: float) -> "ShaftRotation":
        """Return the rotation of a shaft that makes `ratio` turns per turn of this one.

        Raises
        ------
        ParameterError
            If the ratio is not positive and finite.
        """
        if not (np.isfinite(ratio) and ratio > 0.0):
            raise ParameterError(f"ratio must be positive and finite, got {ratio}")
        return ShaftRotation(self.revolutions * ratio, self.times_s, self.speeds_hz * ratio)

    def times_at(self, revolutions: Float64Array) -> Float64Array:
        """Return when the shaft reached each of these revolutions, all between the knots."""
        return np.asarray(self._spline()(revolutions), dtype=np.float64)

    def revolutions_at(self, times_s: Float64Array) -> Float64Array:
        """Return the revolutions made at each of these times, all between the knots."""
        spline = self._spline()
        turned = np.interp(times_s, self.times_s, self.revolutions)
        for _ in range(4):  # Newton: each step doubles the digits
            turned -= (spline(turned) - times_s) / spline(turned, 1)
            np.clip(turned, self.revolutions[0], self.revolutions[-1], out=turned)
        return turned

    def speeds_at(self, times_s: Float64Array) -> Float64Array:
        """Return the speed in Hz at each of these times, all between the knots."""
        return np.asarray(1.0 / self._spline()(self.revolutions_at(times_s), 1))

    def _spline(self) -> CubicHermiteSpline:
        return CubicHermiteSpline(self.revolutions, self.times_s, 1.0 / self.speeds_hz)


def _track(times_s: npt.ArrayLike, speeds_hz: npt.ArrayLike) -> tuple[Float64Array, Float64Array]:
    times, speeds = np.asarray(times_s, np.float64), np.asarray(speeds_hz, np.float64)
    if times.ndim != 1 or times.shape != speeds.shape or len(times) < 2:
        raise ParameterError(
            "a speed track needs as many times as speeds and at least 2 of each, "
            f"got shapes {times.shape} and {speeds.shape}"
        )
    _require_order(times)
    bad = ~(np.isfinite(speeds) & (speeds > 0.0))
    if bad.any():
        first = int(np.argmax(bad))
        raise ParameterError(
            f"the speed at {times[first]:g} s is {speeds[first]:g} Hz; speeds must be positive and "
            "finite: leave such points out, or cut the record to the part in which the shaft turns"
        )
    return times, speeds


def _require_order(times: Float64Array) -> None:
    if not (np.all(np.isfinite(times)) and np.all(np.diff(times) > 0.0)):
        raise ParameterError("times_s must be finite and strictly increasing: sort them")


def _refine(times: Float64Array, speeds: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Insert points on the straight lines until neighbours differ by at most `SPEED_STEP`."""
    change = np.abs(np.diff(speeds)) / np.minimum(speeds[1:], speeds[:-1])
    pieces = np.maximum(1, np.ceil(change / SPEED_STEP))
    if pieces.sum() > MAX_KNOTS:
        raise ParameterError(
            f"the speed varies from {speeds.min():g} to {speeds.max():g} Hz: leave out the part in "
            "which the shaft hardly turns"
        )
    counts = pieces.astype(np.int64)
    left = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    position = np.append(left + within / counts[left], float(len(counts)))
    index = np.arange(len(times), dtype=np.float64)
    return np.interp(position, index, times), np.interp(position, index, speeds)
