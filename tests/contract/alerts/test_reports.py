"""Figures about alarms, in memory and on PostgreSQL."""

from datetime import timedelta

import pytest
from tests.contract.alerts.operator_plant import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    Kind,
    Plant,
    action,
    latching,
    shelve,
)

from kurto_alerts.alert_state import (
    Finding,
    Key,
)
from kurto_alerts.operators.actions import ActionKind
from kurto_alerts.operators.report import ReportPeriod
from kurto_alerts.rules import Severity


async def hand_made_history(plant: Plant) -> None:
    """Fill the plant with a day: a flood, a chatterer, a stale one, findings, acknowledgments."""
    begin = NOW
    stale = await plant.change(sensor="stale", now=begin - 30 * HOUR, machine="m")
    await plant.act(stale.alert_id, action(ActionKind.ACKNOWLEDGE, at=-29 * HOUR))
    for at in range(12):  # ten minutes from 12:00 on: a flood of 12 with the edge below
        await plant.change(sensor=f"f{at}", now=begin + at * timedelta(seconds=40))
    await plant.change(sensor="edge", now=begin + 10 * MINUTE)  # the first of the next interval
    for at in range(4):  # 3 within a minute, the fourth exactly a minute after the first
        alert = await plant.change(
            sensor="chatter", now=begin + HOUR + at * timedelta(seconds=20), machine="m",
            severity=Severity.CRITICAL,
        )  # fmt: skip
        await plant.change(
            Kind.RESOLVED, alert=alert, severity=Severity.CRITICAL,
            now=begin + HOUR + at * timedelta(seconds=20, microseconds=1),
        )  # fmt: skip
        if at < 3:
            finding = Finding.FALSE if at else Finding.TRUE
            await plant.act(alert.alert_id, action(ActionKind.MARK_FINDING, finding=finding))
    for at, wait in enumerate((10, 20, 60)):
        alert = await plant.change(sensor=f"w{at}", now=begin + 2 * HOUR)
        step = action(ActionKind.ACKNOWLEDGE, at=2 * HOUR + wait * timedelta(seconds=1))
        await plant.act(alert.alert_id, step)
    shelf = shelve(hours=8)
    await plant.operators.shelve(Key("hidden", "horizontal", "rms-high"), shelf)
    await plant.change(sensor="hidden", now=begin + 3 * HOUR)
    await plant.change(sensor="late", now=begin + DAY)  # the end is exclusive


async def test_report_of_a_hand_made_day(plant: Plant) -> None:
    await hand_made_history(plant)
    report = await plant.reports.report(ReportPeriod(NOW, NOW + DAY))
    assert report.alarm_count == 12 + 1 + 4 + 3
    assert (report.per_ten_minutes.mean, report.per_ten_minutes.maximum) == (20 / 144, 12)
    assert (report.per_hour.mean, report.per_hour.maximum) == (20 / 24, 13)
    assert (report.per_day.mean, report.per_day.maximum) == (20, 20)
    assert report.flood_share == pytest.approx(1 / 144)
    (chatter,) = report.chattering
    assert (chatter.key.sensor_id, chatter.largest_per_minute) == ("chatter", 3)
    assert (chatter.alarm_count, chatter.share, chatter.machine_id) == (4, 0.2, "m")
    assert (report.chattering_count, len(report.bad_actors)) == (1, 10)
    assert report.bad_actors[0] == chatter
    assert [alarm.key.sensor_id for alarm in report.stale] == ["stale"]
    assert (report.stale_count, report.stale[0].raise_time) == (1, NOW - 30 * HOUR)
    assert sum(report.priority_counts.values()) == 20
    assert sorted(report.priority_counts.values()) == [4, 16]
    assert report.acknowledgment_count == 3
    assert report.acknowledge_median_s == pytest.approx(20)
    assert report.acknowledge_p95_s == pytest.approx(56)
    (findings,) = report.findings
    assert (findings.true_count, findings.false_count) == (1, 2)
    assert findings.open_count == 21 - 3
    assert findings.false_share == pytest.approx(2 / 3)


async def test_report_of_one_machine_and_of_edges(plant: Plant) -> None:
    await hand_made_history(plant)
    machine = await plant.reports.report(ReportPeriod(NOW, NOW + DAY, ("m",)))
    assert (machine.alarm_count, machine.stale_count) == (4, 1)
    # From 12:00:00 to 12:10:00 exclusive: the alarm at 12:10 is outside.
    short = await plant.reports.report(ReportPeriod(NOW, NOW + 10 * MINUTE))
    assert (short.alarm_count, short.flood_share) == (12, 1.0)
    # An interval that the end cuts counts with what is left of it: 12 alarms until 12:07:20.
    cut = await plant.reports.report(ReportPeriod(NOW - 20 * MINUTE, NOW + 8 * MINUTE))
    assert cut.flood_share == pytest.approx(8 / 28)
    none = await plant.reports.report(ReportPeriod(NOW + 5 * HOUR, NOW + 6 * HOUR))
    assert (none.alarm_count, none.acknowledge_median_s, none.bad_actors) == (0, None, [])
    # The stale one had been standing for exactly 24 hours at the end: not yet stale.
    young = await plant.reports.report(ReportPeriod(NOW - 40 * HOUR, NOW - 6 * HOUR))
    assert young.stale_count == 0


async def test_latched_alarm_that_comes_again_is_an_alarm_of_its_own(plant: Plant) -> None:
    alert = await plant.change(rule=latching())
    await plant.change(Kind.RECOVERING, alert=alert, rule=latching(), now=NOW + MINUTE)
    await plant.change(Kind.RELAPSED, alert=alert, rule=latching(), now=NOW + 2 * MINUTE)
    await plant.change(Kind.RESOLVED, alert=alert, rule=latching(), now=NOW + 3 * MINUTE)
    again = await plant.change(rule=latching(), now=NOW + 4 * MINUTE)
    assert again.alert_id == alert.alert_id
    report = await plant.reports.report(ReportPeriod(NOW, NOW + DAY))
    assert report.alarm_count == 2
