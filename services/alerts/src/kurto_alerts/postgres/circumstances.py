"""What decides how new alerts are marked, on PostgreSQL."""

from collections.abc import Sequence

from kurto_alerts.alert_state import AlertKind, ConditionChange, Key, Shelving, Transition
from kurto_alerts.postgres.rows import Session
from kurto_alerts.transition_log import Circumstances, Place

_SHELVES = (
    "SELECT sensor_id, channel, rule_id, expire_time, one_shot, reason, principal, claimed_user,"
    " shelve_time FROM alerts.shelves WHERE (sensor_id, channel, rule_id) IN"
    " (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))"
)
# The table is small: people fill it by hand.
_OUT_OF_SERVICE = "SELECT machine_id, sensor_id, channel, reason FROM alerts.out_of_service"
_OPEN_COUNTS = (
    "SELECT machine_id, count(*) AS count FROM alerts.alerts WHERE resolve_time IS NULL"
    f" AND machine_id = ANY($1::text[]) AND kind = {int(AlertKind.VIBRATION)} GROUP BY machine_id"
)
_END_SHELVES = (
    "DELETE FROM alerts.shelves WHERE one_shot AND (sensor_id, channel, rule_id) IN"
    " (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))"
)


async def select_circumstances(
    session: Session, raised: Sequence[ConditionChange]
) -> Circumstances:
    """Return what concerns alerts that are raised; the counters must be locked."""
    if not raised:
        return Circumstances()
    shelves = await session.fetch(_SHELVES, *_columns([change.key for change in raised]))
    places = await session.fetch(_OUT_OF_SERVICE)
    machine_ids = sorted({change.machine_id for change in raised if change.machine_id})
    counts = await session.fetch(_OPEN_COUNTS, machine_ids) if machine_ids else []
    return Circumstances(
        shelves={
            Key(row["sensor_id"], row["channel"], row["rule_id"]): Shelving(
                expire_time=row["expire_time"],
                one_shot=row["one_shot"],
                reason=row["reason"],
                principal=row["principal"],
                user=row["claimed_user"],
                shelve_time=row["shelve_time"],
            )
            for row in shelves
        },
        out_of_service={
            Place(row["machine_id"], row["sensor_id"], row["channel"]): row["reason"]
            for row in places
        },
        open_counts={row["machine_id"]: row["count"] for row in counts},
    )


async def end_one_shot_shelves(session: Session, transitions: Sequence[Transition]) -> None:
    """Remove the shelves that end with the alerts that ended in these transitions."""
    ended = [
        transition.alert.key
        for transition in transitions
        if not transition.alert.is_open
        and transition.alert.shelving is not None
        and transition.alert.shelving.one_shot
    ]
    if ended:
        await session.execute(_END_SHELVES, *_columns(ended))


def _columns(keys: Sequence[Key]) -> tuple[list[str], list[str], list[str]]:
    return (
        [key.sensor_id for key in keys],
        [key.channel for key in keys],
        [key.rule_id for key in keys],
    )
