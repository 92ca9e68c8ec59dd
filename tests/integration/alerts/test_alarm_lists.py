"""Lists of alarms over 100 000 of them, on a real PostgreSQL."""

import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncpg.connection import LoggedQuery

from kurto_alerts.alert_state import AlertKind
from kurto_alerts.operators.report import ReportPeriod
from kurto_alerts.ports import ActivePosition, AlertFilter, HistoryPosition
from kurto_alerts.postgres import PostgresAlerts, PostgresReports
from kurto_alerts.rules import Severity
from kurto_service.postgres import Pool, create_pool, migrate

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ALARMS = 100_000
# Of 100 000 alarms, one a minute, every tenth is open; every twentieth of those is set aside.
_FILL = """
INSERT INTO alerts.acknowledgments
SELECT i, 'a-' || i, 'anna', 'Anna', '', '2026-03-01'::timestamptz - i * interval '1 minute'
FROM generate_series(1, {count}) i WHERE i % 3 = 0;
INSERT INTO alerts.alerts (alert_id, sensor_id, channel, rule_id, epoch, window_index, raise_time,
    rule_version, rule_display_name, feature, unit, severity, state, value, worst_value,
    limit_value, resolve_time, update_time, acknowledged, acknowledgment_number, revision, kind,
    machine_id, instance_id, priority, set_aside, details)
SELECT 'a-' || i, 's-' || i % 5000, 'horizontal', 'r-' || i % 40 || '-' || i / 5000, 1, i,
    t, 1, 'Rule', 'rms', 'g', CASE WHEN i % 97 = 0 THEN 3 ELSE 2 END,
    CASE WHEN i % 10 = 0 THEN 3 ELSE 1 END, 2, 3, 1,
    CASE WHEN i % 10 = 0 THEN NULL ELSE t + interval '5 minutes' END, t, i % 3 = 0,
    CASE WHEN i % 3 = 0 THEN i END, 2, CASE WHEN i % 1009 = 0 THEN 2 ELSE 1 END,
    'm-' || i % 500, 'a-' || i, 2, i % 200 = 0,
    jsonb_build_object('labels', jsonb_build_object('team', 't' || i % 20), 'worst_severity', 2,
        'guidance', repeat('Look at the bearing. ', 10))
FROM generate_series(1, {count}) i,
    LATERAL (SELECT '2026-03-01'::timestamptz - i * interval '1 minute') x (t);
INSERT INTO alerts.alert_transitions (transition_number, alert_id, kind, transition_time,
    principal, rule_version, rule_display_name, feature, unit, severity, state, value, worst_value,
    limit_value, update_time, acknowledged, revision, instance_id, priority, set_aside)
SELECT row_number() OVER (ORDER BY a.raise_time), a.alert_id, 1, a.raise_time, '', 1, 'Rule',
    'rms', 'g', a.severity, 3, 2, 3, 1, a.raise_time, false, 1, a.alert_id, 2, a.set_aside
FROM alerts.alerts a;
UPDATE alerts.counters SET transition_number = {count};
ANALYZE alerts.alerts, alerts.alert_transitions, alerts.acknowledgments;
"""
_AT = NOW - timedelta(minutes=40_000)
FILTERS: dict[str, AlertFilter] = {
    "all": AlertFilter(),
    "shown": AlertFilter(set_aside=False),
    "set aside": AlertFilter(set_aside=True),
    "machine": AlertFilter(machine_id="m-10", set_aside=False),
    "sensor": AlertFilter(sensor_id="s-10"),
    "rule": AlertFilter(rule_id="r-0-3"),
    "critical": AlertFilter(minimum_severity=Severity.CRITICAL),
    "data quality": AlertFilter(kinds=frozenset({AlertKind.DATA_QUALITY})),
    "unacknowledged": AlertFilter(acknowledged=False, set_aside=False),
    "acknowledged": AlertFilter(acknowledged=True),
    "label": AlertFilter(labels={"team": "t10"}),
    "nothing": AlertFilter(kinds=frozenset({AlertKind.SYSTEM})),
    "no such label": AlertFilter(labels={"team": "none"}),
    "times": AlertFilter(start_time=_AT, end_time=_AT + timedelta(days=1)),
    "critical of a machine": AlertFilter(machine_id="m-10", minimum_severity=Severity.CRITICAL),
}


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[Pool]:
    await migrate(postgres_dsn, "alerts", "kurto_alerts:migrations")
    pool = await create_pool(postgres_dsn, max_size=2)
    async with pool.acquire() as session:
        await session.execute(_FILL.format(count=ALARMS), timeout=300.0)
    yield pool
    await pool.close()


