"""What the service needs from the world, as protocols; adapters and fakes fulfil them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kurto_alerts.alert_state import Alert, AlertKind, ConditionChange, Key, Transition, Withdrawal
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.rules import Rule, Severity
from kurto_alerts.sequences import HistoryPage


@dataclass(frozen=True)
class ActivePosition:
    """Place in the list of open alerts: most severe first, then newest."""

    severity: int
    raise_time: datetime
    alert_id: str


@dataclass(frozen=True)
class HistoryPosition:
    """Place in the list of all alerts: newest first."""

    raise_time: datetime
    alert_id: str


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts a list shows.

    Attributes
    ----------
    sensor_id : str
        Empty for all sensors.
    start_time, end_time : datetime or None
        Alerts raised at or after `start_time` and before `end_time`.
    kinds : frozenset of AlertKind
        Empty for all kinds.
    acknowledged, set_aside : bool or None
        Only those that are, or are not; None for both.
    labels : mapping of str to str
        All of which an alert must have.
    """

    sensor_id: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    machine_id: str = ""
    rule_id: str = ""
    minimum_severity: Severity = Severity.NONE
    kinds: frozenset[AlertKind] = frozenset()
    acknowledged: bool | None = None
    set_aside: bool | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


class RuleStore(Protocol):
    """Keeps rules, their versions and who changed them."""

    async def create_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Store a new rule; RuleExists if its id is taken."""

    async def get_rule(self, rule_id: str) -> Rule:
        """Return a rule; RuleNotFound if there is none."""

    async def list_rules(self, *, after_rule_id: str, limit: int) -> list[Rule]:
        """Return up to `limit` rules with a higher id, by id."""

    async def update_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Replace a rule; a disabled one has its open alerts withdrawn.

        RuleNotFound if there is none; RuleVersionMismatch if `rule.version` is neither 0 nor the
        current one.
        """

    async def delete_rule(self, rule_id: str, *, principal: str, now: datetime) -> None:
        """Delete a rule, if it exists, and withdraw its open alerts."""


class AlertStore(Protocol):
    """Shows alerts."""

    async def list_active(
        self, chosen: AlertFilter, *, after: ActivePosition | None, limit: int
    ) -> tuple[list[Alert], int]:
        """Return open alerts and the number of the newest transition that they include."""

    async def list_history(
        self, chosen: AlertFilter, *, after: HistoryPosition | None, limit: int
    ) -> list[Alert]:
        """Return alerts, open and ended, the newest first."""

    async def get_alert(self, alert_id: str) -> tuple[Alert, list[Transition]]:
        """Return an alert and its transitions, oldest first; AlertNotFound if there is none."""

    async def list_transitions(
        self, *, after_number: int, limit: int
    ) -> tuple[list[Transition], int]:
        """Return transitions by number and the number of the newest that exists."""

    async def count_open(self) -> Mapping[Severity, int]:
        """Return the number of open alerts of each severity."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What evaluation must know of an open alert; `alert_id` is that of its instance.

    The condition of a latched one is normal. `sensor_id` names the sensor that raised it.
    """

    alert_id: str
    severity: int
    recovering: bool
    worst_value: float
    unit: str
    latched: bool = False
    suppression: str = ""
    sensor_id: str = ""


