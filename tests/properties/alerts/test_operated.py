"""Both machines of an alarm together, under restarts, edits and operators, against a slow model."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.properties.alerts.test_engine import Model
from tests.unit.alerts.plant import Plant

from kurto_alerts.rules import Rule, Severity
from kurto_alerts.testing import make_rule

LEVELS = {Severity.WARNING: 1.0, Severity.CRITICAL: 2.0}
RULES = [
    make_rule(levels=LEVELS, recovery_s=0.3, latch=True),
    make_rule(levels=LEVELS, pending_s=0.3, recovery_s=0.3, latch=True),
    make_rule(levels={Severity.WARNING: 1.5, Severity.CRITICAL: 2.25}, recovery_s=0.4),
]
VALUES = st.one_of(st.sampled_from([0.5, 0.95, 1.25, 1.75, 2.5]), st.none(), st.just(float("nan")))


class OperatedModel:
    """What an alert of one key must be, told from the events of its condition and from people."""

    def __init__(self, watched: Rule) -> None:
        self.rule = watched
        self.condition = Model(watched)
        self.open = self.acknowledged = self.latched = self.shelved = self.once = False
        self.worst = 0
        self.out = False

    def measure(self, value: float | None) -> list[str]:
        kind = self.condition.take(value)
        if kind is None:
            return []
        if kind == "RAISED":
            was_latched = self.open
            self.worst = max(self.worst, self.condition.severity)
            self.open, self.latched, self.acknowledged = True, False, False
            return ["RELAPSED" if was_latched else "RAISED"]
        if kind == "ESCALATED":
            self.acknowledged = False
            self.worst = max(self.worst, self.condition.severity)
        if kind == "RESOLVED":
            if any(one.latch for one in self.rule.levels if one.severity <= self.worst):
                self.latched = True
                return ["LATCHED"]
            self.end()
        return [kind]

    def end(self) -> None:
        self.open = self.acknowledged = self.latched = False
        self.worst = 0
        if self.once:
            self.shelved = self.once = False

    def edit(self, changed: Rule) -> None:
        """Counts begin anew; an alert keeps its severity."""
        self.rule = self.condition.rule = changed
        self.condition.values.clear()

    def state(self) -> str:
        if not self.open:
            return "-"
        letters = "L" if self.latched else "R" if self.condition.recovering else "A"
        letters += "K" if self.acknowledged else "U"
        return letters + "S" * self.shelved + "O" * self.out


class Operated(RuleBasedStateMachine):
    """A sensor, an evaluator that is killed, an engineer who edits the rule, and operators."""

    def __init__(self) -> None:
        super().__init__()
        self.plant = Plant(RULES[0])
        self.model = OperatedModel(RULES[0])

    def told(self, *events: str) -> None:
        assert self.plant.events() == list(events)

    @rule(values=st.lists(VALUES, min_size=1, max_size=6))
    def measure(self, values: list[float | None]) -> None:
        for value in values:
            self.plant.measure(value)
            self.told(*self.model.measure(value))

    @rule()
    def restart(self) -> None:
        self.plant.restart()
        self.told()

    @rule(changed=st.sampled_from(RULES))
    def edit(self, changed: Rule) -> None:
        self.plant.edit(changed)
        self.model.edit(changed)
        self.told()

    @rule()
    def acknowledge(self) -> None:
        accepted = self.model.open and not self.model.acknowledged
        assert self.plant.act("ack") == accepted
        self.told(*["ACKNOWLEDGED"] * accepted)
        self.model.acknowledged = self.model.open

    @rule()
    def unacknowledge(self) -> None:
        accepted = self.model.open and self.model.acknowledged
        assert self.plant.act("unack") == accepted
        self.told(*["UNACKNOWLEDGED"] * accepted)
        self.model.acknowledged = False

    @rule()
    def reset(self) -> None:
        accepted = self.model.latched
        assert self.plant.act("reset") == accepted
        self.told(*["RESET"] * accepted)
        if accepted:
            self.model.end()

    @rule(once=st.booleans())
    def shelve(self, once: bool) -> None:
        self.plant.shelve(one_shot=once)
        self.told(*["SHELVED"] * self.model.open)
        self.model.shelved, self.model.once = True, once

    @rule()
    def shelf_expires(self) -> None:
        self.plant.wait(60)
        self.told(*["SHELF_EXPIRED"] * (self.model.open and self.model.shelved))
        if self.model.shelved and not self.model.latched:
            self.model.acknowledged = False
        self.model.shelved = self.model.once = False

    @rule(out=st.booleans())
    def service(self, out: bool) -> None:
        if out == self.model.out:
            return
        self.plant.service(out=out)
        kind = "TAKEN_OUT_OF_SERVICE" if out else "RETURNED_TO_SERVICE"
        self.told(*[kind] * self.model.open)
        self.model.out = out

    @invariant()
    def the_alert_is_what_the_model_says(self) -> None:
        assert self.plant.state() == self.model.state()

    @invariant()
    def transitions_are_dense(self) -> None:
        numbers = [one.number for one in self.plant.database.transitions]
        assert numbers == list(range(1, len(numbers) + 1))


TestOperated = Operated.TestCase
TestOperated.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
