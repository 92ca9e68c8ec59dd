"""Notifications, their states and their attempts."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kurto_alerts.rules import Severity


class Kind(enum.IntEnum):
    """What a notification tells."""

    CHANGES = 1
    REPEAT = 2
    FLOOD = 3
    TEST = 4


class State(enum.IntEnum):
    """What became of a notification."""

    PENDING = 1
    DELIVERED = 2
    GIVEN_UP = 3
    CANCELLED = 4


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to deliver; `end_time` is None while it is under way, or if its process died."""

    attempt_number: int
    start_time: datetime
    end_time: datetime | None = None
    delivered: bool = False
    status_code: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Notification:
    """Something that a receiver is told, the same words in each attempt."""

    notification_id: int
    idempotency_key: str
    receiver_id: str
    machine_id: str
    kind: Kind
    state: State
    severity: Severity
    must_deliver: bool
    summary: str
    content: dict[str, Any] = field(repr=False)
    transitions: tuple[dict[str, Any], ...] = ()
    attempt_count: int = 0
    create_time: datetime
    next_attempt_time: datetime | None = None
    finish_time: datetime | None = None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an attempt came to; `retry_after_s` is what the receiver asked for, 0 if nothing."""

    delivered: bool
    status_code: int = 0
    error: str = ""
    retry_after_s: float = 0.0
