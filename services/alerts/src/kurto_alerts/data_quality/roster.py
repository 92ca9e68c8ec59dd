"""Keeps in mind which sensors are expected to send, so that ingest is seldom asked for all."""

from collections.abc import Iterable

from kurto_alerts.data_quality.arrivals import StreamState

QUIET_S = 2.0  # shorter than any silence that is judged
LONGEST_AGE_S = 15.0
SHORTEST_AGE_S = 1.0  # however many sensors come and go


class Roster:
    """The expected sensors, as listed last, and how far they have come since.

    It is asked for anew when it is old, when a stream appears that it does not hold, and when a
    sensor has just become quiet: somebody may have stopped or archived it.
    """

    def __init__(self) -> None:
        self._expected: dict[str, StreamState] = {}
        self._others: frozenset[tuple[str, int]] = frozenset()
        self._sending: frozenset[str] = frozenset()
        self._listed_s = self._heard_s = -LONGEST_AGE_S
        self._doubtful = True

    def within_s(self, now_s: float) -> float:
        """Return how far back to ask for arrivals: nothing since the last answer is missed."""
        return QUIET_S + min(now_s - self._heard_s, LONGEST_AGE_S)

    def list_again(
        self, expected: Iterable[StreamState], others: Iterable[StreamState], *, now_s: float
    ) -> None:
        """Take the streams of all sensors, those that are expected to send and the others."""
        self._expected = {state.sensor_id: state for state in expected}
        self._others = frozenset((state.sensor_id, state.epoch) for state in others)
        self._listed_s = now_s
        self._doubtful = False

    def hear(self, arrivals: Iterable[StreamState], *, now_s: float) -> None:
        """Take what came in within `within_s`."""
        sending = set()
        for state in arrivals:
            known = self._expected.get(state.sensor_id)
            if known is not None and known.epoch == state.epoch:
                sending.add(state.sensor_id)
                self._expected[state.sensor_id] = state
            elif (state.sensor_id, state.epoch) not in self._others:
                self._doubtful = True
        self._doubtful |= not self._sending <= sending
        self._sending, self._heard_s = frozenset(sending), now_s

    def is_due(self, now_s: float) -> bool:
        """Tell whether the streams of all sensors should be asked for again."""
        age_s = now_s - self._listed_s
        return age_s >= LONGEST_AGE_S or (self._doubtful and age_s >= SHORTEST_AGE_S)

    def states(self) -> list[StreamState]:
        """Return the newest state of each sensor that is expected to send."""
        return list(self._expected.values())
