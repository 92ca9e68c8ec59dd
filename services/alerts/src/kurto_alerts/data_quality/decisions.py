"""What was found out about data, in the form in which it is stored."""

from dataclasses import dataclass, replace

from kurto_alerts.alert_state import (
    ConditionChange,
    ConditionState,
    Key,
    TransitionKind,
    alert_id_of,
)
from kurto_alerts.data_quality.built_in import Problem, built_in_rule

NO_WINDOW = -1


@dataclass(frozen=True, slots=True)
class Place:
    """What a problem is with: an empty channel is the whole sensor, an empty sensor is kurto."""

    sensor_id: str
    channel: str
    problem: Problem

    @property
    def key(self) -> Key:
        """What has at most one open alert about it."""
        return Key(self.sensor_id, self.channel, self.problem.value)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was found: at a window, or, with a window below 0, by the clock."""

    time_us: int
    epoch: int = 0
    window_index: int = NO_WINDOW


def raised(
    place: Place, moment: Moment, *, value: float, limit: float, machine_id: str = ""
) -> ConditionChange:
    """Return the change that raises an alert; the same moment gives the same alert."""
    by_clock = moment.window_index < 0
    position = moment.time_us if by_clock else moment.window_index
    alert_id = alert_id_of(place.key, epoch=moment.epoch, window_index=position)
    change = resolved(place, alert_id, moment, value=value, limit=limit)
    return replace(
        change, kind=TransitionKind.RAISED, state=ConditionState.ACTIVE, machine_id=machine_id
    )


def resolved(
    place: Place, alert_id: str, moment: Moment, *, value: float, limit: float
) -> ConditionChange:
    """Return the change that ends an alert."""
    rule = built_in_rule(place.problem, limit)
    return ConditionChange(
        kind=TransitionKind.RESOLVED,
        alert_id=alert_id,
        key=place.key,
        rule=rule,
        severity=rule.levels[0].severity,
        state=ConditionState.NORMAL,
        value=value,
        worst_value=value,
        limit=limit,
        epoch=moment.epoch,
        window_index=moment.window_index,
        time_us=moment.time_us,
        alert_kind=place.problem.alert_kind,
    )
