"""However diagnoses come and whenever evaluation is killed, alarms on them are the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import hypothesis.strategies as st
from hypothesis import given, settings

from kurto_alerts.diagnoses.ports import DiagnosisPage
from kurto_alerts.diagnoses.scores import DiagnosedWindow
from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.fakes import MemoryDatabase, MemoryEvaluation
from kurto_alerts.ports import LiveMessage
from kurto_alerts.rules import Measure, Severity
from kurto_alerts.testing import diagnosed, make_frame, make_rule

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = EvaluationLimits(
    backfill_windows=0, waiting_frames=4, longest_hole_windows=10_000, profile_patience_s=0.0
)
RULES = [
    replace(
        make_rule(rule_id, levels={Severity.WARNING: 4.0, Severity.CRITICAL: 8.0}, unit="1",
                  feature=feature, pending_s=pending_s, recovery_s=30.0),
        measure=Measure.FAULT_SCORE,
    )
    for rule_id, feature, pending_s in (("any", "", 0.0), ("outer", "outer_race", 30.0))
]  # fmt: skip
DIAGNOSES = st.lists(
    st.tuples(
        st.sampled_from([0.5, 3.8, 5.0, 9.0]),
        st.sampled_from(["", "", "uncertain", "inner_race"]),
        st.sampled_from([1.0, 1.9, 3.0]),
    ),
    max_size=25,
)


class Evaluator:
    """Evaluates from a store in memory."""

    def __init__(self) -> None:
        self.database = MemoryDatabase(rules={rule.rule_id: rule for rule in RULES})
        self.begin()
        first = LiveMessage("s", "1-0", [make_frame(0, 1.0)])
        self.evaluation.take_message(first, now_s=0.0)
        self.store(complete=True)

    def begin(self) -> None:
        state = asyncio.run(MemoryEvaluation(self.database).load())
        self.evaluation = Evaluation(state, LIMITS)

    def store(self, *, complete: bool) -> None:
        batch = self.evaluation.take_batch(complete=complete)
        asyncio.run(MemoryEvaluation(self.database).commit(batch, now=NOW))

    def give(self, windows: Sequence[DiagnosedWindow]) -> None:
        """Hand over what lies behind the position, as it is asked for."""
        after_us = self.evaluation.diagnosis_positions()["pump-7"]
        behind = [window for window in windows if window.end_us > after_us]
        self.evaluation.take_diagnoses(DiagnosisPage("pump-7", behind, complete=True))

    def story(self) -> list[tuple[str, str, int | None, float]]:
        return sorted(
            (one.alert.rule_id, one.kind.name, one.window_index, one.alert.worst_value)
            for one in self.database.transitions
        )


@settings(deadline=None, max_examples=50)
@given(DIAGNOSES, st.data())
def test_neither_pages_nor_repeats_nor_kills_change_alarms(
    made: list[tuple[float, str, float]], data: st.DataObject
) -> None:
    windows = [
        diagnosed(number, score, verdict=verdict, growth=growth)
        for number, (score, verdict, growth) in enumerate(made)
    ]
    whole = Evaluator()
    whole.give(windows)
    whole.store(complete=True)
    cut = Evaluator()
    known = 0
    while known < len(windows):
        known = data.draw(st.integers(known + 1, len(windows)))
        cut.give(windows[:known])
        event = data.draw(st.sampled_from(["go on", "repeat", "store", "checkpoint", "kill"]))
        if event == "repeat":
            page = DiagnosisPage("pump-7", windows[:known], complete=True)
            cut.evaluation.take_diagnoses(page)
        elif event in {"store", "checkpoint"}:
            cut.store(complete=event == "checkpoint")
            cut.begin()
        elif event == "kill":
            cut.begin()  # what was not stored is asked for again
    cut.give(windows)
    cut.store(complete=True)
    assert cut.story() == whole.story()
