"""The RPCs of rules: decode, one call of the domain, encode."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

import grpc

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.alerts.v1 import rule_service_pb2_grpc as rule_grpc
from kurto_alerts.conversion import draft_from_proto, rule_to_proto
from kurto_alerts.cursors import (
    decode_rule,
    decode_version,
    encode_rule,
    encode_version,
    page_limit,
)
from kurto_alerts.exceptions import FieldInvalid, RuleProblem, RulesInvalid
from kurto_alerts.measure_validation import needs_catalogue
from kurto_alerts.ports import FeatureCatalogue
from kurto_alerts.request_fields import checked_text
from kurto_alerts.rule_changes import RuleSet, VersionPosition
from kurto_alerts.rule_conversion import (
    trial_from_proto,
    trial_to_proto,
    version_to_proto,
)
from kurto_alerts.rule_store import RuleHistory
from kurto_alerts.rule_validation import check_writable_id, validated_rule
from kurto_alerts.rules import Rule
from kurto_alerts.trials import RuleTrials
from kurto_service.clock import Clock
from kurto_service.exceptions import InvalidArgument
from kurto_service.identity import current_principal, requires

RULE_COUNT = 1000

Context = grpc.aio.ServicerContext[Any, Any]


class RuleServicer(rule_grpc.RuleServiceServicer):
    """Serves `kurto.alerts.v1.RuleService`.

    Parameters
    ----------
    store : RuleHistory
        Keeps the rules.
    catalogue : FeatureCatalogue
        Knows which features exist.
    clock : Clock
        Gives the times of changes.
    trials : RuleTrials
        Tries rules on stored features.
    changed : callable
        Called after each change, so that evaluation takes it up at once.
    """

    def __init__(
        self,
        store: RuleHistory,
        catalogue: FeatureCatalogue,
        clock: Clock,
        trials: RuleTrials,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._trials = trials
        self._changed = changed

    async def _validated(
        self, request: rule_pb.CreateRuleRequest | rule_pb.UpdateRuleRequest, rule_id: str
    ) -> Rule:
        if not request.HasField("rule"):
            raise FieldInvalid("rule is required", field="rule")
        rule = await self._checked(request.rule, rule_id)
        creating = isinstance(request, rule_pb.CreateRuleRequest)
        check_writable_id(rule_id, creating=creating)
        return rule

    async def _checked(self, rule: pb.Rule, rule_id: str) -> Rule:
        units: Mapping[str, str] = {}
        if needs_catalogue(rule.measure):
            units = await self._catalogue.units(needed=rule.feature)
        return validated_rule(draft_from_proto(rule, rule_id), units)

    @requires("engineer")
    async def CreateRule(
        self, request: rule_pb.CreateRuleRequest, context: Context
    ) -> rule_pb.CreateRuleResponse:
        """Create a rule."""
        rule = await self._validated(request, request.rule.rule_id or str(uuid.uuid4()))
        principal = current_principal().name
        stored = await self._store.create_rule(rule, principal=principal, now=self._clock.now())
        self._changed()
        return rule_pb.CreateRuleResponse(rule=rule_to_proto(stored))

    @requires("viewer")
    async def GetRule(
        self, request: rule_pb.GetRuleRequest, context: Context
    ) -> rule_pb.GetRuleResponse:
        """Return a rule."""
        rule_id = checked_text("rule_id", request.rule_id)
        return rule_pb.GetRuleResponse(rule=rule_to_proto(await self._store.get_rule(rule_id)))

    @requires("viewer")
    async def ListRules(
        self, request: rule_pb.ListRulesRequest, context: Context
    ) -> rule_pb.ListRulesResponse:
        """List rules by id."""
        limit = page_limit(request.page_size)
        after = decode_rule(request.page_token)
        rules = await self._store.list_rules(after_rule_id=after, limit=limit + 1)
        page = rules[:limit]
        return rule_pb.ListRulesResponse(
            rules=[rule_to_proto(rule) for rule in page],
            next_page_token=encode_rule(page[-1].rule_id) if len(rules) > limit else "",
        )

    @requires("engineer")
    async def UpdateRule(
        self, request: rule_pb.UpdateRuleRequest, context: Context
    ) -> rule_pb.UpdateRuleResponse:
        """Replace a rule."""
        rule = await self._validated(request, request.rule.rule_id)
        principal = current_principal().name
        stored = await self._store.update_rule(rule, principal=principal, now=self._clock.now())
        self._changed()
        return rule_pb.UpdateRuleResponse(rule=rule_to_proto(stored))

    @requires("engineer")
    async def DeleteRule(
        self, request: rule_pb.DeleteRuleRequest, context: Context
    ) -> rule_pb.DeleteRuleResponse:
        """Delete a rule and withdraw its open alerts."""
        rule_id = checked_text("rule_id", request.rule_id)
        principal = current_principal().name
        await self._store.delete_rule(rule_id, principal=principal, now=self._clock.now())
        self._changed()
        return rule_pb.DeleteRuleResponse()

    @requires("viewer")
    async def ListRuleVersions(
        self, request: rule_pb.ListRuleVersionsRequest, context: Context
    ) -> rule_pb.ListRuleVersionsResponse:
        """List who changed rules when, the newest change first."""
        limit = page_limit(request.page_size)
        versions = await self._store.list_versions(
            rule_id=checked_text("rule_id", request.rule_id),
            after=decode_version(request.page_token),
            limit=limit + 1,
        )
        token = ""
        if len(versions) > limit:
            last = versions[limit - 1]
            token = encode_version(VersionPosition(last.time, last.rule_id, last.version))
        return rule_pb.ListRuleVersionsResponse(
            versions=[version_to_proto(version) for version in versions[:limit]],
            next_page_token=token,
        )

    @requires("engineer")
    async def ApplyRules(
        self, request: rule_pb.ApplyRulesRequest, context: Context
    ) -> rule_pb.ApplyRulesResponse:
        """Create, replace and delete rules, all or none."""
        changes = await self._store.apply_rules(
            await self._rule_set(request),
            dry_run=request.dry_run,
            principal=current_principal().name,
            now=self._clock.now(),
        )
        if not request.dry_run:
            self._changed()
        return rule_pb.ApplyRulesResponse(changes=[version_to_proto(change) for change in changes])

    @requires("engineer")
    async def TryRule(
        self, request: rule_pb.TryRuleRequest, context: Context
    ) -> AsyncIterator[rule_pb.TryRuleResponse]:
        """Say what alerts a rule would have raised."""
        if not request.HasField("rule"):
            raise FieldInvalid("rule is required", field="rule")
        rule = await self._checked(request.rule, "trial")
        async with aclosing(self._trials.run(trial_from_proto(request, rule))) as states:
            async for state in states:
                yield trial_to_proto(state)

    async def _rule_set(self, request: rule_pb.ApplyRulesRequest) -> RuleSet:
        check_rule_ids(request)
        rules, problems = [], []
        for at, message in enumerate(request.rules):
            try:
                rules.append(await self._checked(message, message.rule_id))
            except InvalidArgument as error:
                problems.append(RuleProblem.of(at, message.rule_id, error))
        if problems:
            raise RulesInvalid.because(problems)
        return RuleSet(rules=rules, deleted=frozenset(request.delete_rule_ids), prune=request.prune)


def check_rule_ids(request: rule_pb.ApplyRulesRequest) -> None:
    """Refuse too many rules, and ids that contradict each other."""
    named = [(f"rules[{at}].rule_id", rule.rule_id) for at, rule in enumerate(request.rules)]
    named += [(f"delete_rule_ids[{at}]", one) for at, one in enumerate(request.delete_rule_ids)]
    if len(named) > RULE_COUNT:
        raise FieldInvalid(f"rules must hold at most {RULE_COUNT}", field="rules")
    seen: dict[str, str] = {}
    for field, rule_id in named:
        checked_text(field, rule_id)
        if rule_id in seen:
            raise FieldInvalid(
                f'{field} is "{rule_id}", as {seen[rule_id]} is: name each rule once', field=field
            )
        seen[rule_id] = field
