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


@dataclass(frozen=True, kw_only=True)
class Selector:
    """Conditions that a channel must satisfy, each of them; an empty one is satisfied by all."""

    sensor_ids: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()

    def selects_sensor(self, sensor_id: str, tags: frozenset[str]) -> bool:
        """Tell whether channels of this sensor are watched."""
        if self.sensor_ids and sensor_id not in self.sensor_ids:
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

    def watches(self, sensor_id: str, tags: frozenset[str], channel: str) -> bool:
        """Tell whether this channel is evaluated under the rule."""
        return (
            not self.disabled
            and self.selector.selects_sensor(sensor_id, tags)
            and self.selector.selects_channel(channel)
        )
