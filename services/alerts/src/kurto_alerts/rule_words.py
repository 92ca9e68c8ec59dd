"""Checks the words in a rule: id, texts, labels, and which channels it selects."""

import re
from collections.abc import Iterable, Mapping

from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.rule_drafts import RuleDraft
from kurto_alerts.rules import Selector

ID_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
WORD_LENGTH = 128
LABEL_VALUE_LENGTH = 1000
LABEL_COUNT = 64
SELECTOR_COUNT = 10_000


def check_id(name: str, value: str) -> None:
    """Refuse what cannot be an id."""
    if not ID_PATTERN.fullmatch(value):
        raise FieldInvalid(f"{name} must be 1-128 characters of A-Z a-z 0-9 . _ : -", field=name)


def check_text(name: str, value: str, *, least: int, most: int) -> None:
    """Refuse a text that is too short, too long or cannot be stored."""
    if not least <= len(value) <= most or "\0" in value:
        raise FieldInvalid(
            f"{name} must have {least}-{most} characters, none of them NUL", field=name
        )


def checked_selector(draft: RuleDraft) -> Selector:
    """Return which channels the rule watches."""
    for name, words in (
        ("rule.selector.sensor_ids", draft.sensor_ids),
        ("rule.selector.tags", draft.tags),
        ("rule.selector.channels", draft.channels),
        ("rule.selector.machine_ids", draft.machine_ids),
    ):
        if len(words) > SELECTOR_COUNT:
            raise FieldInvalid(f"{name} must hold at most {SELECTOR_COUNT} words", field=name)
        _check_words(name, words)
    return Selector(
        sensor_ids=frozenset(draft.sensor_ids),
        tags=frozenset(draft.tags),
        channels=frozenset(draft.channels),
        machine_ids=frozenset(draft.machine_ids),
    )


def _check_words(name: str, words: Iterable[str]) -> None:
    for at, word in enumerate(words):
        check_text(f"{name}[{at}]", word, least=1, most=WORD_LENGTH)


def checked_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels."""
    if len(labels) > LABEL_COUNT:
        raise FieldInvalid(f"rule.labels must hold at most {LABEL_COUNT}", field="rule.labels")
    for key, value in labels.items():
        check_text("rule.labels", key, least=1, most=WORD_LENGTH)
        check_text(f"rule.labels[{key}]", value, least=0, most=LABEL_VALUE_LENGTH)
    return dict(labels)
