"""Which alerts an action on many is for."""

from collections.abc import Sequence
from typing import Any

from kurto.alerts.v1 import operator_actions_pb2 as pb
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.operators.actions import ActionKind
from kurto_alerts.ports import AlertFilter, AlertStore
from kurto_alerts.request_fields import checked_text

MOST_ALERTS = 1000

Many = pb.AcknowledgeAlertsRequest | pb.ShelveAlertsRequest


async def choose_alerts(
    alerts: AlertStore, request: Many, kind: ActionKind
) -> tuple[Sequence[str], bool]:
    """Return the ids that a request names or selects, and whether there are more.

    Raises
    ------
    FieldInvalid
        The request names both or neither, or too many.
    """
    if request.HasField("selection") == bool(request.alert_ids):
        raise FieldInvalid("give either alert_ids or selection", field="alert_ids")
    if request.alert_ids:
        if len(request.alert_ids) > MOST_ALERTS:
            raise FieldInvalid(f"alert_ids holds more than {MOST_ALERTS}", field="alert_ids")
        return [checked_text("alert_ids", one) for one in request.alert_ids], False
    selection = request.selection
    names: dict[str, Any] = {
        name: checked_text(f"selection.{name}", getattr(selection, name))
        for name in ("machine_id", "sensor_id", "rule_id")
    }
    if not any(names.values()):
        raise FieldInvalid("selection must name a machine, a sensor or a rule", field="selection")
    open_only = False if kind is ActionKind.ACKNOWLEDGE else None
    chosen = AlertFilter(**names, acknowledged=open_only, set_aside=False)
    found, _ = await alerts.list_active(chosen, after=None, limit=MOST_ALERTS + 1)
    return [alert.alert_id for alert in found[:MOST_ALERTS]], len(found) > MOST_ALERTS