@dataclass(frozen=True)
class EvaluationState:
    """Everything that evaluation begins with, as of one moment.

    `open_alerts` are those of vibration, `open_problems` the ids of all others.
    """

    rules_revision: int
    rules: Sequence[Rule]
    profiles: Mapping[str, SensorProfile]
    checkpoints: Sequence[SensorCheckpoint]
    open_alerts: Mapping[Key, OpenAlert]
    message_ids: Mapping[str, str]
    open_problems: Mapping[Key, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EvaluationBatch:
    """What is to be stored together.

    Attributes
    ----------
    rules_revision : int
        The rules under which `changes` were decided.
    checkpoints : sequence of SensorCheckpoint
        At least those of the sensors in `changes`.
    message_ids : mapping of str to str
        By live stream: every frame up to this message is contained in stored checkpoints.
    worst_values : mapping of str to float
        By alert id; they change without a transition.
    keep_requests : sequence of KeepRequest
        For the alerts that `changes` raise; those of alerts raised before are passed over.
    """

    rules_revision: int
    changes: Sequence[ConditionChange] = ()
    withdrawals: Sequence[Withdrawal] = ()
    checkpoints: Sequence[SensorCheckpoint] = ()
    message_ids: Mapping[str, str] = field(default_factory=dict)
    worst_values: Mapping[str, float] = field(default_factory=dict)
    keep_requests: Sequence[KeepRequest] = ()


class EvaluationStore(Protocol):
    """Stores what evaluation decides, for one evaluator at a time."""

    async def load(self) -> EvaluationState:
        """Return where to begin."""

    async def commit(self, batch: EvaluationBatch, *, now: datetime) -> list[Transition]:
        """Store a batch in one transaction and return its transitions.

        StaleRulesError if the rules have changed since `batch.rules_revision`, unless the batch
        holds nothing but positions.
        """

    async def rules_revision(self) -> int:
        """Return the number of changes of rules so far."""


class EvaluationLock(Protocol):
    """Hands out the right to evaluate."""

    async def acquire(self) -> EvaluationStore | None:
        """Return the store if no other process evaluates, else None."""

    async def release(self) -> None:
        """Give the right back, if it is held."""


class PublicationStore(Protocol):
    """Knows which transitions were published."""

    async def publish_next(
        self, send: Callable[[Sequence[Transition]], Awaitable[None]], *, limit: int
    ) -> int:
        """Send the next unpublished transitions and remember that; return how many.

        Only one caller sends at a time; what was sent but not remembered is sent again.
        """


class KeepRequestStore(Protocol):
    """Knows what ingest is still to be asked for."""

    async def take_due(
        self, *, now: datetime, limit: int, first_pause_s: float, longest_pause_s: float
    ) -> list[KeepRequest]:
        """Return requests that are due, and put their next attempt off, longer each time."""

    async def finish(self, request: KeepRequest) -> None:
        """Forget a request."""

    async def drop_older(self, create_time: datetime) -> list[KeepRequest]:
        """Forget requests made before a time, and return them."""


class SampleKeeper(Protocol):
    """Keeps samples beyond their retention."""

    async def keep(self, request: KeepRequest) -> None:
        """Have samples kept; the same request may come again.

        KeepRefused if it makes no sense to ask again.
        """


class ProfileStore(Protocol):
    """Keeps what the registry said about sensors."""

    async def load_profiles(self) -> tuple[dict[str, SensorProfile], str]:
        """Return the profiles and the registry's cursor; empty at first."""

    async def save_profiles(self, profiles: Sequence[SensorProfile], cursor: str) -> None:
        """Store changed profiles together with the cursor behind them."""


@dataclass(frozen=True)
class LiveMessage:
    """One message of a live stream: its id and its frames."""

    stream: str
    message_id: str
    frames: Sequence[Frame]


class LiveFeatures(Protocol):
    """Reads the live streams of features."""

    async def read(self, after: Mapping[str, str]) -> Sequence[LiveMessage]:
        """Wait a bounded time for messages behind the given ids, by stream, and return them."""

    async def newest(self, stream: str) -> str:
        """Return the id of a stream's newest message, "0-0" if it holds none."""


class FeatureHistory(Protocol):
    """Reads committed features from their owner."""

    async def page(
        self, sensor_id: str, *, epoch: int, after_window_index: int, features: Sequence[str]
    ) -> HistoryPage:
        """Return the committed frames of an epoch above a window."""

    async def newest(self, sensor_id: str) -> tuple[int, int] | None:
        """Return epoch and window index of a sensor's newest frame, None before the first."""


class FeatureCatalogue(Protocol):
    """Knows which features exist."""

    async def units(self, *, needed: str = "") -> Mapping[str, str]:
        """Return the unit of every feature by name; asks anew if `needed` is not among them.

        CatalogueUnavailable if the owner cannot be asked and never was.
        """


class TransitionStream(Protocol):
    """The live stream of transitions."""

    async def publish(self, transitions: Sequence[Transition]) -> None:
        """Append transitions."""
