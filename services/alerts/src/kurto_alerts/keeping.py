"""Which samples are kept as evidence of an alarm."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kurto_alerts.alert_state import AlertKind, ConditionChange, TransitionKind, sample_time
from kurto_alerts.frames import SensorProfile

# What the deciding window was computed from; ingest adds as much before and after as the sensor's
# policy says.
DECIDING_WINDOW = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class KeepRequest:
    """Asks ingest to keep the samples of one sensor around the moment of an alarm.

    Attributes
    ----------
    alert_id : str
        The alert that they are evidence of.
    sensor_id : str
        The sensor, of the same machine as the alert's.
    start_time, end_time : datetime
        The moment, half open: the same however often it is decided.
    """

    alert_id: str
    sensor_id: str
    start_time: datetime
    end_time: datetime

    @property
    def keep_id(self) -> str:
        """Names the range at ingest, which takes the same request any number of times."""
        return f"alarm:{self.alert_id}"


def keep_requests(
    changes: Iterable[ConditionChange], profiles: Mapping[str, SensorProfile]
) -> list[KeepRequest]:
    """Return what is to be kept for the alerts of vibration that `changes` raise.

    Every sensor of the alert's machine whose policy keeps samples around alarms has a request of
    its own; a sensor without a machine stands for itself.
    """
    raised = [
        change
        for change in changes
        if change.kind is TransitionKind.RAISED and change.alert_kind is AlertKind.VIBRATION
    ]
    if not raised:
        return []
    by_machine: defaultdict[str, list[str]] = defaultdict(list)
    for profile in profiles.values():
        if profile.keeps_around_alarms and not profile.archived:
            by_machine[_machine(profile)].append(profile.sensor_id)
    requests = []
    for change in raised:
        raising = profiles.get(change.key.sensor_id)
        end_time = sample_time(change.time_us)
        requests += [
            KeepRequest(change.alert_id, sensor_id, end_time - DECIDING_WINDOW, end_time)
            for sensor_id in (by_machine.get(_machine(raising), ()) if raising else ())
        ]
    return requests


def _machine(profile: SensorProfile) -> str:
    # Ids hold no "/": a sensor without a machine is never mistaken for a machine.
    return profile.machine_id or f"/{profile.sensor_id}"
