"""One sensor under one rule, with an operator: both machines of an alarm, step by step."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kurto_alerts.alert_state import Alert, Key
from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.exceptions import KurtoError
from kurto_alerts.fakes import MemoryDatabase, MemoryEvaluation, MemoryRules
from kurto_alerts.fakes.operators import MemoryOperators
from kurto_alerts.operators.actions import Action, ActionKind, Actor
from kurto_alerts.ports import LiveMessage
from kurto_alerts.rules import Rule
from kurto_alerts.testing import make_frame
from kurto_alerts.transition_log import Place

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = EvaluationLimits(
    backfill_windows=10_000, waiting_frames=4, longest_hole_windows=10_000, profile_patience_s=0.0
)
ACTIONS = {
    "ack": ActionKind.ACKNOWLEDGE,
    "unack": ActionKind.UNACKNOWLEDGE,
    "reset": ActionKind.RESET,
    "comment": ActionKind.COMMENT,
    "unshelve": ActionKind.UNSHELVE,
}


class Plant:
    """Takes steps and tells what came of them."""

    def __init__(self, rule: Rule) -> None:
        self.database = MemoryDatabase()
        self.operators = MemoryOperators(self.database)
        self.rule = asyncio.run(MemoryRules(self.database).create_rule(
            replace(rule, version=0), principal="anna", now=NOW
        ))  # fmt: skip
        self.key = Key("pump-7", "horizontal", rule.rule_id)
        self.window_index = -1
        self.minutes = 0
        self.told = 0
        self.evaluation = self._begin()

    def _begin(self) -> Evaluation:
        return Evaluation(asyncio.run(MemoryEvaluation(self.database).load()), LIMITS)

    def _store(self, *, complete: bool) -> None:
        batch = self.evaluation.take_batch(complete=complete)
        asyncio.run(MemoryEvaluation(self.database).commit(batch, now=self.now))

    @property
    def now(self) -> datetime:
        return NOW + timedelta(minutes=self.minutes)

    @property
    def alert(self) -> Alert | None:
        """The open alert."""
        found = self.database.open_alerts()
        assert len(found) <= 1
        return found[0] if found else None

    def measure(self, value: float | None) -> None:
        """Let another window come; None for one that spans a gap."""
        self.window_index += 1
        frame = make_frame(self.window_index, value)
        message = LiveMessage("stream", f"{self.window_index}-0", [frame])
        self.evaluation.take_message(message, now_s=0.0)
        if self.evaluation.has_changes:
            self._store(complete=False)

    def restart(self) -> None:
        """Kill the evaluator after a checkpoint."""
        self._store(complete=True)
        self.evaluation = self._begin()

    def edit(self, rule: Rule) -> None:
        """Change the rule; evaluation goes on under the new one."""
        self._store(complete=True)
        edited = replace(rule, version=0)
        rules = MemoryRules(self.database)
        self.rule = asyncio.run(rules.update_rule(edited, principal="anna", now=self.now))
        self.evaluation = self._begin()

    def delete(self) -> None:
        """Delete the rule."""
        rules = MemoryRules(self.database)
        asyncio.run(rules.delete_rule(self.rule.rule_id, principal="anna", now=self.now))
        self.evaluation = self._begin()

    def act(self, word: str) -> bool:
        """Do what an operator does; return whether it was accepted."""
        kind = ACTIONS[word]
        action = Action(kind=kind, actor=Actor(principal="anna"), time=self.now, text="why")
        if kind is ActionKind.UNSHELVE:
            return self._tried(self.operators.unshelve(self.key, action))
        alert = self.alert
        if alert is None:
            return False
        (outcome,) = asyncio.run(self.operators.act([alert.alert_id], action))
        return isinstance(outcome, Alert)

    def _tried(self, action: object) -> bool:
        try:
            asyncio.run(action)  # type: ignore[arg-type]
        except KurtoError:
            return False
        return True

    def shelve(self, *, one_shot: bool = False) -> None:
        """Put the key on the shelf for an hour."""
        action = Action(
            kind=ActionKind.SHELVE,
            actor=Actor(principal="anna"),
            time=self.now,
            text="why",
            expire_time=self.now + timedelta(hours=1),
            one_shot=one_shot,
        )
        asyncio.run(self.operators.shelve(self.key, action))

    def wait(self, minutes: int) -> None:
        """Let time pass for people; shelves whose time is over end."""
        self.minutes += minutes
        asyncio.run(self.operators.expire_shelves(now=self.now, limit=10))

    def service(self, *, out: bool) -> None:
        """Take the sensor out of service, or put it back."""
        kind = ActionKind.SET_OUT_OF_SERVICE if out else ActionKind.RETURN_TO_SERVICE
        action = Action(kind=kind, actor=Actor(principal="anna"), time=self.now, text="why")
        place = Place(sensor_id="pump-7")
        if out:
            asyncio.run(self.operators.set_out_of_service(place, action))
        else:
            asyncio.run(self.operators.return_to_service(place, action))

    def events(self) -> list[str]:
        """Return the kinds of the transitions since the last call."""
        new = self.database.transitions[self.told :]
        self.told += len(new)
        return [transition.kind.name for transition in new]

    def state(self) -> str:
        """Return the state of the open alert in letters, "-" without one.

        Active, Recovering or Latched; Kept in mind (acknowledged) or Unacknowledged; then Shelved
        and Out of service.
        """
        alert = self.alert
        if alert is None:
            return "-"
        letters = "L" if alert.latched else {3: "A", 4: "R"}[int(alert.state)]
        letters += "K" if alert.acknowledged else "U"
        letters += "S" if alert.shelving else ""
        return letters + ("O" if alert.out_of_service else "")
