"""Alerts and their transitions: what a change of condition or a person makes of them."""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kurto_alerts.rules import NEVER, Measure, Priority, Rule, Scope, Severity

ALERT_NAMESPACE = uuid.UUID("6f1c6f0e-58a5-5b57-9a63-6b7572746f00")


class ConditionState(enum.IntEnum):
    """State of the condition that an alert watches."""

    NORMAL = 1
    PENDING = 2
    ACTIVE = 3
    RECOVERING = 4


class TransitionKind(enum.IntEnum):
    """What happened in a transition."""

    RAISED = 1
    ESCALATED = 2
    DEESCALATED = 3
    RECOVERING = 4
    RELAPSED = 5
    RESOLVED = 6
    ACKNOWLEDGED = 7
    WITHDRAWN = 8
    UNACKNOWLEDGED = 9
    COMMENTED = 10
    SHELVED = 11
    UNSHELVED = 12
    SHELF_EXPIRED = 13
    LATCHED = 14
    RESET = 15
    SUPPRESSED = 16
    UNSUPPRESSED = 17
    TAKEN_OUT_OF_SERVICE = 18
    RETURNED_TO_SERVICE = 19
    REALARMED = 20
    FINDING_MARKED = 21
    DATA_BAD = 22
    DATA_GOOD = 23


class AlertKind(enum.IntEnum):
    """What an alert is about."""

    VIBRATION = 1
    DATA_QUALITY = 2
    SYSTEM = 3


class Finding(enum.IntEnum):
    """Whether an alert told the truth, as people found out."""

    UNKNOWN = 0
    TRUE = 1
    FALSE = 2


@dataclass(frozen=True, slots=True)
class Key:
    """What can have at most one open alert: what it has depends on the scope of the rule.

    A channel is named by its sensor and itself, a sensor has an empty `channel`, and a machine
    stands in `sensor_id` with a "/" before it, which no id holds.
    """

    sensor_id: str
    channel: str
    rule_id: str

    @property
    def machine_id(self) -> str:
        """The machine that the key names; empty for a channel or a sensor."""
        return self.sensor_id[1:] if self.sensor_id.startswith("/") else ""


def key_of(scope: Scope, *, rule_id: str, sensor_id: str, channel: str, machine_id: str) -> Key:
    """Return the key of a channel under a rule of this scope.

    A sensor without a machine stands for itself.
    """
    if scope is Scope.CHANNEL:
        return Key(sensor_id, channel, rule_id)
    if scope is Scope.MACHINE and machine_id:
        return Key(f"/{machine_id}", "", rule_id)
    return Key(sensor_id, "", rule_id)


@dataclass(frozen=True, kw_only=True)
class Acknowledgment:
    """Who acknowledged an alert: the proved principal, and the name that was claimed.

    `transition_number` is the number of the transition that it made.
    """

    transition_number: int
    principal: str
    user: str
    comment: str
    time: datetime


@dataclass(frozen=True, kw_only=True)
class Shelving:
    """Somebody put an alert aside until `expire_time`; a one-shot shelf ends with the alert."""

    expire_time: datetime
    one_shot: bool
    reason: str
    principal: str
    user: str
    shelve_time: datetime


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One problem of one channel, sensor or machine under one rule; values are in `unit`.

    `sensor_id` and `channel` name what decided when it was raised, also where the alert is one of
    a sensor or a machine. `key` tells what it stands for.
    `instance_id` names the run of the condition at present: the alert's own id (which an empty one
    stands for), until a latched alert is raised anew. `suppression` and `out_of_service` say why,
    and are empty when it is not.
    """

    alert_id: str
    sensor_id: str
    channel: str
    rule_id: str
    rule_version: int
    rule_display_name: str
    feature: str
    unit: str
    severity: Severity
    state: ConditionState
    value: float
    worst_value: float
    limit: float
    epoch: int
    window_index: int
    raise_time: datetime
    update_time: datetime
    resolve_time: datetime | None = None
    acknowledged: bool = False
    acknowledgment: Acknowledgment | None = None
    revision: int = 1
    instance_id: str = ""
    kind: AlertKind = AlertKind.VIBRATION
    measure: Measure = Measure.VALUE
    machine_id: str = ""
    priority: Priority = Priority.LOW
    labels: Mapping[str, str] = field(default_factory=dict)
    guidance: str = ""
    worst_severity: Severity = Severity.NONE
    latched: bool = False
    shelving: Shelving | None = None
    suppression: str = ""
    out_of_service: str = ""
    first_out: bool = False
    realarm_count: int = 0
    finding: Finding = Finding.UNKNOWN
    comment_count: int = 0
    provisional: bool = False
    data_bad: bool = False
    scope: Scope = Scope.CHANNEL

    @property
    def key(self) -> Key:
        """What has at most one open alert, this one."""
        return key_of(
            self.scope,
            rule_id=self.rule_id,
            sensor_id=self.sensor_id,
            channel=self.channel,
            machine_id=self.machine_id,
        )

    @property
    def instance(self) -> str:
        """The run of the condition at present."""
        return self.instance_id or self.alert_id

    @property
    def is_set_aside(self) -> bool:
        """True while operators do not want to see it among the active ones."""
        return bool(self.shelving or self.suppression or self.out_of_service)

    @property
    def is_open(self) -> bool:
        """True until the alert is resolved or withdrawn."""
        return self.resolve_time is None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One change of one alert: the alert after it, and its dense number over all alerts."""

    number: int
    kind: TransitionKind
    alert: Alert
    time: datetime
    window_index: int | None = None
    principal: str = ""
    user: str = ""
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionChange:
    """What the engine decided at one window; values are in the rule's unit.

    `severity` is the one after the change, or the last one when it resolves. `time_us` is the end
    of the window in microseconds since 1970-01-01T00:00:00Z. `sensor_id` and `channel` name what
    decided; empty stands for those of the key.
    """

    kind: TransitionKind
    alert_id: str
    key: Key
    rule: Rule
    severity: Severity
    state: ConditionState
    value: float
    worst_value: float
    limit: float
    epoch: int
    window_index: int
    time_us: int
    alert_kind: AlertKind = AlertKind.VIBRATION
    machine_id: str = ""
    suppression: str = ""
    sensor_id: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The rule of an open alert no longer watches its channel; `alert_id` may name its instance."""

    alert_id: str


def alert_id_of(key: Key, *, epoch: int, window_index: int) -> str:
    """Return the id of the alert that this window raises: the same however often it is decided."""
    # Ids hold no "/", so the name is unambiguous.
    name = f"{key.sensor_id}/{key.channel}/{key.rule_id}/{epoch}/{window_index}"
    return str(uuid.uuid5(ALERT_NAMESPACE, name))


def sample_time(time_us: int) -> datetime:
    """Return microseconds since 1970-01-01T00:00:00Z as a UTC time."""
    return NEVER + timedelta(microseconds=time_us)
