"""Which conditions are ACTIVE or RECOVERING, and what a change of one means for its alert.

The alert of a channel or a sensor has one condition. That of a machine has one a sensor: it is as
bad as the worst of them, recovers when all of them do, and ends when the last one ends. What one
sensor decides follows from its windows alone; which of two sensors raises or ends the alert of
their machine follows from the order of their changes in sample time.
"""

from collections.abc import Iterator
from typing import NamedTuple

from kurto_alerts.alert_state import Key, TransitionKind, alert_id_of


class Standing(NamedTuple):
    """Severity, whether it is recovering, and why it is suppressed; the first is 0 if NORMAL."""

    severity: int = 0
    recovering: bool = False
    suppression: str = ""


NORMAL = Standing()


class OpenConditions:
    """The conditions that are not NORMAL, by key and sensor."""

    def __init__(self) -> None:
        self._members: dict[Key, dict[str, Standing]] = {}
        self._alert_ids: dict[Key, str] = {}

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._alert_ids))

    def __contains__(self, key: Key) -> bool:
        return key in self._alert_ids

    def alert_id(self, key: Key) -> str:
        """Return the open alert of a key, empty if there is none."""
        return self._alert_ids.get(key, "")

    def standing(self, key: Key, sensor_id: str) -> Standing:
        """Return how the condition of one sensor stands."""
        return self._members.get(key, {}).get(sensor_id, NORMAL)

    def sensors(self, key: Key) -> list[str]:
        """Return the sensors whose conditions keep the alert of a key open."""
        return list(self._members.get(key, ()))

    def has_members(self, key: Key) -> bool:
        """Tell whether any sensor's condition keeps the alert of a key open."""
        return bool(self._members.get(key))

    def restore(self, key: Key, alert_id: str, sensor_id: str, standing: Standing) -> None:
        """Put back what was saved."""
        self._alert_ids[key] = alert_id
        self._members.setdefault(key, {})[sensor_id] = standing

    def forget(self, key: Key) -> str:
        """Forget an alert and return its id."""
        self._members.pop(key, None)
        return self._alert_ids.pop(key)

    def drop(self, key: Key, sensor_id: str) -> None:
        """Forget the condition of a sensor that the key no longer concerns."""
        self._members.get(key, {}).pop(sensor_id, None)

    def take(
        self, key: Key, sensor_id: str, after: Standing, *, epoch: int, window_index: int
    ) -> list[tuple[TransitionKind, str, Standing]]:
        """Take a change of one sensor's condition.

        Returns
        -------
        list of tuple
            Kind, alert id and standing of the alert after each transition that it makes; of one
            that resolves the severity is the last one.
        """
        before = self._whole(key)
        members = self._members.setdefault(key, {})
        if after.severity:
            members[sensor_id] = after
        else:
            members.pop(sensor_id, None)
        whole = self._whole(key)
        if not before.severity and whole.severity:
            # Windows are counted by sensor, so the name of an instance must hold its sensor.
            name = key if not key.machine_id else Key(sensor_id, key.channel, key.rule_id)
            self._alert_ids[key] = alert_id_of(name, epoch=epoch, window_index=window_index)
        alert_id = self._alert_ids.get(key, "")
        made = [(kind, alert_id, whole) for kind in _kinds(before, whole)]
        if before.severity and not whole.severity:
            self.forget(key)
            made = [(TransitionKind.RESOLVED, alert_id, Standing(before.severity))]
        return made

    def _whole(self, key: Key) -> Standing:
        """Return the standing of a key's alert."""
        members = self._members.get(key)
        if not members:
            return NORMAL
        reasons = [one.suppression for one in members.values()]
        return Standing(
            max(one.severity for one in members.values()),
            all(one.recovering for one in members.values()),
            reasons[0] if all(reasons) else "",
        )


def _kinds(before: Standing, after: Standing) -> list[TransitionKind]:
    """Return the names of the changes from one standing to another that is not NORMAL."""
    kinds = []
    if after.severity > before.severity:
        kinds.append(TransitionKind.ESCALATED if before.severity else TransitionKind.RAISED)
    elif after.severity < before.severity:
        kinds.append(TransitionKind.DEESCALATED)
    elif after.recovering != before.recovering:
        kinds.append(TransitionKind.RECOVERING if after.recovering else TransitionKind.RELAPSED)
    if bool(after.suppression) != bool(before.suppression):
        suppressed = bool(after.suppression)
        kinds.append(TransitionKind.SUPPRESSED if suppressed else TransitionKind.UNSUPPRESSED)
    return kinds
