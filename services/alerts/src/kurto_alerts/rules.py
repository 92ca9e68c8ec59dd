"""Rules: which feature of which channels is an alarm, and how bad."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

SEVERITY_COUNT = 3
DEFAULT_DEADBAND_RATIO = 0.1
DEFAULT_RECOVERY = timedelta(seconds=30)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Severity(enum.IntEnum):
    """How bad; NONE is the severity of a normal condition."""

    NONE = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Measure(enum.IntEnum):
    """What of a feature is compared with the limits."""

    VALUE = 1
    RATE_PER_MINUTE = 2
    BASELINE_RATIO = 3
    BASELINE_Z_SCORE = 4
    ACCELERATION_GROWTH = 5
    ISO_ZONE = 6
    FAULT_SCORE = 7


class Scope(enum.IntEnum):
    """What has one alert of its own under a rule."""

    CHANNEL = 1
    SENSOR = 2
    MACHINE = 3


class Priority(enum.IntEnum):
    """How soon an operator must act; BY_SEVERITY is an answer of rules only."""

    BY_SEVERITY = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class OperatingCondition(enum.IntEnum):
    """What a machine is doing, told from its vibration, apart from running."""

    STOPPED = 1
    START_UP = 2
    COAST_DOWN = 3


PRIORITY_OF = {
    Severity.INFO: Priority.LOW,
    Severity.WARNING: Priority.MEDIUM,
    Severity.CRITICAL: Priority.HIGH,
}

DEFAULT_PENDING = {
    Severity.INFO: timedelta(seconds=5),
    Severity.WARNING: timedelta(seconds=5),
    Severity.CRITICAL: timedelta(seconds=3),
}


class Operator(enum.IntEnum):
    """How a value is compared with the limits of a level."""

    ABOVE = 1
    BELOW = 2
    INSIDE = 3
    OUTSIDE = 4


@dataclass(frozen=True, kw_only=True)
class Level:
    """A limit, or a span between two limits, with its severity.

    `lower` and `upper` are in the rule's unit. ABOVE uses `upper` only, BELOW `lower` only;
    INSIDE and OUTSIDE use both.
    """

    severity: Severity
    lower: float | None = None
    upper: float | None = None
    pending: timedelta
    latch: bool = False


@dataclass(frozen=True, kw_only=True)
class StartUp:
    """How a rule behaves while a machine starts: limits times `multiplier`, and for `hold` after.

    A multiplier of 0 suppresses the rule.
    """

    multiplier: float = 1.0
    hold: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class SpeedRange:
    """Shaft speeds in Hz at which a rule is evaluated; None where there is no bound."""

    low_hz: float | None = None
    high_hz: float | None = None


@dataclass(frozen=True, kw_only=True)
class Selector:
    """Conditions that a channel must satisfy, each of them; an empty one is satisfied by all."""

    sensor_ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    machine_ids: frozenset[str] = frozenset()

    def selects_sensor(self, sensor_id: str, tags: frozenset[str], machine_id: str = "") -> bool:
        """Tell whether channels of this sensor are watched."""
        if self.sensor_ids and sensor_id not in self.sensor_ids:
            return False
        if self.machine_ids and machine_id not in self.machine_ids:
            return False
        return not self.tags or bool(self.tags & tags)

    def selects_channel(self, channel: str) -> bool:
        """Tell whether channels of this name are watched."""
        return not self.channels or channel in self.channels


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule as validated: levels ascend in severity, every default is filled in."""

    rule_id: str
    display_name: str
    feature: str
    unit: str
    operator: Operator
    levels: tuple[Level, ...]
    selector: Selector = Selector()
    deadband_ratio: float = DEFAULT_DEADBAND_RATIO
    recovery: timedelta = DEFAULT_RECOVERY
    disabled: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    measure: Measure = Measure.VALUE
    scope: Scope = Scope.CHANNEL
    voting_count: int = 1
    priority: Priority = Priority.BY_SEVERITY
    start_up: StartUp = StartUp()
    speed_range: SpeedRange | None = None
    suppress_when: frozenset[OperatingCondition] = frozenset()
    guidance: str = ""
    day_one: bool = False
    version: int = 0
    create_time: datetime = NEVER
    update_time: datetime = NEVER
    update_principal: str = ""

    def stored(
        self, *, version: int, principal: str, now: datetime, create_time: datetime | None = None
    ) -> "Rule":
        """Return the rule as the store keeps it after a change by `principal`."""
        return replace(
            self,
            version=version,
            create_time=create_time or now,
            update_time=now,
            update_principal=principal,
        )

    def priority_at(self, severity: Severity) -> Priority:
        """Return how soon an operator must act on an alert of this severity."""
        return self.priority or PRIORITY_OF[severity]

    def latches(self, severity: Severity) -> bool:
        """Tell whether an alert that has reached `severity` waits to be reset."""
        return any(level.latch for level in self.levels if level.severity <= severity)

    def watches(
        self, sensor_id: str, tags: frozenset[str], channel: str, machine_id: str = ""
    ) -> bool:
        """Tell whether this channel is evaluated under the rule."""
        return (
            not self.disabled
            and self.selector.selects_sensor(sensor_id, tags, machine_id)
            and self.selector.selects_channel(channel)
        )
