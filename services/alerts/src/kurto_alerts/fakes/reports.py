"""Figures about alarms, computed one transition after the other."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from kurto_alerts.alert_state import Alert, Finding, Key, Transition
from kurto_alerts.alert_state import TransitionKind as Kind
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.operators import report as figures
from kurto_alerts.operators.report import AlarmReport, AlarmSource, ReportPeriod, RuleFindings


class MemoryReports:
    """Implements `operators.ports.ReportStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def report(self, period: ReportPeriod) -> AlarmReport:
        """Return the figures of a period."""
        log = [
            one
            for one in self._database.transitions
            if not period.machine_ids or one.alert.machine_id in period.machine_ids
        ]
        alarms = [one for one in _annunciations(log) if _within(one, period)]
        sources = _sources(alarms)
        chattering = [one for one in sources if one.largest_per_minute >= 3]
        chattering.sort(key=lambda one: -one.largest_per_minute)
        stale = _stale(log, period.end_time)
        waits = sorted(_waits(log, period))
        return AlarmReport(
            period=period,
            alarm_count=len(alarms),
            per_ten_minutes=_rate(alarms, period, figures.PER_TEN_MINUTES),
            per_hour=_rate(alarms, period, figures.PER_HOUR),
            per_day=_rate(alarms, period, figures.PER_DAY),
            flood_share=_flood_share(alarms, period),
            bad_actors=sources[: figures.BAD_ACTOR_COUNT],
            chattering=chattering[: figures.LONGEST_LIST],
            chattering_count=len(chattering),
            stale=stale[: figures.LONGEST_LIST],
            stale_count=len(stale),
            priority_counts=dict(Counter(one.alert.priority for one in alarms)),
            acknowledgment_count=len(waits),
            acknowledge_median_s=_percentile(waits, 0.5),
            acknowledge_p95_s=_percentile(waits, 0.95),
            findings=_findings(log, period, self._database.alerts),
        )


def _within(transition: Transition, period: ReportPeriod) -> bool:
    return period.start_time <= transition.time < period.end_time


def _annunciations(log: Sequence[Transition]) -> list[Transition]:
    """Return what was shown as new: each run of a condition once."""
    runs: set[tuple[str, str]] = set()
    shown: list[Transition] = []
    for one in log:
        run = one.alert.alert_id, one.alert.instance
        begins = one.kind in (Kind.RAISED, Kind.RELAPSED) and run not in runs
        if begins and not one.alert.is_set_aside:
            shown.append(one)
        runs.add(run)
    return shown


def _rate(
    alarms: Sequence[Transition], period: ReportPeriod, goal: figures.RateGoal
) -> figures.AlarmRate:
    counts = Counter((one.time - period.start_time) // goal.interval for one in alarms)
    intervals = period.length.total_seconds() / goal.interval.total_seconds()
    maximum = max(counts.values(), default=0)
    return figures.AlarmRate(goal=goal, mean=len(alarms) / intervals, maximum=maximum)


def _flood_share(alarms: Sequence[Transition], period: ReportPeriod) -> float:
    flooded, start = timedelta(), period.start_time
    while start < period.end_time:
        end = min(start + timedelta(minutes=10), period.end_time)
        if sum(start <= one.time < end for one in alarms) > 10:
            flooded += end - start
        start = end
    return flooded / period.length


def _sources(alarms: Sequence[Transition]) -> list[AlarmSource]:
    by_key: dict[Key, list[Transition]] = {}
    for one in alarms:
        by_key.setdefault(one.alert.key, []).append(one)
    sources = [
        AlarmSource(
            key=key,
            machine_id=found[-1].alert.machine_id,
            rule_display_name=found[-1].alert.rule_display_name,
            alarm_count=len(found),
            share=len(found) / len(alarms),
            largest_per_minute=max(_in_the_minute_to(one.time, found) for one in found),
        )
        for key, found in by_key.items()
    ]
    return sorted(sources, key=lambda one: (-one.alarm_count, *_names(one.key)))


def _names(key: Key) -> tuple[str, str, str]:
    return key.sensor_id, key.channel, key.rule_id


def _in_the_minute_to(time: datetime, alarms: Sequence[Transition]) -> int:
    return sum(time - timedelta(minutes=1) < one.time <= time for one in alarms)


def _stale(log: Sequence[Transition], end: datetime) -> list[figures.StaleAlarm]:
    raised = {one.alert.alert_id: one for one in log if one.kind is Kind.RAISED}
    for one in log:
        if not one.alert.is_open and one.time < end:
            raised.pop(one.alert.alert_id, None)
    old = [one for one in raised.values() if end - one.time > timedelta(hours=24)]
    old.sort(key=lambda one: (one.time, one.alert.alert_id))
    latest = {one.alert.alert_id: one.alert for one in log}
    return [
        figures.StaleAlarm(
            alert_id=one.alert.alert_id,
            key=one.alert.key,
            machine_id=one.alert.machine_id,
            rule_display_name=latest[one.alert.alert_id].rule_display_name,
            raise_time=one.time,
        )
        for one in old
    ]


def _waits(log: Sequence[Transition], period: ReportPeriod) -> list[float]:
    """Return the seconds from when each acknowledgment was first awaited to it."""
    awaited: dict[str, datetime] = {}
    waits: list[float] = []
    for one in log:
        alert_id = one.alert.alert_id
        if not one.alert.acknowledged:
            awaited.setdefault(alert_id, one.time)
            continue
        since = awaited.pop(alert_id, one.time)
        if one.kind is Kind.ACKNOWLEDGED and _within(one, period):
            waits.append((one.time - since).total_seconds())
    return waits


def _percentile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def _findings(
    log: Sequence[Transition], period: ReportPeriod, alerts: dict[str, Alert]
) -> list[RuleFindings]:
    raised = [one.alert for one in log if one.kind is Kind.RAISED and _within(one, period)]
    counts: dict[str, Counter[Finding]] = {}
    for alert in raised:
        now = alerts[alert.alert_id]
        counts.setdefault(now.rule_id, Counter())[now.finding] += 1
    rules = sorted(counts, key=lambda rule_id: (-counts[rule_id].total(), rule_id))
    return [
        RuleFindings(
            rule_id=rule_id,
            true_count=counts[rule_id][Finding.TRUE],
            false_count=counts[rule_id][Finding.FALSE],
            open_count=counts[rule_id][Finding.UNKNOWN],
        )
        for rule_id in rules[: figures.LONGEST_LIST]
    ]
