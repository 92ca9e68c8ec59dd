"""Page tokens: opaque to the caller, a place in one list to us."""

import base64
import binascii
import json
from datetime import datetime

from kurto_alerts.alert_state import Key
from kurto_alerts.exceptions import FieldInvalid, PageTokenInvalid
from kurto_alerts.operators.ports import ShelfPosition
from kurto_alerts.ports import ActivePosition, HistoryPosition
from kurto_alerts.rule_changes import VersionPosition
from kurto_alerts.transition_log import Place

DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE_SIZE = 1000
LONGEST_TOKEN = 1000


def page_limit(page_size: int) -> int:
    """Return how many entries a page shall hold; 0 asks for the default."""
    if not 0 <= page_size <= LARGEST_PAGE_SIZE:
        raise FieldInvalid(
            f"page_size must be 0-{LARGEST_PAGE_SIZE}; 0 means {DEFAULT_PAGE_SIZE}",
            field="page_size",
        )
    return page_size or DEFAULT_PAGE_SIZE


def _token(*parts: str | int) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _parts(token: str, kind: str, types: tuple[type, ...]) -> list[str | int]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(token[: LONGEST_TOKEN + 1].encode()))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise PageTokenInvalid from error
    whole = isinstance(parts, list) and [type(part) for part in parts] == [str, *types]
    if not whole or parts[0] != kind or len(token) > LONGEST_TOKEN:
        raise PageTokenInvalid
    return list(parts[1:])


def _time(text: str | int) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise PageTokenInvalid from error
    if time.tzinfo is None:
        raise PageTokenInvalid
    return time


def encode_active(position: ActivePosition) -> str:
    """Return the token of a place in the list of open alerts."""
    time = position.raise_time.isoformat()
    return _token("active", position.severity, time, position.alert_id)


def decode_active(token: str) -> ActivePosition | None:
    """Return the place that a token stands for; None for the empty token."""
    if not token:
        return None
    severity, time, alert_id = _parts(token, "active", (int, str, str))
    return ActivePosition(max(min(int(severity), 99), 0), _time(time), _text(alert_id))


def encode_history(position: HistoryPosition) -> str:
    """Return the token of a place in the list of all alerts."""
    return _token("history", position.raise_time.isoformat(), position.alert_id)


def decode_history(token: str) -> HistoryPosition | None:
    """Return the place that a token stands for; None for the empty token."""
    if not token:
        return None
    time, alert_id = _parts(token, "history", (str, str))
    return HistoryPosition(_time(time), _text(alert_id))


def encode_rule(rule_id: str) -> str:
    """Return the token of a place in the list of rules."""
    return _token("rules", rule_id)


def decode_rule(token: str) -> str:
    """Return the rule id that a token stands for; empty for the empty token."""
    return _text(_parts(token, "rules", (str,))[0]) if token else ""


def encode_version(position: VersionPosition) -> str:
    """Return the token of a place in the list of changes of rules."""
    return _token("versions", position.time.isoformat(), position.rule_id, position.version)


def decode_version(token: str) -> VersionPosition | None:
    """Return the place that a token stands for; None for the empty token."""
    if not token:
        return None
    time, rule_id, version = _parts(token, "versions", (str, str, int))
    return VersionPosition(_time(time), _text(rule_id), max(min(int(version), 2**63 - 1), 0))


def encode_shelf(position: ShelfPosition) -> str:
    """Return the token of a place in the list of shelves."""
    key = position.key
    time = position.expire_time.isoformat()
    return _token("shelves", time, key.sensor_id, key.channel, key.rule_id)


def decode_shelf(token: str) -> ShelfPosition | None:
    """Return the place that a token stands for; None for the empty token."""
    if not token:
        return None
    time, *names = _parts(token, "shelves", (str, str, str, str))
    return ShelfPosition(_time(time), Key(*map(_text, names)))


def encode_service(place: Place) -> str:
    """Return the token of a place in the list of what is out of service."""
    return _token("service", place.machine_id, place.sensor_id, place.channel)


def decode_service(token: str) -> Place | None:
    """Return the place that a token stands for; None for the empty token."""
    if not token:
        return None
    return Place(*map(_text, _parts(token, "service", (str, str, str))))


def encode_action(number: int) -> str:
    """Return the token of a place in the list of actions."""
    return _token("actions", number)


def decode_action(token: str) -> int | None:
    """Return the number that a token stands for; None for the empty token."""
    if not token:
        return None
    return max(min(int(_parts(token, "actions", (int,))[0]), 2**63 - 1), 0)


def _text(part: str | int) -> str:
    text = str(part)
    if "\0" in text or not text.isascii():
        raise PageTokenInvalid
    return text
