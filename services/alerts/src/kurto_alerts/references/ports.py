"""What following baselines needs of the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kurto_alerts.references.baselines import BaselineVersion


@dataclass(frozen=True, slots=True)
class BaselineNews:
    """Something happened to a baseline.

    Attributes
    ----------
    event_number : int
        Number of the event, ascending.
    sensor_id : str
        Sensor in question.
    baseline_id : int
        The baseline.
    """

    event_number: int
    sensor_id: str
    baseline_id: int


class BaselineSource(Protocol):
    """The owner of baselines."""

    async def news(self, after_number: int) -> Sequence[BaselineNews]:
        """Return the next events behind one, oldest first; none for now if empty."""

    async def get(self, sensor_id: str, baseline_id: int) -> BaselineVersion | None:
        """Return a baseline; None unless it is frozen."""


class BaselineVersionStore(Protocol):
    """Keeps baselines, so that rules go on while their owner is away."""

    async def load_baselines(self) -> tuple[list[BaselineVersion], int]:
        """Return all that are kept and the number of the newest event that is taken up."""

    async def save_baselines(self, versions: Sequence[BaselineVersion], event_number: int) -> None:
        """Keep new baselines and ends of known ones, up to an event.

        A number that isn't higher than the kept one changes nothing: another process was faster.
        """
