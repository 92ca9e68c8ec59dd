"""The RPCs: decode, one call of the domain, encode."""

import uuid
from collections.abc import Callable
from typing import Any

import grpc

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alert_service_pb2_grpc as alert_grpc
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.alerts.v1 import rule_service_pb2_grpc as rule_grpc
from kurto_alerts.conversion import (
    alert_to_proto,
    draft_from_proto,
    rule_to_proto,
    time_from_proto,
    transition_to_proto,
)
from kurto_alerts.cursors import (
    decode_active,
    decode_history,
    decode_rule,
    encode_active,
    encode_history,
    encode_rule,
    page_limit,
)
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.ports import (
    ActivePosition,
    AlertFilter,
    AlertStore,
    FeatureCatalogue,
    HistoryPosition,
    RuleStore,
)
from kurto_alerts.rule_validation import validated_rule
from kurto_alerts.rules import Rule
from kurto_service.clock import Clock
from kurto_service.identity import current_principal, requires

USER_LENGTH = 200
COMMENT_LENGTH = 2000

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
        units = await self._catalogue.units(needed=request.rule.feature)
        return validated_rule(draft_from_proto(request.rule, rule_id), units)

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


class AlertServicer(alert_grpc.AlertServiceServicer):
    """Serves `kurto.alerts.v1.AlertService`.

    Parameters
    ----------
    store : AlertStore
        Keeps the alerts.
    clock : Clock
        Gives the times of acknowledgments.
    changed : callable
        Called after each acknowledgment, so that it is published at once.
    """

    def __init__(self, store: AlertStore, clock: Clock, changed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed

    @requires("viewer")
    async def ListActiveAlerts(
        self, request: alert_pb.ListActiveAlertsRequest, context: Context
    ) -> alert_pb.ListActiveAlertsResponse:
        """List open alerts, the most severe and then the newest first."""
        limit = page_limit(request.page_size)
        chosen = AlertFilter(sensor_id=checked_text("sensor_id", request.sensor_id))
        after = decode_active(request.page_token)
        alerts, number = await self._store.list_active(chosen, after=after, limit=limit + 1)
        token = ""
        if len(alerts) > limit:
            last = alerts[limit - 1]
            token = encode_active(ActivePosition(last.severity, last.raise_time, last.alert_id))
        return alert_pb.ListActiveAlertsResponse(
            alerts=[alert_to_proto(alert) for alert in alerts[:limit]],
            next_page_token=token,
            transition_number=number,
        )

    @requires("viewer")
    async def ListAlertHistory(
        self, request: alert_pb.ListAlertHistoryRequest, context: Context
    ) -> alert_pb.ListAlertHistoryResponse:
        """List alerts, open and ended, the newest first."""
        limit = page_limit(request.page_size)
        after = decode_history(request.page_token)
        alerts = await self._store.list_history(
            history_filter(request), after=after, limit=limit + 1
        )
        token = ""
        if len(alerts) > limit:
            last = alerts[limit - 1]
            token = encode_history(HistoryPosition(last.raise_time, last.alert_id))
        return alert_pb.ListAlertHistoryResponse(
            alerts=[alert_to_proto(alert) for alert in alerts[:limit]], next_page_token=token
        )

    @requires("viewer")
    async def GetAlert(
        self, request: alert_pb.GetAlertRequest, context: Context
    ) -> alert_pb.GetAlertResponse:
        """Return one alert with all its transitions."""
        alert, transitions = await self._store.get_alert(checked_text("alert_id", request.alert_id))
        return alert_pb.GetAlertResponse(
            alert=alert_to_proto(alert),
            transitions=[transition_to_proto(transition) for transition in transitions],
        )

    @requires("operator")
    async def AcknowledgeAlert(
        self, request: alert_pb.AcknowledgeAlertRequest, context: Context
    ) -> alert_pb.AcknowledgeAlertResponse:
        """Acknowledge an open alert."""
        if request.revision < 0:
            raise FieldInvalid("revision must be >= 0", field="revision")
        alert = await self._store.acknowledge(
            checked_text("alert_id", request.alert_id),
            principal=current_principal().name,
            user=checked_text("user", request.user, most=USER_LENGTH),
            comment=checked_text("comment", request.comment, most=COMMENT_LENGTH),
            revision=request.revision,
            now=self._clock.now(),
        )
        self._changed()
        return alert_pb.AcknowledgeAlertResponse(alert=alert_to_proto(alert))

    @requires("viewer")
    async def ListTransitions(
        self, request: alert_pb.ListTransitionsRequest, context: Context
    ) -> alert_pb.ListTransitionsResponse:
        """List transitions by number."""
        if request.after_transition_number < 0:
            raise FieldInvalid(
                "after_transition_number must be >= 0", field="after_transition_number"
            )
        transitions, newest = await self._store.list_transitions(
            after_number=request.after_transition_number, limit=page_limit(request.page_size)
        )
        return alert_pb.ListTransitionsResponse(
            transitions=[transition_to_proto(transition) for transition in transitions],
            newest_transition_number=newest,
        )


def checked_text(name: str, text: str, *, most: int = 1000) -> str:
    """Return a text that is short enough and storable."""
    if len(text) > most or "\0" in text:
        raise FieldInvalid(
            f"{name} must have at most {most} characters, none of them NUL", field=name
        )
    return text


def history_filter(request: alert_pb.ListAlertHistoryRequest) -> AlertFilter:
    """Return which alerts a request asks for."""
    start = end = None
    if request.HasField("start_time"):
        start = time_from_proto(request.start_time, "start_time")
    if request.HasField("end_time"):
        end = time_from_proto(request.end_time, "end_time")
    return AlertFilter(checked_text("sensor_id", request.sensor_id), start, end)
