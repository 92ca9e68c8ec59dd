"""Notes by the own clock when samples of each sensor arrived, from what ingest says of streams."""

from collections.abc import Iterable
from dataclasses import dataclass

from kurto_alerts.data_quality.silence import StreamReport


@dataclass(frozen=True, slots=True)
class StreamState:
    """What ingest says of one stream whose sensor is expected to send.

    Attributes
    ----------
    next_index : int
        First sample of the epoch that was never seen.
    received : str
        When the newest samples arrived, by ingest's clock: only compared with itself.
    """

    sensor_id: str
    epoch: int
    next_index: int
    received: str


class Arrivals:
    """Remembers what ingest said last; its clock need not agree with the own one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[StreamState, int | None]] = {}

    def take(self, states: Iterable[StreamState], *, now_us: int) -> list[StreamReport]:
        """Return a report of every sensor; its samples arrived when the state last changed."""
        known: dict[str, tuple[StreamState, int | None]] = {}
        for state in states:
            before, received_us = self._known.get(state.sensor_id, (state, None))
            if state != before:
                received_us = now_us
            known[state.sensor_id] = (state, received_us)
        self._known = known
        return [
            StreamReport(state.sensor_id, state.epoch, received_us)
            for state, received_us in known.values()
        ]
