"""What one sensor of a load sent and what was acknowledged, over time."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """Where a sensor stood at one moment.

    Parameters
    ----------
    at_s : float
        When, on the monotonic clock.
    pushed_index : int
        Samples given to the SDK.
    acknowledged_index : int
        Every sample below it was acknowledged as durable.
    reconnect_count : int
        How often the connection had been made again.
    """

    at_s: float
    pushed_index: int
    acknowledged_index: int
    reconnect_count: int


@dataclass
class Pushed:
    """What one sensor sent, and how the connection fared; filled while the load runs.

    Parameters
    ----------
    sensor_id : str
        The sensor.
    epoch : int
        Epoch of the samples; 0 before the stream is open.
    history : list of Progress
        One entry for each change, ascending in time.
    longest_lag_s : float
        Largest age of the oldest sample that was not acknowledged, in seconds.
    """

    sensor_id: str
    epoch: int = 0
    history: list[Progress] = field(default_factory=list)
    longest_lag_s: float = 0.0

    @property
    def acknowledged_index(self) -> int:
        """Every sample below it was acknowledged as durable."""
        return self.history[-1].acknowledged_index if self.history else 0

    @property
    def pushed_index(self) -> int:
        """Samples given to the SDK."""
        return self.history[-1].pushed_index if self.history else 0

    @property
    def reconnect_count(self) -> int:
        """How often the connection was made again."""
        return self.history[-1].reconnect_count if self.history else 0

    def at(self, at_s: float) -> Progress:
        """Return where the sensor stood at a moment of the monotonic clock."""
        known = [one for one in self.history if one.at_s <= at_s]
        return known[-1] if known else Progress(at_s, 0, 0, 0)

    def acknowledged_after(self, at_s: float) -> float | None:
        """Return the seconds from a moment to the next acknowledgment of new samples, if any."""
        before = self.at(at_s).acknowledged_index
        later = (one for one in self.history if one.at_s > at_s)
        times = (one.at_s - at_s for one in later if one.acknowledged_index > before)
        return next(times, None)

    def note(self, progress: Progress) -> None:
        """Add an entry, unless nothing has changed."""
        last = self.history[-1] if self.history else None
        if last is None or (
            last.pushed_index,
            last.acknowledged_index,
            last.reconnect_count,
        ) != (progress.pushed_index, progress.acknowledged_index, progress.reconnect_count):
            self.history.append(progress)
