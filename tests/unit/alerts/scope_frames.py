"""Frames of several channels, and engines that go on where another one stood."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kurto_alerts.alert_state import ConditionChange
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.engine import Engine
from kurto_alerts.frames import Frame
from kurto_alerts.rules import (
    Rule,
    Scope,
    Severity,
)
from kurto_alerts.testing import make_frame, make_rule

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
NAN = float("nan")
THREE = ("a", "b", "c")


def frame_of(index: int, values: Sequence[float] | None, **parts: Any) -> Frame:
    channels = THREE[: len(values or THREE)]
    units = parts.pop("units", ("g",) * len(channels))
    return make_frame(index, values, channels=channels, units=units, **parts)


def told(changes: Sequence[ConditionChange]) -> list[tuple[int, str, str]]:
    return [(change.window_index, change.kind.name, change.channel) for change in changes]


def resumed(engine: Engine, rules: Sequence[Rule], *sensors: str, **parts: Any) -> Engine:
    other = Engine(rules, parts.pop("profiles", {}), **parts)
    for sensor in sensors:
        saved = engine.checkpoint(sensor, epoch=1, window_index=99)
        other.restore(SensorCheckpoint.from_document(sensor, 1, 99, saved.to_document()))
    return other


def voting(count: int, **parts: Any) -> Rule:
    return replace(make_rule(**parts), scope=Scope.SENSOR, voting_count=count)
