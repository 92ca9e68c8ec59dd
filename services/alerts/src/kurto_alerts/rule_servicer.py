"""The RPCs of rules: decode, one call of the domain, encode."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.alerts.v1 import rule_service_pb2_grpc as rule_grpc
from kurto_alerts.conversion import draft_from_proto, rule_to_proto
from kurto_alerts.cursors import decode_rule, encode_rule, page_limit
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.measure_validation import needs_catalogue
from kurto_alerts.ports import FeatureCatalogue, RuleStore
from kurto_alerts.request_fields import checked_text
from kurto_alerts.rule_validation import check_writable_id, validated_rule
from kurto_alerts.rules import Rule
from kurto_service.clock import Clock
from kurto_service.identity import current_principal, requires

Context = grpc.aio.ServicerContext[Any, Any]


class RuleServicer(rule_grpc.RuleServiceServicer):
    """Serves `kurto.alerts.v1.RuleService`.

    Parameters
    ----------
    store : RuleStore
        Keeps the rules.
    catalogue : FeatureCatalogue
        Knows which features exist.
    clock : Clock
        Gives the times of changes.
    changed : callable
        Called after each change, so that evaluation takes it up at once.
    """

    def __init__(
        self,
        store: RuleStore,
        catalogue: FeatureCatalogue,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
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
