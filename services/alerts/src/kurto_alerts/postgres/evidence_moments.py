"""Which moments are to be frozen, noted with the transitions, on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from kurto_alerts.alert_state import ConditionChange, Transition
from kurto_alerts.evidence.moments import (
    SHARED_SPAN,
    EvidenceState,
    SharedMoment,
    moments_of,
    share_moments,
)
from kurto_alerts.postgres.rows import Session

MOMENT_COLUMNS = "evidence_id, place, first_moment, last_moment, state"
_LINKED = """
SELECT a.alert_id FROM alerts.alert_evidence a JOIN alerts.evidence e USING (evidence_id)
WHERE a.alert_id = ANY($1::text[]) AND e.state IN (1, 2)
"""
# A moment that is being stored is not waited for: the alert gets one of its own.
_PENDING = f"""
SELECT {MOMENT_COLUMNS} FROM alerts.evidence WHERE state = 1 AND place = ANY($1::text[])
    AND last_moment >= $2 AND first_moment <= $3
ORDER BY evidence_id FOR NO KEY UPDATE SKIP LOCKED
"""
_STORED = f"""
SELECT {MOMENT_COLUMNS} FROM alerts.evidence WHERE state = 2 AND place = ANY($1::text[])
    AND last_moment >= $2 AND first_moment <= $3
"""
_INSERT = """
INSERT INTO alerts.evidence (place, first_moment, last_moment, next_attempt_time, create_time)
SELECT place, first_moment, last_moment, $4, $4
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
    AS m (place, first_moment, last_moment)
RETURNING evidence_id, place, first_moment
"""
_WIDEN = "UPDATE alerts.evidence SET first_moment = $2, last_moment = $3 WHERE evidence_id = $1"
_LINK = """
INSERT INTO alerts.alert_evidence (alert_id, evidence_id)
SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (alert_id) DO UPDATE SET evidence_id = excluded.evidence_id
"""


async def write_moments(
    session: Session,
    transitions: Sequence[Transition],
    changes: Sequence[ConditionChange],
    now: datetime,
) -> None:
    """Note what is to be frozen of the alerts that these transitions raise or make worse.

    The counters must be locked, so that no two note the same moment.
    """
    moments = moments_of(transitions, changes)
    if not moments:
        return
    rows = await session.fetch(_LINKED, [moment.alert_id for moment in moments])
    linked = {row["alert_id"] for row in rows}
    moments = [moment for moment in moments if moment.alert_id not in linked]
    if not moments:
        return
    near = (
        sorted({moment.place for moment in moments}),
        min(moment.time for moment in moments) - SHARED_SPAN,
        max(moment.time for moment in moments) + SHARED_SPAN,
    )
    known = [
        moment_from_row(row)
        for query in (_PENDING, _STORED)
        for row in await session.fetch(query, *near)
    ]
    shared, links = share_moments(moments, known)
    new = [moment for moment in shared if not moment.evidence_id]
    columns = ([one.place for one in new], [one.first for one in new], [one.last for one in new])
    inserted = await session.fetch(_INSERT, *columns, now) if new else []
    # New moments of one place begin at different times.
    numbers = {(row["place"], row["first_moment"]): row["evidence_id"] for row in inserted}
    ids = [one.evidence_id or numbers[one.place, one.first] for one in shared]
    for before, after in zip(known, shared, strict=False):
        if after != before:
            await session.execute(_WIDEN, after.evidence_id, after.first, after.last)
    await session.execute(_LINK, [alert_id for alert_id, _ in links], [ids[at] for _, at in links])


def moment_from_row(row: Record) -> SharedMoment:
    """Return the moment in a row of MOMENT_COLUMNS."""
    return SharedMoment(
        row["evidence_id"],
        row["place"],
        row["first_moment"],
        row["last_moment"],
        EvidenceState(row["state"]),
    )