def scanned(plan: dict[str, Any]) -> set[str]:
    """Return the tables that a plan reads as a whole."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(scanned(part) for part in plan.get("Plans", ())))


async def ask(alerts: PostgresAlerts, kind: str, chosen: AlertFilter, *, later: bool) -> None:
    if kind == "active":
        after = ActivePosition(2, _AT, "a-40000") if later else None
        await alerts.list_active(chosen, after=after, limit=101)
    else:
        place = HistoryPosition(_AT, "a-40000") if later else None
        await alerts.list_history(chosen, after=place, limit=101)


KINDS = ("active", "history")
CASES = [(kind, name, later) for kind in KINDS for name in FILTERS for later in (False, True)]


async def test_lists_over_100_000_alarms_are_quick(
    pool: Pool, record_property: Callable[[str, object], None]
) -> None:
    alerts = PostgresAlerts(pool)
    durations_s: list[float] = []
    medians_s: dict[str, float] = {}
    for kind, name, later in CASES:
        own: list[float] = []
        for _ in range(10):
            begin = time.perf_counter()
            await ask(alerts, kind, FILTERS[name], later=later)
            own.append(time.perf_counter() - begin)
        durations_s += own
        medians_s[f"{kind} {name}{' page' if later else ''}"] = sorted(own)[len(own) // 2]
    durations_s.sort()
    p99_s = durations_s[int(0.99 * len(durations_s))]
    worst = sorted(medians_s.items(), key=lambda item: -item[1])[:8]
    record_property("list_p99_ms", round(p99_s * 1e3, 1))
    record_property("slowest_medians_ms", {text: round(one * 1e3, 1) for text, one in worst})
    # 50 ms are promised where nothing else runs; here they are three to ten times that.
    assert p99_s <= 0.5, worst


async def test_no_list_of_open_alarms_reads_all_alarms(pool: Pool) -> None:
    asked: list[LoggedQuery] = []
    alerts = PostgresAlerts(pool)
    async with pool.acquire() as session:
        # The pool of the store has two connections: hold one, so that the other is the logged one.
        async with pool.acquire() as other:
            other.add_query_logger(asked.append)
        for kind, name, later in CASES:
            await ask(alerts, kind, FILTERS[name], later=later)
        lists = [one for one in asked if "alerts.alerts a" in one.query]
        assert len(lists) == len(CASES)
        for one, case in zip(lists, CASES, strict=True):
            text = await session.fetchval(f"EXPLAIN (FORMAT JSON) {one.query}", *one.args)
            (plan,) = json.loads(text)
            whole = scanned(plan["Plan"])
            assert not whole - {"counters"} or case[0] == "history", (case, plan)


async def test_report_over_100_000_alarms(
    pool: Pool, record_property: Callable[[str, object], None]
) -> None:
    period = ReportPeriod(NOW - timedelta(days=30), NOW)
    begin = time.perf_counter()
    report = await PostgresReports(pool).report(period)
    duration_s = time.perf_counter() - begin
    record_property("report_ms", round(duration_s * 1e3))
    # One a minute, but for every 200th: it is set aside.
    assert report.alarm_count == 30 * 1440 - 30 * 1440 // 200
    assert report.per_ten_minutes.maximum == 10
    assert json.dumps(report.flood_share) == "0.0"
