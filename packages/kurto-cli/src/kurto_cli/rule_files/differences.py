"""Changes of rules, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import unified_diff

from kurto.alerts.v1 import rule_service_pb2 as pb
from kurto_cli.rule_files.writing import write_rule

WORDS = {
    pb.RULE_CHANGE_CREATED: "created",
    pb.RULE_CHANGE_UPDATED: "updated",
    pb.RULE_CHANGE_DELETED: "deleted",
    pb.RULE_CHANGE_UNCHANGED: "unchanged",
}


def real_changes(changes: Iterable[pb.RuleVersion]) -> list[pb.RuleVersion]:
    """Return the changes that change something."""
    return [change for change in changes if change.change != pb.RULE_CHANGE_UNCHANGED]


def difference_lines(change: pb.RuleVersion) -> Iterator[str]:
    """Yield the lines of a unified difference of a rule, as it stands in files."""
    before = write_rule(change.before) if change.HasField("before") else ""
    after = write_rule(change.after) if change.HasField("after") else ""
    names = (
        f"{change.rule_id} (stored)" if before else "/dev/null",
        f"{change.rule_id} (file)" if after else "/dev/null",
    )
    yield from unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")


def summary(changes: Iterable[pb.RuleVersion]) -> str:
    """Return how many rules were created, updated, deleted and left as they are."""
    counts = dict.fromkeys(WORDS, 0)
    for change in changes:
        counts[change.change] += 1
    return ", ".join(f"{counts[kind]} {word}" for kind, word in WORDS.items())
