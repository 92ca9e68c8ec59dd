"""Figures about alarms, computed by PostgreSQL."""

from typing import Any

from asyncpg import Record

from kurto_alerts.alert_state import Finding, Key, TransitionKind
from kurto_alerts.operators.report import (
    BAD_ACTOR_COUNT,
    CHATTERING_COUNT,
    LONGEST_LIST,
    STALE_AGE,
    AlarmReport,
    AlarmSource,
    ReportPeriod,
    RuleFindings,
    StaleAlarm,
    interval_figures,
)
from kurto_alerts.postgres.rows import Session
from kurto_alerts.rules import Priority, Scope
from kurto_service.postgres import Pool

_MACHINES = "($3::text[] IS NULL OR a.machine_id = ANY($3))"
_SCOPE = f"coalesce((a.details->>'scope')::int, {int(Scope.CHANNEL)})"
# The key of an alert, as `alert_state.key_of` has it.
_KEY = (
    f"CASE WHEN {_SCOPE} = {int(Scope.MACHINE)} AND a.machine_id <> '' THEN '/' || a.machine_id"
    " ELSE a.sensor_id END AS place,"
    f" CASE WHEN {_SCOPE} = {int(Scope.CHANNEL)} THEN a.channel ELSE '' END AS channel, a.rule_id"
)
_INSTANCE = "coalesce(nullif({0}.instance_id, ''), {0}.alert_id)"
_ALARMS = (
    f"WITH alarms AS (SELECT t.transition_number, t.transition_time, t.priority, a.machine_id,"
    f" t.rule_display_name, {_KEY}"
    " FROM alerts.alert_transitions t JOIN alerts.alerts a USING (alert_id)"
    f" WHERE t.transition_time >= $1 AND t.transition_time < $2 AND {_MACHINES}"
    f" AND NOT t.set_aside AND (t.kind = {int(TransitionKind.RAISED)}"
    f" OR t.kind = {int(TransitionKind.RELAPSED)} AND NOT EXISTS"
    " (SELECT FROM alerts.alert_transitions p WHERE p.alert_id = t.alert_id"
    " AND p.transition_number < t.transition_number"
    f" AND {_INSTANCE.format('p')} = {_INSTANCE.format('t')})))"
)
_INTERVALS = (
    f"{_ALARMS} SELECT floor(extract(epoch FROM transition_time - $1) / 600)::bigint AS interval,"
    " count(*) AS count FROM alarms GROUP BY 1"
)
_PRIORITIES = f"{_ALARMS} SELECT priority, count(*) AS count FROM alarms GROUP BY 1"
# A minute is half open; PostgreSQL knows microseconds and nothing finer.
_SOURCES = (
    f"{_ALARMS}, dense AS (SELECT *, count(*) OVER (PARTITION BY place, channel, rule_id"
    " ORDER BY transition_time RANGE BETWEEN '59.999999 seconds' PRECEDING AND CURRENT ROW)"
    " AS per_minute FROM alarms)"
    " SELECT place, channel, rule_id, count(*) AS count, max(per_minute) AS per_minute,"
    " (array_agg(machine_id ORDER BY transition_number DESC))[1] AS machine_id,"
    " (array_agg(rule_display_name ORDER BY transition_number DESC))[1] AS rule_display_name,"
    " count(*) OVER () AS total FROM dense GROUP BY place, channel, rule_id"
)
_BY_NAME = 'place COLLATE "C", channel COLLATE "C", rule_id COLLATE "C"'
_BAD_ACTORS = f"{_SOURCES} ORDER BY count DESC, {_BY_NAME} LIMIT {BAD_ACTOR_COUNT}"
_CHATTERING = (
    f"{_SOURCES} HAVING max(per_minute) >= {CHATTERING_COUNT}"
    f" ORDER BY per_minute DESC, count DESC, {_BY_NAME} LIMIT {LONGEST_LIST}"
)
_STALE = (
    f"SELECT a.alert_id, a.machine_id, a.rule_display_name, {_KEY}, r.transition_time,"
    " count(*) OVER () AS total"
    " FROM alerts.alerts a JOIN alerts.alert_transitions r ON r.alert_id = a.alert_id"
    f" AND r.kind = {int(TransitionKind.RAISED)}"
    f" WHERE r.transition_time < $1::timestamptz AND {_MACHINES}"
    " AND (a.resolve_time IS NULL OR a.alert_id IN (SELECT e.alert_id"
    " FROM alerts.alert_transitions e WHERE e.transition_time >= $2"
    " AND e.resolve_time IS NOT NULL GROUP BY e.alert_id"
    " HAVING NOT EXISTS (SELECT FROM alerts.alert_transitions b WHERE b.alert_id = e.alert_id"
    " AND b.resolve_time IS NOT NULL AND b.transition_time < $2)))"
    f" ORDER BY r.transition_time, a.alert_id LIMIT {LONGEST_LIST}"
)
# Acknowledgment is awaited from the first transition on after it was last given.
_ACKNOWLEDGMENTS = (
    "SELECT count(*) AS count, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY"
    " extract(epoch FROM t.transition_time - awaited.transition_time)::double precision)"
    " AS percentiles"
    " FROM alerts.alert_transitions t JOIN alerts.alerts a USING (alert_id)"
    " CROSS JOIN LATERAL (SELECT p.transition_time FROM alerts.alert_transitions p"
    " WHERE p.alert_id = t.alert_id AND p.transition_number > coalesce("
    "(SELECT max(q.transition_number) FROM alerts.alert_transitions q"
    " WHERE q.alert_id = t.alert_id AND q.transition_number < t.transition_number"
    " AND q.acknowledged), 0) ORDER BY p.transition_number LIMIT 1) awaited"
    f" WHERE t.kind = {int(TransitionKind.ACKNOWLEDGED)} AND t.transition_time >= $1"
    f" AND t.transition_time < $2 AND {_MACHINES}"
)
_FINDINGS = (
    "SELECT a.rule_id, count(*) FILTER (WHERE a.details->>'finding' = "
    f"'{int(Finding.TRUE)}') AS true_count, count(*) FILTER (WHERE a.details->>'finding' = "
    f"'{int(Finding.FALSE)}') AS false_count, count(*) AS count"
    " FROM alerts.alert_transitions t JOIN alerts.alerts a USING (alert_id)"
    f" WHERE t.kind = {int(TransitionKind.RAISED)} AND t.transition_time >= $1"
    f" AND t.transition_time < $2 AND {_MACHINES}"
    f' GROUP BY a.rule_id ORDER BY count DESC, a.rule_id COLLATE "C" LIMIT {LONGEST_LIST}'
)


