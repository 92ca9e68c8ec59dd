"""Which moments of which machines are frozen, and which alerts share one."""

import enum
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kurto_alerts.alert_state import (
    AlertKind,
    ConditionChange,
    Transition,
    TransitionKind,
    sample_time,
)

# Alerts of one machine this close together show the same event.
SHARED_SPAN = timedelta(seconds=2)
_FREEZING = frozenset(
    {TransitionKind.RAISED, TransitionKind.ESCALATED, TransitionKind.RELAPSED}
)  # fmt: skip


class EvidenceState(enum.IntEnum):
    """What became of the evidence of a moment."""

    PENDING = 1
    STORED = 2
    FAILED = 3
    EXPIRED = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """An alert of a place at a time.

    `place` is a machine with a "/" before it, which no id holds, or a sensor that has none.
    """

    alert_id: str
    place: str
    time: datetime


@dataclass(frozen=True, slots=True)
class SharedMoment:
    """What alerts share; `evidence_id` is 0 for one that is not stored yet."""

    evidence_id: int
    place: str
    first: datetime
    last: datetime
    state: EvidenceState = EvidenceState.PENDING

    def with_time(self, time: datetime) -> "SharedMoment | None":
        """Return the moment widened by a time, None if it does not belong to it."""
        if self.first <= time <= self.last:
            return self
        first, last = min(self.first, time), max(self.last, time)
        if self.state is not EvidenceState.PENDING or last - first > SHARED_SPAN:
            return None
        return replace(self, first=first, last=last)


def place_of(machine_id: str, sensor_id: str) -> str:
    """Return the name of a machine, or of a sensor without one."""
    return f"/{machine_id}" if machine_id else sensor_id


def moments_of(
    transitions: Iterable[Transition], changes: Iterable[ConditionChange]
) -> list[Moment]:
    """Return the moments of the alerts of vibration that were raised or became worse, one each.

    Of an alert that is both in one batch the first counts.
    """
    times = {(change.alert_id, change.kind): change.time_us for change in changes}
    moments: dict[str, Moment] = {}
    for transition in transitions:
        alert = transition.alert
        if transition.kind not in _FREEZING or alert.kind is not AlertKind.VIBRATION:
            continue
        if alert.alert_id in moments:
            continue
        # A latched alert that comes back is RAISED to the engine.
        time_us = times.get((alert.instance, transition.kind)) or times.get(
            (alert.instance, TransitionKind.RAISED)
        )
        time = alert.raise_time if time_us is None else sample_time(time_us)
        place = place_of(alert.machine_id, alert.sensor_id)
        moments[alert.alert_id] = Moment(alert.alert_id, place, time)
    return list(moments.values())


def share_moments(
    moments: Iterable[Moment], known: Sequence[SharedMoment]
) -> tuple[list[SharedMoment], list[tuple[str, int]]]:
    """Give each alert a moment of its place, an existing one where there is one.

    Parameters
    ----------
    moments : iterable of Moment
        One for each alert.
    known : sequence of SharedMoment
        Those of the same places that are stored or still to be stored.

    Returns
    -------
    shared : list of SharedMoment
        `known`, some of them widened, then new ones.
    links : list of (str, int)
        Alert id and position in `shared`.
    """
    shared, links = list(known), []
    at_place: defaultdict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(known):
        at_place[one.place].append(at)
    for moment in sorted(moments, key=lambda one: (one.time, one.alert_id)):
        for at in at_place[moment.place]:
            widened = shared[at].with_time(moment.time)
            if widened is not None:
                shared[at] = widened
                links.append((moment.alert_id, at))
                break
        else:
            links.append((moment.alert_id, len(shared)))
            at_place[moment.place].append(len(shared))
            shared.append(SharedMoment(0, moment.place, moment.time, moment.time))
    return shared, links


def choose_source(
    sources: Sequence[tuple[str, str]], wanted: tuple[str, str], raised: tuple[str, str]
) -> tuple[str, str] | None:
    """Return the sensor and channel that a request means, None if there is no such part."""
    sensor_id = wanted[0] or raised[0]
    of_sensor = [source for source in sources if source[0] == sensor_id]
    if wanted[1]:
        return next((source for source in of_sensor if source[1] == wanted[1]), None)
    if raised in of_sensor:
        return raised
    return of_sensor[0] if of_sensor else None
