"""Decides when which sensor's history is asked for, so that no hole stays and nobody is flooded."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kurto_alerts.sequences import HistoryPage, SensorSequence


@dataclass(frozen=True, slots=True)
class FillRequest:
    """Asks for a sensor's history behind a window; `epoch` is None if nothing is known of it."""

    sensor_id: str
    epoch: int | None
    after_window_index: int


@dataclass(frozen=True, slots=True)
class FillResult:
    """What the history said.

    Attributes
    ----------
    page : HistoryPage or None
        None if nothing could be asked.
    newest : tuple of int or None
        Epoch and window index of the newest frame, asked for when the page was empty.
    failed : bool
        True if the owner of the history did not answer.
    """

    request: FillRequest
    page: HistoryPage | None = None
    newest: tuple[int, int] | None = None
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class FillTimes:
    """Seconds that govern filling.

    Attributes
    ----------
    retry_s : float
        From one page of a hole to the next if that brought nothing; doubles up to `poll_s`.
    poll_s : float
        Silence after which a sensor's history is asked; doubles up to `longest_poll_s` for as
        long as nothing comes.
    """

    retry_s: float
    poll_s: float
    longest_poll_s: float


@dataclass
class _Schedule:
    """When a sensor may next be asked for, and how long to wait after that."""

    due_s: float
    pause_s: float
    asking: bool = False


class FillPlanner:
    """Keeps the schedule of every sensor.

    Parameters
    ----------
    times : FillTimes
        Pauses.
    """

    def __init__(self, times: FillTimes) -> None:
        self._times = times
        self._holes: dict[str, _Schedule] = {}
        self._polls: dict[str, _Schedule] = {}
        self._polled_s = float("-inf")

    @property
    def hole_count(self) -> int:
        """Number of sensors with a hole."""
        return len(self._holes)

    def heard(self, sensor_ids: Iterable[str], *, now_s: float) -> None:
        """Note that live frames of sensors have come."""
        for sensor_id in sensor_ids:
            self._polls[sensor_id] = _Schedule(now_s + self._times.poll_s, self._times.poll_s)

    def plan(
        self,
        sequences: Mapping[str, SensorSequence],
        known_ids: Callable[[], Iterable[str]],
        *,
        now_s: float,
        limit: int,
    ) -> list[FillRequest]:
        """Return up to `limit` requests that are due: holes first, then silent sensors.

        Parameters
        ----------
        sequences : mapping of str to SensorSequence
            Positions of the sensors.
        known_ids : callable
            Names the sensors that exist, with a position or without.
        now_s : float
            Monotonic time.
        limit : int
            Requests that can be taken at present.
        """
        requests: list[FillRequest] = []
        for sensor_id, schedule in self._holes.items():
            if len(requests) < limit and not schedule.asking and schedule.due_s <= now_s:
                requests.append(self._request(sensor_id, sequences, schedule))
        if now_s - self._polled_s < self._times.poll_s / 4:
            return requests
        self._polled_s = now_s
        for sensor_id in {*sequences, *known_ids()} - self._holes.keys():
            schedule = self._polls.setdefault(
                sensor_id, _Schedule(now_s + self._times.poll_s, self._times.poll_s)
            )
            if len(requests) < limit and not schedule.asking and schedule.due_s <= now_s:
                requests.append(self._request(sensor_id, sequences, schedule))
        return requests

    def _request(
        self, sensor_id: str, sequences: Mapping[str, SensorSequence], schedule: _Schedule
    ) -> FillRequest:
        schedule.asking = True
        sequence = sequences.get(sensor_id)
        if sequence is None:
            return FillRequest(sensor_id, None, -1)
        return FillRequest(sensor_id, sequence.epoch, sequence.window_index)

    def note_hole(self, sensor_id: str, *, now_s: float) -> None:
        """Note that a sensor has a hole, to be filled at once."""
        self._holes.setdefault(sensor_id, _Schedule(now_s, self._times.retry_s))

    def answered(
        self, sensor_id: str, *, progress: bool, failed: bool, filling: bool, now_s: float
    ) -> None:
        """Note the answer to a request.

        Parameters
        ----------
        sensor_id : str
            Sensor asked for.
        progress : bool
            True if it brought frames.
        failed : bool
            True if there was no answer.
        filling : bool
            True if the sensor has a hole now.
        now_s : float
            Monotonic time.
        """
        times = self._times
        if not filling:
            self._holes.pop(sensor_id, None)
        hole = (
            self._holes.setdefault(sensor_id, _Schedule(now_s, times.retry_s)) if filling else None
        )
        for schedule, longest_s, shortest_s in (
            (hole, times.poll_s, times.retry_s),
            (self._polls.get(sensor_id), times.longest_poll_s, times.poll_s),
        ):
            if schedule is None:
                continue
            schedule.asking = False
            if progress and not failed:
                schedule.pause_s = shortest_s
                schedule.due_s = now_s if schedule is hole else now_s + shortest_s / 4
            else:
                schedule.due_s = now_s + schedule.pause_s
                schedule.pause_s = min(2 * schedule.pause_s, longest_s)
