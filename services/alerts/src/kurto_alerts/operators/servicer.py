"""The RPCs of operators' actions: decode, one call of the domain, encode."""

from collections.abc import Callable
from typing import Any, Protocol

import grpc

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alert_service_pb2_grpc as alert_grpc
from kurto.alerts.v1 import operator_actions_pb2 as pb
from kurto_alerts.alert_state import Alert
from kurto_alerts.conversion import alert_to_proto
from kurto_alerts.cursors import (
    decode_action,
    decode_service,
    decode_shelf,
    encode_action,
    encode_service,
    encode_shelf,
    page_limit,
)
from kurto_alerts.exceptions import AlertEnded, FieldInvalid, KurtoError
from kurto_alerts.operators.actions import Action, ActionKind, Actor
from kurto_alerts.operators.choosing import Many, choose_alerts
from kurto_alerts.operators.conversion import (
    action_filter,
    action_to_proto,
    finding_from_proto,
    key_from_proto,
    out_of_service_to_proto,
    place_from_proto,
    refusal_to_proto,
    shelf_time,
    shelf_to_proto,
)
from kurto_alerts.operators.operator_state import current_state
from kurto_alerts.operators.ports import OperatorStore, ShelfPosition
from kurto_alerts.ports import AlertStore
from kurto_alerts.request_fields import checked_text
from kurto_service.clock import Clock
from kurto_service.identity import current_principal, requires

USER_LENGTH = 200
TEXT_LENGTH = 2000
TOGETHER = 100  # alerts changed in one transaction, so that evaluation never waits for long

Context = grpc.aio.ServicerContext[Any, Any]
Shelving = pb.ShelveAlertRequest | pb.ShelveAlertsRequest


class _Signed(Protocol):
    @property
    def user(self) -> str: ...


