"""The straight line below noisy readings whose noise only ever adds, as delays do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["Line", "LowerEnvelope"]

_STEEPEST = 1000.0  # microseconds a second: no clock is that wrong; readings that fall were queued


@dataclass(frozen=True, slots=True)
class Line:
    """y = `level` + `slope` * (x - `at`).

    Attributes
    ----------
    at : float
        Seconds.
    level : float
        Microseconds.
    slope : float
        Microseconds a second, which are parts per million.
    """

    at: float
    level: float
    slope: float

    def value(self, x_s: float) -> float:
        """Return the line's height at `x_s` in microseconds."""
        return self.level + self.slope * (x_s - self.at)


class LowerEnvelope:
    """Finds the line that lies below all readings and as close to them as possible.

    Of each interval only the lowest reading is kept. Of the lower convex hull of these, the line is
    the edge above which the middle of the readings lies: no other line below all of them leaves a
    smaller sum of distances.

    Parameters
    ----------
    bucket_s : float
        Length of the intervals.
    max_buckets : int
        Intervals that are remembered.
    """

    def __init__(self, bucket_s: float = 5.0, max_buckets: int = 48) -> None:
        self._bucket_s = bucket_s
        self._points: deque[tuple[float, float]] = deque(maxlen=max_buckets)
        self._bucket = -1
        self._line: Line | None = None  # as long as no interval is complete beyond those in it

    def __len__(self) -> int:
        return len(self._points)

    @property
    def span_s(self) -> float:
        """Time between the first and the last reading that are remembered."""
        return self._points[-1][0] - self._points[0][0] if self._points else 0.0

    def add(self, x_s: float, y_us: float) -> bool:
        """Take a reading; returns whether it began an interval."""
        bucket = int(x_s // self._bucket_s)
        if bucket > self._bucket:
            self._bucket = bucket
            self._points.append((x_s, y_us))
            self._line = None
            return True
        if bucket == self._bucket and y_us < self._points[-1][1]:
            self._points[-1] = (x_s, y_us)
            if len(self._points) == 1:
                self._line = None
        return False

    def shift(self, by_us: float) -> None:
        """Move all readings up, since what they measure jumped."""
        moved = [(x, y + by_us) for x, y in self._points]
        self._points.clear()
        self._points.extend(moved)
        self._line = None

    def line(self) -> Line | None:
        """Return the line; None before the first reading."""
        if self._line is None and self._points:
            self._line = self._fit()
        return self._line

    def _fit(self) -> Line:
        hull = self._hull()
        points = self._complete
        if len(hull) == 1:
            return Line(hull[0][0], hull[0][1], 0.0)
        middle = sum(x for x, _ in points) / len(points)
        at = 1
        while at < len(hull) - 1 and hull[at][0] < middle:
            at += 1
        (x0, y0), (x1, y1) = hull[at - 1], hull[at]
        slope = (y1 - y0) / (x1 - x0)
        if abs(slope) > _STEEPEST:
            x0, y0 = min(points, key=lambda point: point[1])
            return Line(x0, y0, 0.0)
        return Line(x0, y0, slope)

    @property
    def _complete(self) -> list[tuple[float, float]]:
        """Readings of the intervals that are over: the last one's are few, and may be high."""
        points = list(self._points)
        return points[:-1] if len(points) > 1 else points

    def _hull(self) -> list[tuple[float, float]]:
        hull: list[tuple[float, float]] = []
        for x, y in self._complete:
            while len(hull) > 1 and _turns_up(hull[-2], hull[-1], (x, y)) <= 0:
                hull.pop()
            hull.append((x, y))
        return hull


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
