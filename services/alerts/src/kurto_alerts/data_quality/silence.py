"""Finds sensors that have fallen silent, by the clock and by what ingest says of their streams.

Ingest is asked, not the features: while the analyzer, Valkey or alerts itself is away no feature
comes, and yet every sensor may be well. Only time in which data could have come counts as silence:
it begins anew when ingest was away, when this process stood still, and when everything was silent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kurto_alerts.alert_state import ConditionChange, Withdrawal
from kurto_alerts.data_quality.built_in import Problem
from kurto_alerts.data_quality.decisions import Moment, Place, raised, resolved
from kurto_alerts.frames import SensorProfile

SHORTEST_SILENCE_S = 3.0
SILENT_INTERVALS = 3
NOTHING_AT_ALL = Place("", "", Problem.NO_DATA)


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What ingest says of a sensor that is expected to send.

    Attributes
    ----------
    received_us : int or None
        When its newest samples arrived, in microseconds since 1970-01-01T00:00:00Z; None if none
        has since ingest began.
    interval_s : float
        Expected seconds between two arrivals: those between bursts, 0 for a continuous sensor.
    """

    sensor_id: str
    epoch: int
    received_us: int | None
    interval_s: float = 0.0
    machine_id: str = ""

    @property
    def threshold_s(self) -> float:
        """Seconds without data after which it is stale."""
        return max(SHORTEST_SILENCE_S, SILENT_INTERVALS * self.interval_s)


def with_profiles(
    reports: Sequence[StreamReport], profiles: Mapping[str, SensorProfile]
) -> list[StreamReport]:
    """Return the reports of sensors in use, with what the registry says of them."""
    found = []
    for report in reports:
        profile = profiles.get(report.sensor_id)
        if profile is None:
            found.append(report)
        elif not profile.archived:
            interval_s = (profile.burst_interval_us or 0) / 1e6
            found.append(replace(report, interval_s=interval_s, machine_id=profile.machine_id))
    return found


@dataclass(frozen=True, kw_only=True)
class SilenceLimits:
    """Times of the judgment.

    Attributes
    ----------
    recovery_s : float
        Seconds for which data must come again before an alert ends.
    nothing_s : float
        Seconds without any features after which it is an alarm that nothing is delivered.
    longest_pause_s : float
        Seconds between two looks beyond which this process stood still.
    """

    recovery_s: float = 3.0
    nothing_s: float = 10.0
    longest_pause_s: float = 2.0