class OperatorMethods(alert_grpc.AlertServiceServicer):
    """The methods of `kurto.alerts.v1.AlertService` that people act by, and their audit.

    Parameters
    ----------
    alerts : AlertStore
        Shows alerts.
    operators : OperatorStore
        Takes what people do.
    clock : Clock
        Gives the times of actions.
    changed : callable
        Called after each action, so that it is published at once.
    """

    def __init__(
        self,
        alerts: AlertStore,
        operators: OperatorStore,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._alerts = alerts
        self._operators = operators
        self._action_clock = clock
        self._changed = changed

    def _action(self, kind: ActionKind, request: _Signed, text: str = "", **parts: Any) -> Action:
        revision = getattr(request, "revision", 0)
        if revision < 0:
            raise FieldInvalid("revision must be >= 0", field="revision")
        user = checked_text("user", request.user, most=USER_LENGTH)
        actor = Actor(principal=current_principal().name, user=user)
        now = self._action_clock.now()
        return Action(kind=kind, actor=actor, time=now, text=text, revision=revision, **parts)

    def _shelve_action(self, request: Shelving) -> Action:
        duration = request.duration if request.HasField("duration") else None
        length = shelf_time(duration, one_shot=request.one_shot)
        reason = _required("reason", request.reason)
        action = self._action(ActionKind.SHELVE, request, reason, one_shot=request.one_shot)
        return Action(**{**vars(action), "expire_time": action.time + length})

    async def _act(self, alert_id: str, action: Action) -> Any:
        (outcome,) = await self._operators.act([checked_text("alert_id", alert_id)], action)
        if isinstance(outcome, KurtoError):
            raise outcome
        self._changed()
        return alert_to_proto(outcome)

    async def _act_on_many(
        self, request: Many, action: Action
    ) -> tuple[list[pb.ActionOutcome], bool]:
        alert_ids, more = await choose_alerts(self._alerts, request, action.kind)
        outcomes: list[Alert | KurtoError] = []
        for start in range(0, len(alert_ids), TOGETHER):
            part = alert_ids[start : start + TOGETHER]
            outcomes += await self._operators.act(part, action)
            self._changed()
        pairs = zip(alert_ids, outcomes, strict=True)
        return [_outcome(alert_id, outcome) for alert_id, outcome in pairs], more

    @requires("operator")
    async def AcknowledgeAlert(
        self, request: alert_pb.AcknowledgeAlertRequest, context: Context
    ) -> alert_pb.AcknowledgeAlertResponse:
        """Acknowledge an open alert."""
        action = self._action(ActionKind.ACKNOWLEDGE, request, _comment(request.comment))
        alert = await self._act(request.alert_id, action)
        return alert_pb.AcknowledgeAlertResponse(alert=alert)

    @requires("operator")
    async def AcknowledgeAlerts(
        self, request: pb.AcknowledgeAlertsRequest, context: Context
    ) -> pb.AcknowledgeAlertsResponse:
        """Acknowledge many open alerts."""
        action = self._action(ActionKind.ACKNOWLEDGE, request, _comment(request.comment))
        outcomes, more = await self._act_on_many(request, action)
        return pb.AcknowledgeAlertsResponse(outcomes=outcomes, more=more)

    @requires("operator")
    async def UnacknowledgeAlert(
        self, request: pb.UnacknowledgeAlertRequest, context: Context
    ) -> pb.UnacknowledgeAlertResponse:
        """Take an acknowledgment back."""
        action = self._action(ActionKind.UNACKNOWLEDGE, request, _comment(request.comment))
        alert = await self._act(request.alert_id, action)
        return pb.UnacknowledgeAlertResponse(alert=alert)

    @requires("operator")
    async def CommentAlert(
        self, request: pb.CommentAlertRequest, context: Context
    ) -> pb.CommentAlertResponse:
        """Add a comment to an alert."""
        text = _required("comment", request.comment)
        alert = await self._act(request.alert_id, self._action(ActionKind.COMMENT, request, text))
        return pb.CommentAlertResponse(alert=alert)

    @requires("operator")
    async def ShelveAlert(
        self, request: pb.ShelveAlertRequest, context: Context
    ) -> pb.ShelveAlertResponse:
        """Put an alert or a key on the shelf."""
        action = self._shelve_action(request)
        key = await self._key(request)
        shelf, alert = await self._operators.shelve(key, action)
        self._changed()
        shown = None if alert is None else alert_to_proto(alert)
        return pb.ShelveAlertResponse(shelf=shelf_to_proto(shelf), alert=shown)

    @requires("operator")
    async def ShelveAlerts(
        self, request: pb.ShelveAlertsRequest, context: Context
    ) -> pb.ShelveAlertsResponse:
        """Put many open alerts on the shelf."""
        outcomes, more = await self._act_on_many(request, self._shelve_action(request))
        return pb.ShelveAlertsResponse(outcomes=outcomes, more=more)

    @requires("operator")
    async def UnshelveAlert(
        self, request: pb.UnshelveAlertRequest, context: Context
    ) -> pb.UnshelveAlertResponse:
        """Take an alert or a key from the shelf."""
        action = self._action(ActionKind.UNSHELVE, request, _comment(request.comment))
        alert = await self._operators.unshelve(await self._key(request), action)
        self._changed()
        shown = None if alert is None else alert_to_proto(alert)
        return pb.UnshelveAlertResponse(alert=shown)

    async def _key(self, request: pb.ShelveAlertRequest | pb.UnshelveAlertRequest) -> Any:
        if bool(request.alert_id) == request.HasField("key"):
            raise FieldInvalid("give either alert_id or key", field="alert_id")
        if not request.alert_id:
            return key_from_proto(request.key)
        alert, _ = await self._alerts.get_alert(checked_text("alert_id", request.alert_id))
        if not alert.is_open:
            raise AlertEnded(**current_state(alert))
        return alert.key

    @requires("viewer")
    async def ListShelves(
        self, request: pb.ListShelvesRequest, context: Context
    ) -> pb.ListShelvesResponse:
        """List what is on the shelf."""
        limit = page_limit(request.page_size)
        after = decode_shelf(request.page_token)
        found = await self._operators.list_shelves(after=after, limit=limit + 1)
        token = ""
        if len(found) > limit:
            last = found[limit - 1]
            token = encode_shelf(ShelfPosition(last.shelving.expire_time, last.key))
        shelves = [shelf_to_proto(shelf) for shelf in found[:limit]]
        return pb.ListShelvesResponse(shelves=shelves, next_page_token=token)

    @requires("operator")
    async def ResetAlert(
        self, request: pb.ResetAlertRequest, context: Context
    ) -> pb.ResetAlertResponse:
        """End a latched alert whose condition is normal."""
        action = self._action(ActionKind.RESET, request, _comment(request.comment))
        return pb.ResetAlertResponse(alert=await self._act(request.alert_id, action))

    @requires("operator")
    async def SetOutOfService(
        self, request: pb.SetOutOfServiceRequest, context: Context
    ) -> pb.SetOutOfServiceResponse:
        """Take a machine, a sensor or a channel out of service."""
        reason = _required("reason", request.reason)
        action = self._action(ActionKind.SET_OUT_OF_SERVICE, request, reason)
        place = place_from_proto(request.target)
        entry, count = await self._operators.set_out_of_service(place, action)
        self._changed()
        shown = out_of_service_to_proto(entry)
        return pb.SetOutOfServiceResponse(out_of_service=shown, alert_count=count)

    @requires("operator")
    async def ReturnToService(
        self, request: pb.ReturnToServiceRequest, context: Context
    ) -> pb.ReturnToServiceResponse:
        """Put a machine, a sensor or a channel back into service."""
        action = self._action(ActionKind.RETURN_TO_SERVICE, request, _comment(request.comment))
        place = place_from_proto(request.target)
        count = await self._operators.return_to_service(place, action)
        self._changed()
        return pb.ReturnToServiceResponse(alert_count=count)

    @requires("viewer")
    async def ListOutOfService(
        self, request: pb.ListOutOfServiceRequest, context: Context
    ) -> pb.ListOutOfServiceResponse:
        """List what is out of service."""
        limit = page_limit(request.page_size)
        after = decode_service(request.page_token)
        found = await self._operators.list_out_of_service(after=after, limit=limit + 1)
        token = encode_service(found[limit - 1].target) if len(found) > limit else ""
        entries = [out_of_service_to_proto(entry) for entry in found[:limit]]
        return pb.ListOutOfServiceResponse(entries=entries, next_page_token=token)

    @requires("operator")
    async def MarkFinding(
        self, request: pb.MarkFindingRequest, context: Context
    ) -> pb.MarkFindingResponse:
        """Say whether an alert told the truth."""
        text = _comment(request.comment)
        finding = finding_from_proto(request.finding)
        action = self._action(ActionKind.MARK_FINDING, request, text, finding=finding)
        return pb.MarkFindingResponse(alert=await self._act(request.alert_id, action))

    @requires("viewer")
    async def ListOperatorActions(
        self, request: pb.ListOperatorActionsRequest, context: Context
    ) -> pb.ListOperatorActionsResponse:
        """List what people did, the newest first."""
        limit = page_limit(request.page_size)
        before = decode_action(request.page_token)
        found = await self._operators.list_actions(
            action_filter(request), before_number=before, limit=limit + 1
        )
        token = encode_action(found[limit - 1].number) if len(found) > limit else ""
        actions = [action_to_proto(record) for record in found[:limit]]
        return pb.ListOperatorActionsResponse(actions=actions, next_page_token=token)


def _comment(text: str) -> str:
    return checked_text("comment", text, most=TEXT_LENGTH)


def _required(name: str, text: str) -> str:
    if not text.strip():
        raise FieldInvalid(f"{name} is required", field=name)
    return checked_text(name, text, most=TEXT_LENGTH)


def _outcome(alert_id: str, outcome: Alert | KurtoError) -> pb.ActionOutcome:
    if isinstance(outcome, KurtoError):
        return refusal_to_proto(alert_id, outcome)
    return pb.ActionOutcome(alert_id=alert_id, done=True, revision=outcome.revision)