class PostgresReports:
    """Implements `operators.ports.ReportStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def report(self, period: ReportPeriod) -> AlarmReport:
        """Return the figures of a period, as of one moment."""
        machines = list(period.machine_ids) or None
        bounds = (period.start_time, period.end_time, machines)
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            intervals = await session.fetch(_INTERVALS, *bounds)
            counts = {row["interval"]: row["count"] for row in intervals}
            total = sum(counts.values())
            actors = await session.fetch(_BAD_ACTORS, *bounds)
            chattering = await session.fetch(_CHATTERING, *bounds)
            stale = await session.fetch(
                _STALE, period.end_time - STALE_AGE, period.end_time, machines
            )
            priorities = await session.fetch(_PRIORITIES, *bounds)
            return AlarmReport(
                period=period,
                alarm_count=total,
                **interval_figures(period, counts),
                **await _acknowledgment_figures(session, *bounds),
                bad_actors=[_source(row, total) for row in actors],
                chattering=[_source(row, total) for row in chattering],
                chattering_count=chattering[0]["total"] if chattering else 0,
                stale=[_stale(row) for row in stale],
                stale_count=stale[0]["total"] if stale else 0,
                priority_counts={Priority(row["priority"]): row["count"] for row in priorities},
                findings=[_findings(row) for row in await session.fetch(_FINDINGS, *bounds)],
            )


async def _acknowledgment_figures(session: Session, *bounds: object) -> dict[str, Any]:
    row = await session.fetchrow(_ACKNOWLEDGMENTS, *bounds)
    assert row is not None
    median, p95 = row["percentiles"] or (None, None)
    return {
        "acknowledgment_count": row["count"],
        "acknowledge_median_s": median,
        "acknowledge_p95_s": p95,
    }


def _key(row: Record) -> Key:
    return Key(row["place"], row["channel"], row["rule_id"])


def _source(row: Record, total: int) -> AlarmSource:
    return AlarmSource(
        key=_key(row),
        machine_id=row["machine_id"],
        rule_display_name=row["rule_display_name"],
        alarm_count=row["count"],
        share=row["count"] / total,
        largest_per_minute=row["per_minute"],
    )


def _stale(row: Record) -> StaleAlarm:
    return StaleAlarm(
        alert_id=row["alert_id"],
        key=_key(row),
        machine_id=row["machine_id"],
        rule_display_name=row["rule_display_name"],
        raise_time=row["transition_time"],
    )


def _findings(row: Record) -> RuleFindings:
    known = row["true_count"] + row["false_count"]
    return RuleFindings(
        rule_id=row["rule_id"],
        true_count=row["true_count"],
        false_count=row["false_count"],
        open_count=row["count"] - known,
    )