class SilenceTracker:
    """Judges silence from one look to the next.

    Parameters
    ----------
    limits : SilenceLimits
        Times.
    open_alerts : mapping of Place to str
        Alerts about silence that are open, with their ids.
    now_us : int
        The time of day in microseconds since 1970-01-01T00:00:00Z; nothing before it counts.
    """

    def __init__(
        self, limits: SilenceLimits, open_alerts: Mapping[Place, str], *, now_us: int
    ) -> None:
        self._limits = limits
        self._open = dict(open_alerts)
        self._looked_us = now_us
        self._floor_us = now_us
        self._delivered_us = now_us
        self._frame_us = 0
        self._back_us: dict[str, int] = {}
        self._patience_s = limits.nothing_s
        self._expected = False
        self._all_silent = False

    @property
    def open_places(self) -> frozenset[Place]:
        """What there are open alerts about."""
        return frozenset(self._open)

    def delivered(self, now_us: int) -> None:
        """Note that features of any sensor were evaluated."""
        self._delivered_us = self._frame_us = now_us

    def look(
        self, reports: Sequence[StreamReport] | None, *, now_us: int
    ) -> list[ConditionChange | Withdrawal]:
        """Judge, and return what changed.

        Parameters
        ----------
        reports : sequence of StreamReport or None
            Every sensor that is expected to send; None while ingest cannot be asked.
        now_us : int
            The time of day, microseconds since 1970-01-01T00:00:00Z.
        """
        pause_us = now_us - self._looked_us
        self._looked_us = now_us
        if not 0 <= pause_us <= self._limits.longest_pause_s * 1e6:
            # Stood still, or the clock was set: what came meanwhile has not been seen yet.
            self._floor_us = self._delivered_us = now_us
        if reports is None:
            self._floor_us = now_us
            return self._judge_whole(now_us) if self._expected else []
        self._expected = bool(reports)
        thresholds_s = [report.threshold_s for report in reports]
        self._patience_s = max(self._limits.nothing_s, min(thresholds_s, default=0.0))
        changes = self._end_unexpected(reports)
        silent = self._silent(reports, now_us)
        if self._all_silent and len(silent) < len(reports):
            # The others get the time to come back, too.
            self._floor_us = now_us
            silent = self._silent(reports, now_us)
        held_back = {one.sensor_id for one in silent if self._is_held_back(one, reports)}
        self._all_silent = bool(held_back) and len(silent) == len(reports)
        for report in reports:
            if report.sensor_id not in held_back:
                changes += self._judge(report, now_us)
        if len(silent) < len(reports) or held_back:
            return changes + self._judge_whole(now_us)
        self._delivered_us = now_us  # nobody is left who could deliver anything
        return changes if silent else changes + self._withdraw(NOTHING_AT_ALL)

    def _silent(self, reports: Sequence[StreamReport], now_us: int) -> list[StreamReport]:
        return [one for one in reports if self._silence_s(one, now_us) > one.threshold_s]

    def _is_held_back(self, report: StreamReport, reports: Sequence[StreamReport]) -> bool:
        """Tell whether nobody can say that a silent sensor itself is at fault.

        It is when another one, which should send as often, did send after it had stopped. Sensors
        with an alert of their own are no witnesses, nor are those that had stopped long before.
        """
        if _place(report) in self._open:
            return False
        others = [
            self._last_us(one)
            for one in reports
            if one.sensor_id != report.sensor_id
            and one.threshold_s <= report.threshold_s
            and _place(one) not in self._open
            and _was_live_beside(one, report)
        ]
        stop_us = self._last_us(report) + report.threshold_s / 2 * 1e6
        return bool(others) and max(others) < stop_us

    def _judge(self, report: StreamReport, now_us: int) -> list[ConditionChange | Withdrawal]:
        place, silence_s = _place(report), self._silence_s(report, now_us)
        is_open = place in self._open
        if silence_s > report.threshold_s:
            self._back_us.pop(report.sensor_id, None)
            return [] if is_open else [self._raise(place, report, silence_s, now_us)]
        if not is_open or (report.received_us or 0) <= self._floor_us:
            return []
        back_us = self._back_us.setdefault(report.sensor_id, now_us)
        if (now_us - back_us) / 1e6 < self._limits.recovery_s:
            return []
        del self._back_us[report.sensor_id]
        alert_id, moment = self._open.pop(place), Moment(now_us, report.epoch)
        return [resolved(place, alert_id, moment, value=silence_s, limit=report.threshold_s)]

    def _raise(
        self, place: Place, report: StreamReport, silence_s: float, now_us: int
    ) -> ConditionChange:
        moment = Moment(now_us, report.epoch)
        limit, machine_id = report.threshold_s, report.machine_id
        change = raised(place, moment, value=silence_s, limit=limit, machine_id=machine_id)
        self._open[place] = change.alert_id
        return change

    def _judge_whole(self, now_us: int) -> list[ConditionChange | Withdrawal]:
        """Judge whether anything is delivered at all, while something should be."""
        alert_id = self._open.get(NOTHING_AT_ALL)
        since_s = (now_us - self._delivered_us) / 1e6
        limit, moment = self._patience_s, Moment(now_us)
        if alert_id is None and since_s > limit:
            change = raised(NOTHING_AT_ALL, moment, value=since_s, limit=limit)
            self._open[NOTHING_AT_ALL] = change.alert_id
            return [change]
        if alert_id is not None and (now_us - self._frame_us) / 1e6 <= limit:
            del self._open[NOTHING_AT_ALL]
            return [resolved(NOTHING_AT_ALL, alert_id, moment, value=since_s, limit=limit)]
        return []

    def _end_unexpected(
        self, reports: Sequence[StreamReport]
    ) -> list[ConditionChange | Withdrawal]:
        """Withdraw the alerts of sensors that need not send any more."""
        expected = {report.sensor_id for report in reports}
        gone = [
            place
            for place in self._open
            if place.problem is Problem.STALE and place.sensor_id not in expected
        ]
        return [withdrawal for place in gone for withdrawal in self._withdraw(place)]

    def _withdraw(self, place: Place) -> list[ConditionChange | Withdrawal]:
        alert_id = self._open.pop(place, None)
        self._back_us.pop(place.sensor_id, None)
        return [] if alert_id is None else [Withdrawal(alert_id)]

    def _last_us(self, report: StreamReport) -> int:
        return max(report.received_us or 0, self._floor_us)

    def _silence_s(self, report: StreamReport, now_us: int) -> float:
        return (now_us - self._last_us(report)) / 1e6


def _was_live_beside(other: StreamReport, report: StreamReport) -> bool:
    """Tell whether a sensor was still sending when another one stopped, or stopped with it."""
    if report.received_us is None:
        return True
    if other.received_us is None:
        return False
    return other.received_us >= report.received_us - other.threshold_s * 1e6


def _place(report: StreamReport) -> Place:
    return Place(report.sensor_id, "", Problem.STALE)
