"""What people do, with its audit, on PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from kurto_alerts.alert_state import Alert, Key, Shelving
from kurto_alerts.exceptions import KurtoError, NotSetAside
from kurto_alerts.operators.action_documents import action_from_row
from kurto_alerts.operators.actions import (
    Action,
    ActionFilter,
    ActionRecord,
    OutOfService,
    Shelf,
)
from kurto_alerts.operators.operator_state import decide
from kurto_alerts.operators.ports import ShelfPosition
from kurto_alerts.postgres.alerts import Conditions
from kurto_alerts.postgres.operator_actions import (
    act_on_key,
    mark_service,
    store_shelves,
    write_actions,
)
from kurto_alerts.postgres.rows import (
    SELECT_ALERTS,
    alert_from_row,
    lock_counters,
)
from kurto_alerts.transition_log import Place
from kurto_service.postgres import Pool

_DELETE_SHELF = (
    "DELETE FROM alerts.shelves WHERE sensor_id = $1 AND channel = $2 AND rule_id = $3"
    " RETURNING rule_id"
)
_UPSERT_SERVICE = (
    "INSERT INTO alerts.out_of_service (scope, machine_id, sensor_id, channel, reason, principal,"
    " claimed_user, begin_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    " ON CONFLICT (scope, machine_id, sensor_id, channel) DO UPDATE SET reason = excluded.reason,"
    " principal = excluded.principal, claimed_user = excluded.claimed_user,"
    " begin_time = excluded.begin_time"
)
_DELETE_SERVICE = (
    "DELETE FROM alerts.out_of_service WHERE scope = $1 AND machine_id = $2 AND sensor_id = $3"
    " AND channel = $4 RETURNING scope"
)
_SELECT_ACTIONS = (
    "SELECT action_number, action, action_time, principal, claimed_user, reason, alert_id,"
    " transition_number, target FROM alerts.operator_actions a"
)


class PostgresOperators:
    """Implements `operators.ports.OperatorStore`.

    Each action locks the counters, as each batch of the evaluator does: two people at once, or a
    person and the evaluator, come one after the other.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def act(self, alert_ids: Sequence[str], action: Action) -> list[Alert | KurtoError]:
        """Do something with each alert; return the alert afterwards or why it was refused."""
        async with self._pool.acquire() as session, session.transaction():
            last_number, _ = await lock_counters(session)
            rows = await session.fetch(
                f"{SELECT_ALERTS} WHERE a.alert_id = ANY($1::text[])", list(set(alert_ids))
            )
            known = {row["alert_id"]: alert_from_row(row) for row in rows}
            decision = decide(known, alert_ids, action, last_number=last_number)
            await write_actions(session, decision.transitions, decision.records)
        return decision.outcomes

    async def shelve(self, key: Key, action: Action) -> tuple[Shelf, Alert | None]:
        """Put a key on the shelf; return that and the key's open alert, if there is one."""
        async with self._pool.acquire() as session, session.transaction():
            alert = await act_on_key(session, key, action)
            shelf = Shelf(key=key, shelving=action.shelving())
            await store_shelves(session, [shelf])
        return shelf, alert

    async def unshelve(self, key: Key, action: Action) -> Alert | None:
        """Take a key from the shelf; return its open alert."""
        async with self._pool.acquire() as session, session.transaction():
            alert = await act_on_key(session, key, action)
            row = await session.fetchrow(_DELETE_SHELF, key.sensor_id, key.channel, key.rule_id)
            if row is None:
                raise NotSetAside(**_names(key))
        return alert

    async def set_out_of_service(self, place: Place, action: Action) -> tuple[OutOfService, int]:
        """Take something out of service; return that and how many open alerts it set aside."""
        async with self._pool.acquire() as session, session.transaction():
            last_number, _ = await lock_counters(session)
            entry = OutOfService(
                target=place,
                reason=action.text,
                principal=action.actor.principal,
                user=action.actor.user,
                begin_time=action.time,
            )
            await session.execute(
                _UPSERT_SERVICE, *_place_row(place), entry.reason, entry.principal, entry.user,
                entry.begin_time,
            )  # fmt: skip
            count = await mark_service(session, place, action, last_number)
        return entry, count

    async def return_to_service(self, place: Place, action: Action) -> int:
        """Put something back; return how many open alerts are back."""
        async with self._pool.acquire() as session, session.transaction():
            last_number, _ = await lock_counters(session)
            if await session.fetchrow(_DELETE_SERVICE, *_place_row(place)) is None:
                raise NotSetAside(**_names(place))
            return await mark_service(session, place, action, last_number)

    async def list_shelves(self, *, after: ShelfPosition | None, limit: int) -> list[Shelf]:
        """Return what is on the shelf, what expires first first."""
        order = (
            's.expire_time, s.sensor_id COLLATE "C", s.channel COLLATE "C", s.rule_id COLLATE "C"'
        )
        conditions = Conditions()
        if after is not None:
            key = after.key
            conditions.add(
                f"({order}) > (?, ?, ?, ?)",
                after.expire_time, key.sensor_id, key.channel, key.rule_id,
            )  # fmt: skip
        query = (
            f"SELECT * FROM alerts.shelves s {conditions.clause()} ORDER BY {order} LIMIT {limit:d}"
        )
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, *conditions.parameters)
        return [
            Shelf(
                key=Key(row["sensor_id"], row["channel"], row["rule_id"]),
                shelving=Shelving(
                    expire_time=row["expire_time"],
                    one_shot=row["one_shot"],
                    reason=row["reason"],
                    principal=row["principal"],
                    user=row["claimed_user"],
                    shelve_time=row["shelve_time"],
                ),
            )
            for row in rows
        ]

    async def list_out_of_service(self, *, after: Place | None, limit: int) -> list[OutOfService]:
        """Return what is out of service, by machine, sensor and channel."""
        order = 's.machine_id COLLATE "C", s.sensor_id COLLATE "C", s.channel COLLATE "C"'
        conditions = Conditions()
        if after is not None:
            conditions.add(
                f"({order}) > (?, ?, ?)", after.machine_id, after.sensor_id, after.channel
            )
        query = (
            f"SELECT * FROM alerts.out_of_service s {conditions.clause()}"
            f" ORDER BY {order} LIMIT {limit:d}"
        )
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, *conditions.parameters)
        return [
            OutOfService(
                target=Place(row["machine_id"], row["sensor_id"], row["channel"]),
                reason=row["reason"],
                principal=row["principal"],
                user=row["claimed_user"],
                begin_time=row["begin_time"],
            )
            for row in rows
        ]

    async def list_actions(
        self, chosen: ActionFilter, *, before_number: int | None, limit: int
    ) -> list[ActionRecord]:
        """Return what people did, the newest first."""
        conditions = Conditions()
        if before_number is not None:
            conditions.add("a.action_number < ?", before_number)
        if chosen.start_time is not None:
            conditions.add("a.action_time >= ?", chosen.start_time)
        if chosen.end_time is not None:
            conditions.add("a.action_time < ?", chosen.end_time)
        if chosen.principal:
            conditions.add("a.principal = ?", chosen.principal)
        if chosen.alert_id:
            conditions.add("a.alert_id = ?", chosen.alert_id)
        if chosen.kinds:
            conditions.add("a.action = ANY(?::text[])", [kind.name for kind in chosen.kinds])
        query = (
            f"{_SELECT_ACTIONS} {conditions.clause()} ORDER BY a.action_number DESC LIMIT {limit:d}"
        )
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, *conditions.parameters)
        return [action_from_row(dict(row)) for row in rows]


def _names(named: Key | Place) -> dict[str, Any]:
    """Return the names in a key or a place, for an error."""
    names = ("machine_id", "sensor_id", "channel", "rule_id")
    return {name: getattr(named, name) for name in names if getattr(named, name, "")}


def _place_row(place: Place) -> tuple[str, str, str, str]:
    scope = "machine" if place.machine_id else "channel" if place.channel else "sensor"
    return scope, place.machine_id, place.sensor_id, place.channel
