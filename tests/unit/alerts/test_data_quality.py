"""What bad data do to alarms of vibration: none is raised from them, and none is resolved."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kurto_alerts.alert_state import TransitionKind
from kurto_alerts.data_quality.silence import StreamReport
from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.fakes.evaluation import MemoryEvaluation
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.ports import LiveMessage
from kurto_alerts.testing import START_US, make_frame, make_rule

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = EvaluationLimits(
    backfill_windows=0, waiting_frames=4, longest_hole_windows=10, profile_patience_s=0.0
)
CLIPPED, FLAT, NON_FINITE = 2, 4, 8


class Alerts:
    """Evaluation over a store in memory, which a crash leaves behind."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.database.profiles = {
            "pump-7": SensorProfile("pump-7", machine_id="mill", nominal_speed_hz=25.0)
        }
        self.database.rules = {"rms-high": make_rule(pending_s=0.3)}
        self.clock_us = START_US
        self.number = 0
        self.restart()

    def restart(self) -> None:
        self.store = MemoryEvaluation(self.database)
        self.evaluation = Evaluation(asyncio.run(self.store.load()), LIMITS)

    def commit(self) -> None:
        asyncio.run(self.store.commit(self.evaluation.take_batch(complete=True), now=NOW))

    def send(self, frames: Sequence[Frame]) -> None:
        self.number += 1
        self.evaluation.take_message(LiveMessage("s", f"{self.number}-0", frames), now_s=0.0)
        self.commit()

    def look(self, *silent: str, seconds: float) -> None:
        """Let two sensors send but for silent ones, and ingest say so every half second."""
        for _ in range(round(2 * seconds)):
            self.clock_us += 500_000
            reports = [
                StreamReport(sensor_id, 1, None if sensor_id in silent else self.clock_us)
                for sensor_id in ("pump-7", "pump-8")
            ]
            self.number += 1
            frame = make_frame(self.number, 0.0, sensor_id="pump-8")
            message = LiveMessage("s", f"{self.number}-0", [frame])
            self.evaluation.take_message(message, now_s=0.0)
            self.evaluation.take_streams(reports, now_us=self.clock_us)
        self.commit()

    def kinds(self) -> list[tuple[str, str]]:
        return [(one.kind.name, one.alert.rule_id) for one in self.database.transitions]


def loud(first: int, count: int, *, quality: tuple[int, ...] = ()) -> list[Frame]:
    return [make_frame(first + at, 5.0, quality=quality) for at in range(count)]


def gaps(first: int, count: int) -> list[Frame]:
    return [replace(make_frame(first + at, None), gap=True) for at in range(count)]


def test_a_dead_sensor_never_resolves_its_alarm() -> None:
    alerts = Alerts()
    alerts.send(loud(0, 3))
    alerts.look(seconds=1)
    alerts.look("pump-7", seconds=3600)
    assert alerts.kinds() == [
        ("RAISED", "rms-high"),
        ("RAISED", "data-quality.stale"),
        ("DATA_BAD", "rms-high"),
    ]
    (vibration,) = [one for one in alerts.database.open_alerts() if one.rule_id == "rms-high"]
    assert vibration.data_bad
    stale = alerts.database.transitions[1]
    assert stale.window_index is None
    assert (stale.alert.machine_id, stale.alert.channel) == ("mill", "")


def test_silence_is_told_once_over_restarts_and_ends_with_new_data() -> None:
    alerts = Alerts()
    alerts.send(loud(0, 3))
    alerts.look("pump-7", seconds=10)
    for _ in range(3):
        alerts.restart()
        alerts.look("pump-7", seconds=10)
    alerts.look(seconds=10)
    assert alerts.kinds()[1:] == [
        ("RAISED", "data-quality.stale"),
        ("DATA_BAD", "rms-high"),
        ("RESOLVED", "data-quality.stale"),
        ("DATA_GOOD", "rms-high"),
    ]


@pytest.mark.parametrize("mask", [FLAT, NON_FINITE])
def test_untrusted_values_freeze_what_is_pending(mask: int) -> None:
    alerts = Alerts()
    alerts.send(loud(0, 2))
    alerts.send(loud(2, 50, quality=(mask,)))
    assert [kind for kind, rule_id in alerts.kinds() if rule_id == "rms-high"] == []
    alerts.send(loud(52, 1))
    assert alerts.kinds()[-1] == ("RAISED", "rms-high")


def test_a_gap_neither_raises_nor_resolves_and_has_an_alarm_of_its_own() -> None:
    alerts = Alerts()
    alerts.send(loud(0, 3))
    alerts.send(gaps(3, 500))
    assert alerts.kinds() == [
        ("RAISED", "rms-high"),
        ("RAISED", "data-quality.gap"),
        ("DATA_BAD", "rms-high"),
    ]
    alerts.send(loud(503, 100))
    assert alerts.kinds()[3:] == [("RESOLVED", "data-quality.gap"), ("DATA_GOOD", "rms-high")]


def test_clipping_is_told_and_a_rule_above_fires_all_the_same() -> None:
    alerts = Alerts()
    alerts.send(loud(0, 4, quality=(CLIPPED,)))
    assert sorted(alerts.kinds()) == [("RAISED", "data-quality.clipped"), ("RAISED", "rms-high")]


@pytest.mark.parametrize("size", [1, 2, 7, 600])
def test_the_story_is_the_same_however_frames_are_cut(size: int) -> None:
    frames = loud(0, 3) + gaps(3, 20) + loud(23, 150, quality=(NON_FINITE,)) + loud(173, 200)
    alerts = Alerts()
    for at in range(0, len(frames), size):
        alerts.send(frames[at : at + size])
        if size == 7:
            alerts.restart()
    story = [
        (one.kind.name, one.alert.rule_id, one.window_index) for one in alerts.database.transitions
    ]
    assert story == [
        ("RAISED", "rms-high", 2),
        ("RAISED", "data-quality.gap", 5),
        ("DATA_BAD", "rms-high", 5),
        ("RAISED", "data-quality.non-finite", 25),
        ("RESOLVED", "data-quality.gap", 122),
        ("RESOLVED", "data-quality.non-finite", 272),
        ("DATA_GOOD", "rms-high", 272),
    ]
    assert alerts.database.transitions[-1].kind is TransitionKind.DATA_GOOD


def test_an_archived_sensor_takes_its_alarms_with_it() -> None:
    alerts = Alerts()
    alerts.send(gaps(0, 4))
    alerts.look("pump-7", seconds=10)
    alerts.evaluation.set_profile(SensorProfile("pump-7", archived=True))
    alerts.look("pump-7", seconds=1)
    assert {one.rule_id for one in alerts.database.open_alerts()} == set()
