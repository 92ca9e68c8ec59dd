"""What the stores in memory share."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kurto_alerts.alert_state import (
    Alert,
    AlertKind,
    ConditionChange,
    Key,
    Shelving,
    Transition,
    Withdrawal,
)
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.rule_changes import RuleVersion
from kurto_alerts.rules import Rule
from kurto_alerts.transition_log import Circumstances, Place, apply_changes


@dataclass
class KeepAttempts:
    """How a request to keep samples has fared."""

    create_time: datetime
    next_attempt_time: datetime
    count: int = 0


@dataclass
class MemoryDatabase:
    """What the stores in memory share."""

    rules: dict[str, Rule] = field(default_factory=dict)
    rule_versions: dict[str, int] = field(default_factory=dict)
    rules_revision: int = 0
    rule_changes: list[RuleVersion] = field(default_factory=list)
    alerts: dict[str, Alert] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    shelves: dict[Key, Shelving] = field(default_factory=dict)
    out_of_service: dict[Place, str] = field(default_factory=dict)
    published: int = 0
    checkpoints: dict[str, SensorCheckpoint] = field(default_factory=dict)
    message_ids: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, SensorProfile] = field(default_factory=dict)
    registry_cursor: str = ""
    evaluator: object | None = None
    keep_requests: dict[KeepRequest, KeepAttempts] = field(default_factory=dict)

    def decide(
        self, changes: Iterable[ConditionChange | Withdrawal], now: datetime, principal: str = ""
    ) -> list[Transition]:
        """Apply changes and number their transitions."""
        last_number = len(self.transitions)
        open_machines = Counter(
            alert.machine_id for alert in self.open_alerts() if alert.kind is AlertKind.VIBRATION
        )
        circumstances = Circumstances(self.shelves, self.out_of_service, open_machines)
        made = apply_changes(
            self.alerts, changes, last_number=last_number, now=now, circumstances=circumstances
        )
        signed = [replace(transition, principal=principal) for transition in made]
        self.append(signed)
        return signed

    def append(self, transitions: Sequence[Transition]) -> None:
        """Store transitions and the alerts after them."""
        self.transitions += transitions
        for transition in transitions:
            alert = transition.alert
            self.alerts[alert.alert_id] = alert
            if not alert.is_open and alert.shelving is not None and alert.shelving.one_shot:
                self.shelves.pop(alert.key, None)

    def open_alerts(self) -> list[Alert]:
        """Return the open alerts."""
        return [alert for alert in self.alerts.values() if alert.is_open]
