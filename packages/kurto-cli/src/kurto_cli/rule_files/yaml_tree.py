"""YAML as a tree that knows its lines: mappings, lists and plain values, nothing else.

Nothing of the file is ever constructed: only PyYAML's safe composer reads it, tags, anchors and
merge keys are refused, and so is whatever is too large or too deep.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

import yaml

from kurto_cli.rule_files.exceptions import RuleFileError

STANDARD = "tag:yaml.org,2002:"
# What nodes without a tag are taken for; texts stay texts here, whatever they look like.
IMPLICIT_TAGS = frozenset(
    {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"}
)
LARGEST_FILE = 2_000_000  # characters; a thousand long rules are half of it


@dataclass(frozen=True)
class Value:
    """A plain value: its text, and whether it stands in quotes."""

    line: int
    text: str
    quoted: bool

    @property
    def is_null(self) -> bool:
        """Whether nothing is written here."""
        return not self.quoted and self.text in ("", "~", "null")


@dataclass(frozen=True)
class Entries:
    """A list."""

    line: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Mapping:
    """A mapping, by key; `lines` has the lines of its keys."""

    line: int
    nodes: dict[str, Node]
    lines: dict[str, int]

    def refuse_unknown(self, known: tuple[str, ...], what: str) -> None:
        """Refuse a key that means nothing, and name the nearest that does."""
        for key in self.nodes:
            if key not in known:
                near = get_close_matches(key, known, 1, cutoff=0.5)
                hint = f"did you mean {near[0]}?" if near else f"give one of {', '.join(known)}"
                raise RuleFileError(f"line {self.lines[key]}: {what} has no {key}; {hint}")


Node: TypeAlias = "Value | Entries | Mapping"


class _Loader(yaml.SafeLoader):
    """Composes nodes and refuses references, which can make a small file huge."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            line = event.start_mark.line + 1
            raise RuleFileError(f"line {line}: write it out; anchors and aliases are not taken")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def read_tree(text: str) -> Node:
    """Return what a YAML document says.

    Raises
    ------
    RuleFileError
        With the line, when the text is no YAML, or YAML beyond lists, mappings and plain values.
    """
    if len(text) > LARGEST_FILE:
        raise RuleFileError(f"the file is larger than {LARGEST_FILE} characters; divide it")
    try:
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context
        raise RuleFileError(f"line {line}: no valid YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise RuleFileError(f"no valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise RuleFileError("the file is nested too deeply for rules") from None
    if node is None:
        raise RuleFileError("line 1: the file is empty; begin with `rules:`")
    return _tree(node)


def _tree(node: yaml.Node) -> Node:
    line = node.start_mark.line + 1
    if node.tag.removeprefix(STANDARD) not in IMPLICIT_TAGS:
        raise RuleFileError(f"line {line}: tags such as {node.tag} are not taken; leave it out")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, line)
    if isinstance(node, yaml.SequenceNode):
        return Entries(line, tuple(_tree(one) for one in node.value))
    return Value(line, node.value, quoted=getattr(node, "style", None) is not None)


def _mapping(node: yaml.MappingNode, line: int) -> Mapping:
    nodes: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise RuleFileError(f"line {at}: a key must be a word")
        if key.value in nodes:
            raise RuleFileError(f"line {at}: {key.value} stands here twice")
        nodes[key.value] = _tree(value)
        lines[key.value] = at
    return Mapping(line, nodes, lines)
