"""Who is told of alarms, and how often."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kurto_alerts.alert_state import AlertKind
from kurto_alerts.delivery.addresses import origin_of
from kurto_alerts.rules import NEVER, Priority, Severity

DEFAULT_GROUP_WAIT = timedelta(seconds=30)
DEFAULT_GROUP_INTERVAL = timedelta(minutes=5)
DEFAULT_REPEAT = timedelta(hours=4)
DEFAULT_FLOOD_MACHINES = 20
DEFAULT_FLOOD = timedelta(minutes=1)


class MailSecurity(enum.IntEnum):
    """How a mail server is talked to."""

    STARTTLS = 1
    TLS = 2
    PLAIN = 3


DEFAULT_PORTS = {MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465, MailSecurity.PLAIN: 25}


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts JSON to an address."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Sends e-mail through a server."""

    host: str
    port: int
    security: MailSecurity
    user_name: str
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What is written and never shown; empty where there is none."""

    signing_secret: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class SecretChanges:
    """What a request says of secrets; None leaves one as it is."""

    signing_secret: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def any(self) -> bool:
        """True when something is set or removed."""
        return not (self.signing_secret is self.authorization is self.password is None)

    def applied_to(self, before: Secrets) -> Secrets:
        """Return the secrets after the change."""

        def chosen(new: str | None, old: str) -> str:
            return old if new is None else new

        return Secrets(
            signing_secret=chosen(self.signing_secret, before.signing_secret),
            authorization=chosen(self.authorization, before.authorization),
            password=chosen(self.password, before.password),
        )


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Somebody, or something, that is told of alarms."""

    receiver_id: str
    channel: Webhook | Mail
    display_name: str = ""
    disabled: bool = False
    version: int = 0
    create_time: datetime = NEVER
    update_time: datetime = NEVER
    update_principal: str = ""


def surviving_secrets(before: Receiver, known: Secrets, after: Receiver) -> Secrets:
    """Return the secrets that a changed receiver keeps: none is ever sent to another host."""
    old, new = before.channel, after.channel
    if isinstance(old, Webhook) and isinstance(new, Webhook):
        same = origin_of(old.url) == origin_of(new.url)
        return known if same else Secrets(signing_secret=known.signing_secret)
    if isinstance(old, Mail) and isinstance(new, Mail):
        place = (old.host, old.port, old.security, old.user_name)
        return known if place == (new.host, new.port, new.security, new.user_name) else Secrets()
    return Secrets()


@dataclass(frozen=True, kw_only=True)
class Matcher:
    """Conditions on an alarm, each of which must hold; an empty one always does."""

    minimum_severity: Severity = Severity.NONE
    priorities: frozenset[Priority] = frozenset()
    kinds: frozenset[AlertKind] = frozenset()
    machine_ids: frozenset[str] = frozenset()
    site_ids: frozenset[str] = frozenset()
    sensor_ids: frozenset[str] = frozenset()
    rule_ids: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EscalationStep:
    """Who is told besides when nobody has acknowledged for a time."""

    unacknowledged: timedelta
    receiver_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who is told of which alarms."""

    route_id: str
    matcher: Matcher = Matcher()
    receiver_ids: tuple[str, ...] = ()
    escalation_steps: tuple[EscalationStep, ...] = ()
    group_wait: timedelta = DEFAULT_GROUP_WAIT


@dataclass(frozen=True, kw_only=True)
class Inhibition:
    """Open alarms that match `source` keep less severe ones that match `target` from being told."""

    source: Matcher = Matcher(minimum_severity=Severity.CRITICAL)
    target: Matcher = Matcher()
    equal: tuple[str, ...] = ("machine",)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All routes and inhibitions, and how often is told."""

    routes: tuple[Route, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    group_interval: timedelta = DEFAULT_GROUP_INTERVAL
    repeat: timedelta = DEFAULT_REPEAT
    flood_machines: int = DEFAULT_FLOOD_MACHINES
    flood: timedelta = DEFAULT_FLOOD
    version: int = 0
    update_time: datetime = NEVER
    update_principal: str = ""

    def route_naming(self, receiver_id: str) -> str | None:
        """Return the id of a route that names a receiver, None if there is none."""
        for route in self.routes:
            named = {*route.receiver_ids}
            named.update(*(step.receiver_ids for step in route.escalation_steps))
            if receiver_id in named:
                return route.route_id
        return None
