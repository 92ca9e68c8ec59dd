"""What baselines need from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kurto_analyzer.baselines.model import NewBaseline, StoredBaseline
from kurto_analyzer.frames import Frame
from kurto_dsp.condition.baselines import Baseline

__all__ = ["BaselineEvent", "BaselineStore", "CountedWindows", "Revision"]


@dataclass(frozen=True, slots=True)
class BaselineEvent:
    """A line of the audit.

    Attributes
    ----------
    event_id : int
        Its number, ascending.
    baseline_id : int
        The baseline.
    sensor_id : str
        Its sensor.
    time_us : int
        When, microseconds since 1970.
    kind : str
        "requested", "frozen", "retired" or "abandoned".
    principal : str
        Who; the analyzer itself when it was complete.
    reason : str
        Why.
    """

    event_id: int
    baseline_id: int
    sensor_id: str
    time_us: int
    kind: str
    principal: str
    reason: str


@dataclass(frozen=True, slots=True)
class Revision:
    """Tells whether something changed.

    Attributes
    ----------
    number : int
        Grows with each change to the baselines of a sensor.
    learning : bool
        Whether one is being learned.
    """

    number: int
    learning: bool


class BaselineStore(Protocol):
    """Baselines and their audit, durable."""

    async def request(self, new: NewBaseline) -> StoredBaseline:
        """Store a baseline that is to be learned; retire or abandon what it replaces at once.

        Raises
        ------
        AlreadyLearning
            When another is being learned and `restart` is not set.
        """
        ...

    async def freeze(self, baseline_id: int, baseline: Baseline) -> bool:
        """Put a learned baseline in force and retire the one before.

        Returns False, and changes nothing, if it is no longer being learned.
        """
        ...

    async def open_baselines(self, sensor_id: str) -> list[StoredBaseline]:
        """Return the baselines of a sensor in force and being learned, at most one of each."""
        ...

    async def list_baselines(
        self, sensor_id: str, *, before_id: int | None, limit: int
    ) -> list[StoredBaseline]:
        """Return baselines of a sensor with lower numbers, the newest first."""
        ...

    async def get(self, sensor_id: str, baseline_id: int) -> StoredBaseline | None:
        """Return one baseline of a sensor."""
        ...

    async def events(self, baseline_ids: Sequence[int]) -> list[BaselineEvent]:
        """Return the audit of some baselines, oldest first."""
        ...

    async def events_after(self, number: int, *, limit: int) -> list[BaselineEvent]:
        """Return what happened to the baselines of all sensors behind an event, oldest first.

        None with a lower number appears later.
        """
        ...

    async def revisions(self) -> Mapping[str, Revision]:
        """Return the revision of every sensor that has baselines."""
        ...


class CountedWindows(Protocol):
    """Stored frames that count: not late, with values, begun at a multiple of their length."""

    async def knows(self, sensor_id: str) -> bool:
        """Tell whether the sensor was ever analysed."""
        ...

    async def between(self, sensor_id: str, start_us: int, end_us: int) -> list[Frame]:
        """Return counted frames that start in a range, half open, oldest first."""
        ...

    async def newest(self, sensor_id: str, limit: int) -> list[Frame]:
        """Return at most `limit` of the newest counted frames, oldest first.

        They may be fewer than there are when most windows of late are empty.
        """
        ...
