"""What rules on diagnoses need of the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kurto_alerts.diagnoses.scores import DiagnosedWindow


@dataclass(frozen=True, slots=True)
class DiagnosisPage:
    """A page of a sensor's diagnoses.

    Attributes
    ----------
    windows : sequence of DiagnosedWindow
        By their ends, each with all of its channels.
    complete : bool
        False when there are more than fitted the page.
    """

    sensor_id: str
    windows: Sequence[DiagnosedWindow]
    complete: bool


class DiagnosisSource(Protocol):
    """The owner of diagnoses."""

    async def page(
        self, sensor_id: str, *, after_us: int, until_us: int | None = None
    ) -> DiagnosisPage:
        """Return the next stored diagnoses of a sensor.

        Parameters
        ----------
        sensor_id : str
            The sensor.
        after_us : int
            Of windows that end after it, microseconds since 1970.
        until_us : int or None
            And that end at or before it; None for the newest.
        """
