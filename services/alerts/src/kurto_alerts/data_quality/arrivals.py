"""Notes by the own clock when samples of each sensor arrived, from what ingest says of streams."""

from collections.abc import Iterable
from dataclasses import dataclass

from kurto_alerts.data_quality.silence import StreamReport

TREMBLE_US = 200_000  # less than lies between two looks


@dataclass(frozen=True, slots=True)
class StreamState:
    """What ingest says of one stream whose sensor is expected to send.

    Attributes
    ----------
    next_index : int
        First sample of the epoch that was never seen.
    received_us : int
        When the newest samples arrived, by ingest's clock, in microseconds; 0 if none has since it
        began. Only compared with itself: ingest derives it anew each time, so that it trembles.
    """

    sensor_id: str
    epoch: int
    next_index: int
    received_us: int

    def is_newer(self, other: "StreamState") -> bool:
        """Tell whether samples have arrived since the other state."""
        if (self.epoch, self.next_index) != (other.epoch, other.next_index):
            return True
        return abs(self.received_us - other.received_us) > TREMBLE_US


class Arrivals:
    """Remembers what ingest said last; its clock need not agree with the own one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[StreamState, int | None]] = {}

    def take(self, states: Iterable[StreamState], *, now_us: int) -> list[StreamReport]:
        """Return a report of every sensor; its samples arrived when the state last changed."""
        known: dict[str, tuple[StreamState, int | None]] = {}
        for state in states:
            before, received_us = self._known.get(state.sensor_id, (state, None))
            if state.is_newer(before):
                received_us = now_us
            known[state.sensor_id] = (state, received_us)
        self._known = known
        return [
            StreamReport(state.sensor_id, state.epoch, received_us)
            for state, received_us in known.values()
        ]
