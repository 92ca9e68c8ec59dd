"""What people do, and what time does, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kurto_alerts.alert_state import Alert, Key
from kurto_alerts.exceptions import KurtoError, NotSetAside
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.operators.actions import (
    Action,
    ActionFilter,
    ActionRecord,
    Decision,
    OutOfService,
    Shelf,
    record_of,
)
from kurto_alerts.operators.operator_state import change_service, decide, expire_shelves, realarm
from kurto_alerts.operators.ports import ShelfPosition
from kurto_alerts.transition_log import Place


@dataclass
class MemoryOperators:
    """Implements `operators.ports.OperatorStore` and `operators.ports.TimeStore`."""

    database: MemoryDatabase
    actions: list[ActionRecord] = field(default_factory=list)
    entries: dict[Place, OutOfService] = field(default_factory=dict)

    async def act(self, alert_ids: Sequence[str], action: Action) -> list[Alert | KurtoError]:
        """Do something with each alert; return the alert afterwards or why it was refused."""
        decision = self._decide(alert_ids, action)
        self._write(decision)
        return decision.outcomes

    async def shelve(self, key: Key, action: Action) -> tuple[Shelf, Alert | None]:
        """Put a key on the shelf; return that and the key's open alert, if there is one."""
        alert = self._act_on_key(key, action)
        self.database.shelves[key] = action.shelving()
        return Shelf(key=key, shelving=action.shelving()), alert

    async def unshelve(self, key: Key, action: Action) -> Alert | None:
        """Take a key from the shelf; return its open alert."""
        if key not in self.database.shelves:
            raise NotSetAside
        alert = self._act_on_key(key, action)
        del self.database.shelves[key]
        return alert

    async def set_out_of_service(self, place: Place, action: Action) -> tuple[OutOfService, int]:
        """Take something out of service; return that and how many open alerts it set aside."""
        entry = OutOfService(
            target=place,
            reason=action.text,
            principal=action.actor.principal,
            user=action.actor.user,
            begin_time=action.time,
        )
        self.entries[place] = entry
        self.database.out_of_service[place] = action.text
        return entry, self._change_service(place, action)

    async def return_to_service(self, place: Place, action: Action) -> int:
        """Put something back; return how many open alerts are back."""
        if self.entries.pop(place, None) is None:
            raise NotSetAside
        del self.database.out_of_service[place]
        return self._change_service(place, action)

    async def list_shelves(self, *, after: ShelfPosition | None, limit: int) -> list[Shelf]:
        """Return what is on the shelf, what expires first first."""

        def order(one: ShelfPosition | Shelf) -> tuple[datetime, str, str, str]:
            time = one.shelving.expire_time if isinstance(one, Shelf) else one.expire_time
            return time, one.key.sensor_id, one.key.channel, one.key.rule_id

        shelves = [Shelf(key=key, shelving=one) for key, one in self.database.shelves.items()]
        found = [one for one in shelves if after is None or order(one) > order(after)]
        return sorted(found, key=order)[:limit]

    async def list_out_of_service(self, *, after: Place | None, limit: int) -> list[OutOfService]:
        """Return what is out of service, by machine, sensor and channel."""

        def order(place: Place) -> tuple[str, str, str]:
            return place.machine_id, place.sensor_id, place.channel

        found = [at for at in self.entries if after is None or order(at) > order(after)]
        return [self.entries[place] for place in sorted(found, key=order)[:limit]]

    async def list_actions(
        self, chosen: ActionFilter, *, before_number: int | None, limit: int
    ) -> list[ActionRecord]:
        """Return what people did, the newest first."""
        found = [
            record
            for record in reversed(self.actions)
            if (before_number is None or record.number < before_number)
            and (chosen.start_time is None or record.time >= chosen.start_time)
            and (chosen.end_time is None or record.time < chosen.end_time)
            and chosen.principal in ("", record.principal)
            and chosen.alert_id in ("", record.alert_id)
            and (not chosen.kinds or record.kind in chosen.kinds)
        ]
        return found[:limit]

    async def expire_shelves(self, *, now: datetime, limit: int) -> int:
        """End at most `limit` shelves whose time is over; return how many there were."""
        shelves = sorted(self.database.shelves.items(), key=lambda item: item[1].expire_time)
        due = [key for key, shelving in shelves if shelving.expire_time <= now][:limit]
        alerts = [alert for alert in self.database.open_alerts() if alert.key in due]
        last_number = len(self.database.transitions)
        self.database.append(expire_shelves(alerts, last_number=last_number, now=now))
        for key in due:
            del self.database.shelves[key]
        return len(due)

    async def realarm(self, *, acknowledged_before: datetime, now: datetime, limit: int) -> int:
        """Open the acknowledgment of at most `limit` alerts again; return how many there were."""
        transitions = realarm(
            self.database.open_alerts(),
            acknowledged_before=acknowledged_before,
            last_number=len(self.database.transitions),
            now=now,
        )[:limit]
        self.database.append(transitions)
        return len(transitions)

    def _decide(self, alert_ids: Sequence[str], action: Action) -> Decision:
        last_number = len(self.database.transitions)
        return decide(self.database.alerts, alert_ids, action, last_number=last_number)

    def _write(self, decision: Decision) -> None:
        self.database.append(decision.transitions)
        self._audit(decision.records)
        for transition in decision.transitions:
            alert = transition.alert
            if alert.is_open and alert.shelving is not None:
                self.database.shelves[alert.key] = alert.shelving

    def _audit(self, records: Sequence[ActionRecord]) -> None:
        for record in records:
            self.actions.append(replace(record, number=len(self.actions) + 1))

    def _act_on_key(self, key: Key, action: Action) -> Alert | None:
        alert = next((one for one in self.database.open_alerts() if one.key == key), None)
        if alert is None:
            self._audit([record_of(action, key=key)])
            return None
        decision = self._decide([alert.alert_id], action)
        (outcome,) = decision.outcomes
        if isinstance(outcome, KurtoError):
            raise outcome
        self._write(decision)
        return outcome

    def _change_service(self, place: Place, action: Action) -> int:
        alerts = [
            alert
            for alert in sorted(self.database.open_alerts(), key=lambda one: one.alert_id)
            if (place.machine_id or place.sensor_id)
            == (alert.machine_id if place.machine_id else alert.sensor_id)
        ]
        transitions = change_service(
            alerts,
            self.database.out_of_service,
            action,
            last_number=len(self.database.transitions),
        )
        self.database.append(transitions)
        records = [record_of(action, target=place)]
        for one in transitions:
            parts = {"alert_id": one.alert.alert_id, "transition_number": one.number}
            records.append(record_of(action, target=place, **parts))
        self._audit(records)
        return len(transitions)
