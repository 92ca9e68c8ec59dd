"""Event tables in the manner of OPC UA Part 9: a step, the state after it, and what was told.

The state is that of the one alert of the key: Active, Recovering or Latched, then Unacknowledged
or acKnowledged, then Shelved and Out of service; "-" when none is retained.
"""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.alerts.plant import Plant

from kurto_alerts.rules import Operator, Severity
from kurto_alerts.testing import make_rule

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
BOTH = make_rule(levels={WARNING: 1.0, CRITICAL: 2.0}, recovery_s=0.3, latch=True)
MILD = make_rule(recovery_s=0.3)
NAN = float("nan")

Row = tuple[Any, str, list[str]]
TABLES: dict[str, list[Row]] = {
    "acknowledged while active, then normal": [
        (0.5, "-", []),
        (1.5, "AU", ["RAISED"]),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        ("ack", "AK", []),
        (1.6, "AK", []),
        (0.5, "RK", ["RECOVERING"]),
        (0.5, "RK", []),
        (0.5, "-", ["RESOLVED"]),
        ("ack", "-", []),
    ],
    "normal before anybody acknowledged": [
        (1.5, "AU", ["RAISED"]),
        (0.5, "RU", ["RECOVERING"]),
        (1.5, "AU", ["RELAPSED"]),
        (0.5, "RU", ["RECOVERING"]),
        ("ack", "RK", ["ACKNOWLEDGED"]),
        (0.5, "RK", []),
        (0.5, "-", ["RESOLVED"]),
        (1.5, "AU", ["RAISED"]),
    ],
    "acknowledgment taken back": [
        (1.5, "AU", ["RAISED"]),
        ("unack", "AU", []),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        ("comment", "AK", ["COMMENTED"]),
        ("unack", "AU", ["UNACKNOWLEDGED"]),
    ],
    "a rise of severity asks anew, a fall does not": [
        (1.5, "AU", ["RAISED"]),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        (2.5, "AU", ["ESCALATED"]),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        (1.5, "AK", []),
        (1.5, "AK", []),
        (1.5, "AK", ["DEESCALATED"]),
    ],
    "CRITICAL latches, and only a reset after the condition ends it": [
        (2.5, "AU", ["RAISED"]),
        ("reset", "AU", []),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        (0.5, "RK", ["RECOVERING"]),
        ("reset", "RK", []),
        (0.5, "RK", []),
        (0.5, "LK", ["LATCHED"]),
        (0.5, "LK", []),
        ("reset", "-", ["RESET"]),
        (0.5, "-", []),
    ],
    "a latched alert that comes back is the same problem, asked anew": [
        (2.5, "AU", ["RAISED"]),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        (0.5, "RK", ["RECOVERING"]),
        (0.5, "RK", []),
        (0.5, "LK", ["LATCHED"]),
        (1.5, "AU", ["RELAPSED"]),
        (0.5, "RU", ["RECOVERING"]),
        (0.5, "RU", []),
        (0.5, "LU", ["LATCHED"]),
        ("reset", "-", ["RESET"]),
        (1.5, "AU", ["RAISED"]),
        (0.5, "RU", ["RECOVERING"]),
        (0.5, "RU", []),
        (0.5, "-", ["RESOLVED"]),
    ],
    "what had been CRITICAL latches also from WARNING": [
        (2.5, "AU", ["RAISED"]),
        (1.5, "AU", []),
        (1.5, "AU", []),
        (1.5, "AU", ["DEESCALATED"]),
        (0.5, "RU", ["RECOVERING"]),
        (0.5, "RU", []),
        (0.5, "LU", ["LATCHED"]),
    ],
    "a latched alert goes with its rule": [
        (2.5, "AU", ["RAISED"]),
        (0.5, "RU", ["RECOVERING"]),
        (0.5, "RU", []),
        (0.5, "LU", ["LATCHED"]),
        ("delete", "-", ["WITHDRAWN"]),
        (2.5, "-", []),
    ],
    "gaps and nulls never end an alert, and freeze recovering": [
        (1.5, "AU", ["RAISED"]),
        (None, "AU", []),
        (NAN, "AU", []),
        (0.5, "RU", ["RECOVERING"]),
        (None, "RU", []),
        (NAN, "RU", []),
        (0.5, "RU", []),
        (0.5, "-", ["RESOLVED"]),
    ],
    "shelved alerts are kept, and come back unacknowledged": [
        (1.5, "AU", ["RAISED"]),
        ("ack", "AK", ["ACKNOWLEDGED"]),
        ("shelve", "AKS", ["SHELVED"]),
        (1.5, "AKS", []),
        ("wait", "AU", ["SHELF_EXPIRED"]),
        ("shelve", "AUS", ["SHELVED"]),
        ("unshelve", "AU", ["UNSHELVED"]),
    ],
    "what is raised on the shelf is put there": [
        ("shelve", "-", []),
        (1.5, "AUS", ["RAISED"]),
        (0.5, "RUS", ["RECOVERING"]),
        (0.5, "RUS", []),
        (0.5, "-", ["RESOLVED"]),
        (1.5, "AUS", ["RAISED"]),
        ("wait", "AU", ["SHELF_EXPIRED"]),
    ],
    "a one-shot shelf ends with the alert": [
        ("shelve once", "-", []),
        (1.5, "AUS", ["RAISED"]),
        (0.5, "RUS", ["RECOVERING"]),
        (0.5, "RUS", []),
        (0.5, "-", ["RESOLVED"]),
        (1.5, "AU", ["RAISED"]),
    ],
    "out of service": [
        (1.5, "AU", ["RAISED"]),
        ("out", "AUO", ["TAKEN_OUT_OF_SERVICE"]),
        (0.5, "RUO", ["RECOVERING"]),
        (0.5, "RUO", []),
        (0.5, "-", ["RESOLVED"]),
        (1.5, "AUO", ["RAISED"]),
        ("back", "AU", ["RETURNED_TO_SERVICE"]),
    ],
}


