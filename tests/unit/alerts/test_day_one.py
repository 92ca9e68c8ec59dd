"""Which rules come with a machine, and when they are made."""

import asyncio
from datetime import timedelta

import pytest

from kurto_alerts.conversion import draft_from_proto, rule_to_proto
from kurto_alerts.fakes import MemoryProfiles
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.fakes.rules import MemoryRules
from kurto_alerts.fakes.seeds import MemorySeeds
from kurto_alerts.frames import SensorProfile
from kurto_alerts.references.day_one import day_one_rules
from kurto_alerts.references.seeding import Seeder
from kurto_alerts.rule_validation import validated_rule
from kurto_alerts.rules import Measure, Scope, Severity
from kurto_service.clock import SystemClock


def sensor(
    sensor_id: str, machine_id: str = "", machine_class: str = "", *, archived: bool = False
) -> SensorProfile:
    return SensorProfile(
        sensor_id, archived=archived, machine_id=machine_id, machine_class=machine_class
    )


def test_one_rule_a_machine_however_many_sensors() -> None:
    [rule] = day_one_rules(
        [sensor("a", "fan"), sensor("b", "fan"), sensor("c", "fan", archived=True)]
    )
    assert rule.rule_id == "day-one.growth.fan"
    assert (rule.measure, rule.scope, rule.unit) == (
        Measure.ACCELERATION_GROWTH,
        Scope.MACHINE,
        "1",
    )
    assert rule.selector.machine_ids == {"fan"}
    assert {level.severity: level.upper for level in rule.levels} == {
        Severity.WARNING: 2.0, Severity.CRITICAL: 4.0,
    }  # fmt: skip
    assert rule.latches(Severity.CRITICAL)
    assert not rule.latches(Severity.WARNING)
    assert rule.day_one


def test_a_zone_for_machines_with_group_and_support() -> None:
    rules = day_one_rules([sensor("a", "fan"), sensor("b", "fan", "group_1,flexible")])
    assert [rule.rule_id for rule in rules] == ["day-one.growth.fan", "day-one.iso-zone.fan"]
    assert [level.upper for level in rules[1].levels] == [2.0, 3.0]
    assert len(day_one_rules([sensor("a", "fan", "class_ii")])) == 1


def test_a_sensor_without_a_machine_stands_for_itself() -> None:
    rules = day_one_rules([sensor("a", machine_class="group_2,rigid"), sensor("b")])
    assert [rule.rule_id for rule in rules] == [
        "day-one.sensor-growth.a", "day-one.sensor-growth.b", "day-one.sensor-iso-zone.a",
    ]  # fmt: skip
    assert {rule.scope for rule in rules} == {Scope.SENSOR}
    assert rules[0].selector.sensor_ids == {"a"}


def test_long_ids_stay_distinct() -> None:
    machines = ["m" * 127 + end for end in "ab"]
    rules = day_one_rules([sensor("s", machine) for machine in machines])
    assert len({rule.rule_id for rule in rules}) == 2
    assert all(len(rule.rule_id) <= 128 for rule in rules)


def test_they_are_rules_that_anybody_could_have_written() -> None:
    for rule in day_one_rules([sensor("a", "fan", "group_2,rigid")]):
        checked = validated_rule(
            draft_from_proto(rule_to_proto(rule), rule.rule_id), {"rms": "acceleration"}
        )
        for name in ("measure", "scope", "levels", "selector", "recovery", "operator", "guidance"):
            assert getattr(checked, name) == getattr(rule, name), name
    growth = day_one_rules([sensor("a")])[0]
    assert growth.recovery == timedelta(minutes=5)


async def test_machines_that_come_later_get_theirs_too() -> None:
    database, told = MemoryDatabase(), []
    profiles, rules = MemoryProfiles(database), MemoryRules(database)
    await profiles.save_profiles([sensor("a", "fan")], "1")
    seeder = Seeder(MemorySeeds(database), profiles, lambda: told.append(1), clock=SystemClock())
    task = asyncio.create_task(seeder.run())

    async def until(*rule_ids: str) -> None:
        async with asyncio.timeout(30):
            while [r.rule_id for r in await rules.list_rules(after_rule_id="", limit=9)] != list(
                rule_ids
            ):
                await asyncio.sleep(0.01)

    await until("day-one.growth.fan")
    await profiles.save_profiles([sensor("b", "pump")], "2")
    seeder.profiles_changed()
    await until("day-one.growth.fan", "day-one.growth.pump")
    await rules.delete_rule("day-one.growth.fan", principal="ada", now=SystemClock().now())
    await profiles.save_profiles([sensor("c", "fan"), sensor("d", "saw")], "3")
    seeder.profiles_changed()
    await until("day-one.growth.pump", "day-one.growth.saw")
    assert len(told) == 3
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
