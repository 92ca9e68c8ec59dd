"""The demonstration's plant is one that the services take."""

from kurto_alerts.conversion import draft_from_proto
from kurto_alerts.rule_validation import validated_rule
from kurto_alerts.units import ACCELERATION
from kurto_cli.sources.demo_plant import demo_machines, demo_rules, simulated_sensors
from kurto_dsp import AccelerationUnit, feature_catalogue
from kurto_dsp.synthesis import Fault


def feature_units() -> dict[str, str]:
    """Return the units of the features that exist, as the alert service names them."""
    names = {"g": ACCELERATION, "": "1"}
    units = {each.name: each.unit(AccelerationUnit.G) for each in feature_catalogue()}
    return {feature: names.get(unit, unit) for feature, unit in units.items()}


def test_machines_are_distinct() -> None:
    machines = demo_machines()
    assert len(machines) == 4
    for field in ("machine_id", "display_name"):
        assert len({getattr(machine, field) for machine in machines}) == 4
    assert len({machine.model.seed for machine in machines}) == 4


def test_every_machine_has_a_sensor() -> None:
    sensors = simulated_sensors()
    assert [sensor.machine_id for sensor in sensors] == [m.machine_id for m in demo_machines()]
    assert [sensor.model for sensor in sensors] == [m.model for m in demo_machines()]
    assert len({sensor.sensor_id for sensor in sensors}) == 4


def test_one_machine_stays_healthy_and_one_fails() -> None:
    machines = demo_machines()
    assert [m.model.fault for m in machines].count(Fault.NONE) == 1
    growing = [m for m in machines if m.model.severity.final > m.model.severity.initial]
    assert [m.machine_id for m in growing] == ["compressor-1"]


def test_rules_are_valid_and_their_levels_ascend() -> None:
    rules = [validated_rule(draft_from_proto(r, r.rule_id), feature_units()) for r in demo_rules()]
    assert len({rule.rule_id for rule in rules}) == len(rules) > 0
    for message in demo_rules():
        limits = [level.limit for level in message.levels]
        severities = [level.severity for level in message.levels]
        assert limits == sorted(set(limits))
        assert severities == sorted(set(severities))


def test_rules_watch_the_sensors_of_the_demonstration_alone() -> None:
    sensor_ids = [sensor.sensor_id for sensor in simulated_sensors()]
    for rule in demo_rules():
        assert list(rule.selector.sensor_ids) == sensor_ids