def take(plant: Plant, step: Any) -> None:
    match step:
        case "delete":
            plant.delete()
        case "shelve":
            plant.shelve()
        case "shelve once":
            plant.shelve(one_shot=True)
        case "wait":
            plant.wait(60)
        case "out" | "back":
            plant.service(out=step == "out")
        case str():
            plant.act(step)
        case _:
            plant.measure(step)


@pytest.mark.parametrize("restarts", [False, True], ids=["through", "restarted"])
@pytest.mark.parametrize("name", TABLES)
def test_table(name: str, restarts: bool) -> None:
    plant = Plant(BOTH)
    for number, (step, state, events) in enumerate(TABLES[name]):
        take(plant, step)
        assert (plant.state(), plant.events()) == (state, events), f"step {number}: {step}"
        if restarts:
            plant.restart()
            assert (plant.state(), plant.events()) == (state, []), f"restart after step {number}"


def test_an_edit_keeps_the_alert_and_decides_by_the_new_limits() -> None:
    plant = Plant(MILD)
    plant.measure(1.5)
    plant.act("ack")
    plant.edit(replace(MILD, display_name="Another"))
    plant.measure(1.5)
    assert (plant.state(), plant.events()) == ("AK", ["RAISED", "ACKNOWLEDGED"])
    plant.edit(make_rule(levels={WARNING: 5.0}, recovery_s=0.0))
    plant.measure(1.5)
    assert (plant.state(), plant.events()) == ("-", ["RESOLVED"])


def test_a_rule_that_no_longer_latches_lets_its_alert_end() -> None:
    plant = Plant(BOTH)
    plant.measure(2.5)
    plant.edit(replace(BOTH, levels=tuple(replace(one, latch=False) for one in BOTH.levels)))
    for _ in range(3):
        plant.measure(0.5)
    assert plant.events() == ["RAISED", "RECOVERING", "RESOLVED"]


def test_a_latched_alert_is_withdrawn_when_its_rule_selects_others() -> None:
    plant = Plant(BOTH)
    for value in (2.5, 0.5, 0.5, 0.5):
        plant.measure(value)
    selector = replace(BOTH.selector, sensor_ids=frozenset({"another"}))
    plant.edit(replace(BOTH, selector=selector))
    plant.measure(0.5)
    assert plant.events()[-2:] == ["LATCHED", "WITHDRAWN"]


def test_row_every_100_ms() -> None:
    """The predecessor stored and sent an alarm each 100 ms while a limit was exceeded."""
    plant = Plant(make_rule(pending_s=None))
    for _ in range(6000):
        plant.measure(1.5)
    assert plant.events() == ["RAISED"]
    assert len(plant.database.alerts) == 1


@pytest.mark.parametrize("operator", [Operator.ABOVE, Operator.BELOW])
def test_limit_0(operator: Operator) -> None:
    """The predecessor took a limit of 0 for none."""
    plant = Plant(make_rule(operator=operator, levels={WARNING: 0.0}))
    beyond = 0.1 if operator is Operator.ABOVE else -0.1
    for value in (0.0, beyond, 0.0):
        plant.measure(value)
    assert plant.events() == ["RAISED", "RESOLVED"]
    assert next(iter(plant.database.alerts.values())).limit == 0.0
