"""What people do about alerts, as values."""

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kurto_alerts.alert_state import Alert, Finding, Key, Shelving, Transition
from kurto_alerts.exceptions import KurtoError
from kurto_alerts.transition_log import Place

LONGEST_SHELF = timedelta(hours=8)


class ActionKind(enum.IntEnum):
    """What a person did."""

    ACKNOWLEDGE = 1
    UNACKNOWLEDGE = 2
    COMMENT = 3
    SHELVE = 4
    UNSHELVE = 5
    RESET = 6
    SET_OUT_OF_SERVICE = 7
    RETURN_TO_SERVICE = 8
    MARK_FINDING = 9


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: the proved principal, and the name that was claimed."""

    principal: str
    user: str = ""


@dataclass(frozen=True, kw_only=True)
class Action:
    """What somebody wants done.

    Attributes
    ----------
    text : str
        A comment, or why.
    revision : int
        Revision of the alert that the person saw; 0 for whichever it is.
    expire_time : datetime or None
        Until when to shelve.
    one_shot : bool
        Whether the shelf ends with the alert.
    """

    kind: ActionKind
    actor: Actor
    time: datetime
    text: str = ""
    revision: int = 0
    expire_time: datetime | None = None
    one_shot: bool = False
    finding: Finding = Finding.UNKNOWN

    def shelving(self) -> Shelving:
        """Return the shelving that this action begins."""
        assert self.expire_time is not None
        return Shelving(
            expire_time=self.expire_time,
            one_shot=self.one_shot,
            reason=self.text,
            principal=self.actor.principal,
            user=self.actor.user,
            shelve_time=self.time,
        )


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A key on the shelf, with or without an open alert."""

    key: Key
    shelving: Shelving


@dataclass(frozen=True, kw_only=True)
class OutOfService:
    """A machine, a sensor or a channel that somebody took out of service."""

    target: Place
    reason: str
    principal: str
    user: str
    begin_time: datetime


@dataclass(frozen=True, kw_only=True)
class ActionRecord:
    """What one person did once; `number` is 0 until it is stored."""

    number: int = 0
    kind: ActionKind
    time: datetime
    principal: str
    user: str
    reason: str
    alert_id: str = ""
    transition_number: int = 0
    key: Key | None = None
    expire_time: datetime | None = None
    one_shot: bool = False
    target: Place | None = None
    finding: Finding = Finding.UNKNOWN


@dataclass(frozen=True)
class ActionFilter:
    """Which actions a list shows: at or after `start_time`, before `end_time`; empty for all."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    principal: str = ""
    alert_id: str = ""
    kinds: frozenset[ActionKind] = frozenset()


@dataclass(frozen=True)
class Decision:
    """What a store writes, in one transaction, and what it answers for each alert in order."""

    transitions: list[Transition] = field(default_factory=list)
    records: list[ActionRecord] = field(default_factory=list)
    outcomes: list[Alert | KurtoError] = field(default_factory=list)


def record_of(action: Action, **parts: Any) -> ActionRecord:
    """Return the record of an action."""
    shelves = action.kind is ActionKind.SHELVE
    values: dict[str, Any] = {
        "kind": action.kind,
        "time": action.time,
        "principal": action.actor.principal,
        "user": action.actor.user,
        "reason": action.text,
        "expire_time": action.expire_time if shelves else None,
        "one_shot": shelves and action.one_shot,
        "finding": action.finding,
    }
    return ActionRecord(**{**values, **parts})
