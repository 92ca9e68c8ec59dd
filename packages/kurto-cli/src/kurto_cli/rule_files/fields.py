"""Single values of a YAML tree, each checked with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from kurto_cli.rule_files.exceptions import RuleFileError
from kurto_cli.rule_files.quantities import parse_duration, parse_quantity
from kurto_cli.rule_files.yaml_tree import Entries, Mapping, Node, Value

Parsed = TypeVar("Parsed")


def mapping(node: Node, what: str) -> Mapping:
    """Return a mapping."""
    if not isinstance(node, Mapping):
        raise RuleFileError(f"line {node.line}: {what} must be `key: value` lines")
    return node


def entries(node: Node, what: str) -> tuple[Node, ...]:
    """Return the entries of a list."""
    if not isinstance(node, Entries):
        raise RuleFileError(f"line {node.line}: {what} must be a list, each entry after a dash")
    return node.nodes


def text(node: Node, what: str) -> str:
    """Return a text."""
    if not isinstance(node, Value) or node.is_null:
        raise RuleFileError(f"line {node.line}: {what} must be a text")
    return node.text


def texts(node: Node, what: str) -> list[str]:
    """Return a list of texts."""
    return [text(one, what) for one in entries(node, what)]


def flag(node: Node, what: str) -> bool:
    """Return whether true or false is written."""
    word = text(node, what)
    if word not in ("true", "false"):
        raise RuleFileError(f"line {node.line}: {what} is {word!r}; write true or false")
    return word == "true"


def whole(node: Node, what: str) -> int:
    """Return a whole number that fits into 32 bits."""
    word = text(node, what)
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        raise RuleFileError(f"line {node.line}: {what} is {word!r}; write a whole number")
    return int(word)


def number(node: Node, what: str) -> float:
    """Return a number without a unit."""
    value, unit = _parsed(parse_quantity, node, what)
    if unit:
        raise RuleFileError(f"line {node.line}: {what} is a number without a unit, not {unit}")
    return value


def limit(node: Node, what: str, unit: str) -> float:
    """Return a limit; a unit beside it must be that of the rule."""
    value, written = _parsed(parse_quantity, node, what)
    if written and written != unit:
        raise RuleFileError(
            f"line {node.line}: {what} is in {written}, the rule in {unit or 'no unit'};"
            " write all limits of a rule in its unit"
        )
    return value


def duration_us(node: Node, what: str) -> int:
    """Return a duration in microseconds."""
    return _parsed(parse_duration, node, what)


def choice(node: Node, what: str, names: tuple[str, ...]) -> str:
    """Return one of some words."""
    word = text(node, what)
    if word not in names:
        raise RuleFileError(f"line {node.line}: {what} is {word!r}; write {', '.join(names)}")
    return word


def _parsed(parse: Callable[[str], Parsed], node: Node, what: str) -> Parsed:
    try:
        return parse(text(node, what))
    except RuleFileError:
        raise
    except ValueError as error:
        raise RuleFileError(f"line {node.line}: {what}: {error}") from None
