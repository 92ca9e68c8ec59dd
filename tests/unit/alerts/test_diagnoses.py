"""Rules on diagnoses: what of a score counts, how it is counted, and how it comes."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
import pytest
from prometheus_client import CollectorRegistry

from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto_alerts.alert_state import ConditionChange
from kurto_alerts.diagnoses.conditions import DiagnosisConditions
from kurto_alerts.diagnoses.peers import windows_of
from kurto_alerts.diagnoses.ports import DiagnosisPage
from kurto_alerts.diagnoses.reader import DiagnosisReader
from kurto_alerts.diagnoses.scores import DiagnosedWindow, Finding, counted_scores
from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.fakes.diagnoses import MemoryDiagnoses
from kurto_alerts.frames import SensorProfile
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import EvaluationState, LiveMessage
from kurto_alerts.rule_engines import RuleEngines
from kurto_alerts.rules import Measure, Rule, Scope, Selector, Severity, SpeedRange
from kurto_alerts.testing import START_US, diagnosed, make_frame, make_rule
from kurto_service.clock import SystemClock

SCORES = {"outer_race": 6.0, "inner_race": 3.0, "ball": 0.5}
NULL = math.nan


def score_rule(feature: str = "", *, pending_s: float = 0.0, **parts: object) -> Rule:
    found = make_rule(
        "score", levels={Severity.WARNING: 4.0}, unit="1", feature=feature, pending_s=pending_s
    )
    return replace(found, measure=Measure.FAULT_SCORE, **parts)  # type: ignore[arg-type]


def told(
    rule: Rule, *windows: DiagnosedWindow, profiles: Mapping[str, SensorProfile] | None = None
) -> list[tuple[str, int]]:
    conditions = DiagnosisConditions([rule], profiles or {})
    for sensor_id in {window.sensor_id for window in windows}:
        conditions.begin(sensor_id, START_US)
    return names(conditions.take(windows))


def names(changes: list[ConditionChange]) -> list[tuple[str, int]]:
    """Return kind and number of the diagnosis of each change."""
    return [(change.kind.name, change.window_index // 100) for change in changes]


@pytest.mark.parametrize(
    ("verdict", "growth", "highest", "inner"),
    [
        ("outer_race", 3.0, 6.0, 0.0),
        ("inner_race", 3.0, 3.0, 3.0),
        ("none", 3.0, 0.0, 0.0),
        ("uncertain", 3.0, NULL, NULL),
        ("outer_race", NULL, NULL, NULL),  # no baseline: nothing can have grown
        ("outer_race", 2.0, 6.0, 0.0),
        ("outer_race", 1.9, NULL, NULL),  # between the two limits nothing changes
        ("outer_race", 1.7, 0.0, 0.0),
    ],
)
def test_a_score_counts_where_the_verdict_names_it_and_the_vibration_has_grown(
    verdict: str, growth: float, highest: float, inner: float
) -> None:
    counted = counted_scores(Finding("h", verdict, SCORES, growth))
    assert counted[""] == pytest.approx(highest, nan_ok=True)
    assert counted["inner_race"] == pytest.approx(inner, nan_ok=True)


@pytest.mark.parametrize(
    ("pending_s", "raised"), [(0.0, 0), (3.0, 2), (30.0, 2), (40.0, 3), (60.0, 5)]
)
def test_durations_are_counted_in_diagnoses(pending_s: float, raised: int) -> None:
    windows = [diagnosed(number, 6.0) for number in range(8)]
    assert told(score_rule(pending_s=pending_s), *windows) == [("RAISED", raised)]


def test_uncertain_neither_raises_nor_resolves() -> None:
    unsure = [diagnosed(number, 9.0, verdict="uncertain") for number in range(4)]
    assert told(score_rule(), *unsure) == []
    first, last = diagnosed(0, 6.0), diagnosed(5, 1.0)
    later = [diagnosed(number, 9.0, verdict="uncertain") for number in range(1, 5)]
    assert told(score_rule(), first, *later, last) == [("RAISED", 0), ("RESOLVED", 5)]


def test_the_same_samples_count_once() -> None:
    """Diagnoses come thick and fast while a level grows, of nearly the same samples."""
    first = diagnosed(0, 6.0)
    hop = 2560
    hastened = [
        replace(
            first,
            window_index=70 + hops,
            first_index=first.first_index + hops * hop,
            end_us=first.end_us + hops * 100_000,
        )
        for hops in (1, 2, 40, 79)
    ]
    rule = score_rule(pending_s=3.0)
    assert told(rule, first, *hastened) == []
    rest = [diagnosed(1, 6.0), diagnosed(2, 6.0)]
    assert told(rule, first, *hastened, *rest) == [("RAISED", 2)]


def test_windows_of_old_epochs_and_known_ones_change_nothing() -> None:
    windows = [diagnosed(0, 0.0, epoch=2), diagnosed(1, 6.0, epoch=1)]
    assert told(score_rule(), *windows) == []
    assert told(score_rule(), diagnosed(1, 0.0), diagnosed(0, 6.0)) == []


def test_scopes_votes_and_speeds() -> None:
    channels = ("a", "b", "c")
    voting = score_rule(scope=Scope.SENSOR, voting_count=2)
    windows = [
        diagnosed(0, (6.0, 0.0, 0.0), channels=channels),
        diagnosed(1, (6.0, 6.0, 0.0), channels=channels),
    ]
    assert told(voting, *windows) == [("RAISED", 1)]
    machine = score_rule(scope=Scope.MACHINE)
    profiles = {name: SensorProfile(name, machine_id="fan") for name in ("l", "r")}
    both = [diagnosed(at, 6.0, sensor_id=name) for at in range(2) for name in ("l", "r")]
    assert told(machine, *both, profiles=profiles) == [("RAISED", 0)]
    gated = score_rule(speed_range=SpeedRange(low_hz=20.0))
    slow, fast = (diagnosed(n, 6.0, shaft_speed_hz=hz) for n, hz in ((0, 10.0), (1, 30.0)))
    assert told(gated, slow, fast) == [("RAISED", 1)]


def test_only_wanted_sensors_are_followed() -> None:
    rule = score_rule(selector=Selector(tags=frozenset({"bearing"})))
    profiles = {
        "yes": SensorProfile("yes", tags=frozenset({"bearing"})),
        "no": SensorProfile("no"),
        "gone": SensorProfile("gone", tags=frozenset({"bearing"}), archived=True),
    }
    engines = RuleEngines([rule], profiles, None)
    engines.evaluate([make_frame(0, 1.0, sensor_id=name) for name in ("yes", "no", "gone", "new")])
    assert engines.diagnoses.positions() == {"yes": make_frame(0, 1.0).end_us}
    assert RuleEngines([replace(rule, disabled=True)], profiles, None).features == ()


LIMITS = EvaluationLimits(
    backfill_windows=0, waiting_frames=4, longest_hole_windows=10, profile_patience_s=0.0
)


def test_a_rule_that_is_new_begins_with_what_is_new() -> None:
    state = EvaluationState(
        rules=[score_rule()], rules_revision=1, profiles={}, checkpoints=[], open_alerts={},
        message_ids={},
    )  # fmt: skip
    evaluation = Evaluation(state, LIMITS)
    evaluation.take_message(LiveMessage("s", "1-0", [make_frame(100, 1.0)]), now_s=0.0)
    evaluation.take_diagnoses(DiagnosisPage("pump-7", [diagnosed(0, 9.0)], complete=True))
    assert not evaluation.has_changes
    evaluation.take_diagnoses(DiagnosisPage("pump-7", [diagnosed(1, 9.0)], complete=True))
    [raised] = evaluation.take_batch(complete=False).changes
    assert (raised.window_index, raised.value, raised.channel) == (170, 9.0, "horizontal")


def test_a_clock_that_goes_back_loses_no_diagnoses() -> None:
    engines = RuleEngines([score_rule()], {}, None)
    engines.evaluate([make_frame(0, 1.0)])
    ahead = [diagnosed(number, 0.0) for number in range(400, 403)]
    engines.take_diagnoses(ahead)
    engines.evaluate([make_frame(0, 1.0, epoch=2)])
    after_us = engines.diagnoses.positions()["pump-7"]
    assert after_us == make_frame(0, 1.0).end_us
    failing = [diagnosed(number, 6.0, epoch=2) for number in range(1, 3)]
    listed = sorted([*failing, *ahead], key=lambda window: window.end_us)
    assert names(engines.take_diagnoses(listed)) == [("RAISED", 1)]
    engines.evaluate([make_frame(1, 1.0, epoch=2)])
    again = engines.take_diagnoses(listed)
    assert names(again) == []


def test_messages_become_windows() -> None:
    window = pb.LongWindow(sensor_id="pump-7", epoch=2, window_index=90, first_index=5,
                           sample_count=7, shaft_speed_hz=25.0)  # fmt: skip
    window.end_time.FromMicroseconds(1_700_000_000_123_456)
    scores = [pb.FaultScore(fault=pb.BEARING_FAULT_BALL, score=4.5)]
    sure = pb.Diagnosis(window=window, channel="a", fault=pb.BEARING_FAULT_BALL, scores=scores,
                        growth=2.5)  # fmt: skip
    unsure = pb.Diagnosis(window=window, channel="b", fault=pb.BEARING_FAULT_UNCERTAIN)
    later = pb.Diagnosis(window=window, channel="a", fault=pb.BEARING_FAULT_NONE)
    later.window.window_index = 190
    first, second = windows_of([sure, unsure, later])
    assert (first.epoch, first.window_index, first.shaft_speed_hz) == (2, 90, 25.0)
    assert (first.first_index, first.sample_count) == (5, 7)
    assert first.end_us == 1_700_000_000_123_456
    assert first.findings[0] == Finding("a", "ball", {"ball": 4.5}, 2.5)
    assert (first.findings[1].verdict, first.findings[1].scores) == ("uncertain", {})
    assert math.isnan(first.findings[1].growth)
    assert (second.window_index, second.findings[0].verdict) == (190, "none")


class Away(MemoryDiagnoses):
    """An analyzer that doesn't answer at first, and never about some sensors."""

    def __init__(self, broken: str = "", failures: int = 3) -> None:
        super().__init__(page_size=2)
        self.failures = failures
        self._broken = broken

    async def page(
        self, sensor_id: str, *, after_us: int, until_us: int | None = None
    ) -> DiagnosisPage:
        if self.failures or sensor_id == self._broken:
            self.failures = max(self.failures - 1, 0)
            raise grpc.aio.AioRpcError(
                grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata()
            )
        return await super().page(sensor_id, after_us=after_us, until_us=until_us)


