"""Changes of rules: what must be done to bring the stored ones into a given form."""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kurto_alerts.exceptions import KurtoError, RuleProblem, RulesInvalid, RuleVersionMismatch
from kurto_alerts.rule_documents import rule_to_document
from kurto_alerts.rule_validation import check_writable_id
from kurto_alerts.rules import Rule


class ChangeKind(enum.Enum):
    """What was done to a rule."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class RuleVersion:
    """A change of a rule; `before` is None for a new one, `after` for a deleted one."""

    rule_id: str
    version: int
    kind: ChangeKind
    before: Rule | None
    after: Rule | None
    time: datetime
    principal: str


@dataclass(frozen=True)
class VersionPosition:
    """Place in the list of changes: newest first."""

    time: datetime
    rule_id: str
    version: int


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """How the rules shall be: these as they are here, those gone, and with `prune` all others."""

    rules: Sequence[Rule]
    deleted: Collection[str] = ()
    prune: bool = False


def plan_changes(
    wanted: RuleSet,
    current: Mapping[str, Rule],
    last_versions: Mapping[str, int],
    *,
    principal: str,
    now: datetime,
) -> list[RuleVersion]:
    """Return what must be done, by rule id, with rules that stay as they are.

    Parameters
    ----------
    wanted : RuleSet
        How the rules shall be; no id occurs twice in it.
    current : mapping of str to Rule
        The stored rules, by id.
    last_versions : mapping of str to int
        The last version of every id that was ever used.
    principal : str
        Who changes them.
    now : datetime
        When.

    Raises
    ------
    RulesInvalid, RuleVersionMismatch
        If a rule may not be created or is of another version than the caller saw.
    """
    changes = [
        _written(rule, current.get(rule.rule_id), last_versions, principal=principal, now=now)
        for rule in _creatable(wanted.rules, current)
    ]
    kept = {rule.rule_id for rule in wanted.rules}
    for rule_id, rule in current.items():
        pruned = wanted.prune and rule_id not in kept and not rule.day_one
        if pruned or rule_id in wanted.deleted:
            changes.append(change_of(rule, None, principal=principal, now=now))
    return sorted(changes, key=lambda change: change.rule_id)


def _creatable(rules: Sequence[Rule], current: Mapping[str, Rule]) -> Sequence[Rule]:
    problems = []
    for at, rule in enumerate(rules):
        try:
            check_writable_id(rule.rule_id, creating=rule.rule_id not in current)
        except KurtoError as error:
            problems.append(RuleProblem.of(at, rule.rule_id, error))
    if problems:
        raise RulesInvalid.because(problems)
    return rules


def _written(
    rule: Rule,
    before: Rule | None,
    last_versions: Mapping[str, int],
    *,
    principal: str,
    now: datetime,
) -> RuleVersion:
    version = before.version if before else 0
    if rule.version not in (0, version):
        raise RuleVersionMismatch(rule_id=rule.rule_id, version=version)
    if before and says_the_same(rule, before):
        return change_of(before, before, principal=principal, now=now)
    after = replace(rule, day_one=before is not None and before.day_one).stored(
        version=max(version, last_versions.get(rule.rule_id, 0)) + 1,
        principal=principal,
        now=now,
        create_time=before.create_time if before else None,
    )
    return change_of(before, after, principal=principal, now=now)


def change_of(
    before: Rule | None, after: Rule | None, *, principal: str, now: datetime
) -> RuleVersion:
    """Return the change from one stored form of a rule to another; None where there is none."""
    rule = after or before
    assert rule is not None
    if before is None:
        kind = ChangeKind.CREATED
    elif after is None:
        kind = ChangeKind.DELETED
    else:
        kind = ChangeKind.UNCHANGED if after is before else ChangeKind.UPDATED
    return RuleVersion(
        rule_id=rule.rule_id,
        version=rule.version if after else rule.version + 1,
        kind=kind,
        before=before,
        after=after,
        time=now,
        principal=principal,
    )


def says_the_same(rule: Rule, other: Rule) -> bool:
    """Tell whether two rules differ in nothing that a person can write."""
    return rule_to_document(replace(rule, day_one=other.day_one)) == rule_to_document(other)