@asynccontextmanager
async def reading(
    source: MemoryDiagnoses, *sensor_ids: str
) -> AsyncIterator[tuple[asyncio.Queue[DiagnosisPage], CollectorRegistry]]:
    inbox, registry = asyncio.Queue[DiagnosisPage](1), CollectorRegistry()
    reader = DiagnosisReader(
        source, lambda: dict.fromkeys(sensor_ids, START_US), inbox,
        clock=SystemClock(), metrics=AlertsMetrics(registry), poll_s=0.01,
    )  # fmt: skip
    task = asyncio.create_task(reader.run())
    async with asyncio.timeout(30):
        yield inbox, registry
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_analyzer_that_was_away_is_caught_up_with() -> None:
    source = Away()
    source.windows = [diagnosed(number, 6.0) for number in range(5)]
    found: list[DiagnosedWindow] = []
    async with reading(source, "pump-7") as (inbox, registry):
        while len(found) < 5:
            found += (await inbox.get()).windows
    assert found == source.windows
    failures = registry.get_sample_value(
        "kurto_alerts_read_failures_total", {"source": "diagnoses"}
    )
    assert failures == 3.0


async def test_a_sensor_that_cannot_be_read_holds_up_no_other() -> None:
    source = Away(broken="a", failures=0)
    source.windows = [diagnosed(0, 6.0, sensor_id=name) for name in ("a", "b")]
    async with reading(source, "a", "b") as (inbox, _):
        assert [(await inbox.get()).sensor_id for _ in range(3)] == ["b", "b", "b"]
