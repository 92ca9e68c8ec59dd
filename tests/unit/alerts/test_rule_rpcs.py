"""Many rules at once, their history and their trials, from a client through the server."""

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.alerts.v1.rule_service_pb2_grpc import (
    RuleServiceStub,
    add_RuleServiceServicer_to_server,
)
from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_alerts.fakes import MemoryDatabase, MemoryProfiles, MemoryRules
from kurto_alerts.fakes.diagnoses import MemoryDiagnoses
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.references.book import BaselineBook
from kurto_alerts.rule_servicer import RuleServicer
from kurto_alerts.testing import START_US, diagnosed, make_frame
from kurto_alerts.trials import RuleTrials, TrialLimits, TrialSources
from kurto_service.errors import error_info
from kurto_service.testing import FakeClock, serve

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=START_US)


class Catalogue:
    async def units(self, *, needed: str = "") -> Mapping[str, str]:
        return {"rms": "acceleration", "kurtosis": "1"}


@dataclass
class Ranges:
    """Stored frames by sensor, two a page."""

    frames: dict[str, list[Frame]] = field(default_factory=dict)
    asked: list[Sequence[str]] = field(default_factory=list)

    async def pages(
        self,
        sensor_id: str,
        *,
        start_time: datetime,
        end_time: datetime | None,
        features: Sequence[str],
    ) -> AsyncIterator[Sequence[Frame]]:
        self.asked.append(features)
        frames = self.frames.get(sensor_id, [])
        for at in range(0, len(frames), 2):
            yield frames[at : at + 2]


@dataclass
class Service:
    rules: Any
    ranges: Ranges
    database: MemoryDatabase
    changes: list[str]
    diagnoses: MemoryDiagnoses
    book: BaselineBook

    async def apply(self, *rules: pb.Rule, **parts: Any) -> list[rule_pb.RuleVersion]:
        request = rule_pb.ApplyRulesRequest(rules=rules, **parts)
        return list((await self.rules.ApplyRules(request)).changes)

    async def ids(self) -> list[str]:
        answer = await self.rules.ListRules(rule_pb.ListRulesRequest())
        return [rule.rule_id for rule in answer.rules]

    async def trial(self, rule: pb.Rule, **parts: Any) -> rule_pb.TrialResult:
        request = rule_pb.TryRuleRequest(rule=rule, start_time=START, **parts)
        messages = [message async for message in self.rules.TryRule(request)]
        assert [message.WhichOneof("part") for message in messages[:-1]] == ["progress"] * (
            len(messages) - 1
        )
        assert messages[-1].WhichOneof("part") == "result"
        result: rule_pb.TrialResult = messages[-1].result
        return result


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    database, ranges, changes = MemoryDatabase(), Ranges(), list[str]()
    limits = TrialLimits(sensor_count=2, window_count=1000, timeout_s=60.0)
    clock = FakeClock(NOW)
    diagnoses, book = MemoryDiagnoses(page_size=3), BaselineBook()
    sources = TrialSources(features=ranges, diagnoses=diagnoses, tracks=book.make_track)
    trials = RuleTrials(sources, MemoryProfiles(database), limits, clock)
    servicer = RuleServicer(
        MemoryRules(database), Catalogue(), clock, trials, lambda: changes.append("rules")
    )
    async with serve(add_RuleServiceServicer_to_server, servicer) as channel:
        yield Service(RuleServiceStub(channel), ranges, database, changes, diagnoses, book)


def rule(rule_id: str, limit: float = 1.0, **parts: Any) -> pb.Rule:
    level = pb.Level(severity=pb.SEVERITY_WARNING, limit=limit)
    level.pending_duration.FromMilliseconds(0)
    message = pb.Rule(
        rule_id=rule_id,
        display_name=rule_id,
        feature="rms",
        unit="g",
        operator=pb.OPERATOR_ABOVE,
        levels=[level],
        **parts,
    )
    message.recovery_duration.FromMilliseconds(0)
    return message


def summary(changes: Sequence[rule_pb.RuleVersion]) -> list[tuple[str, str, int]]:
    names = rule_pb.RuleChange.Name
    return [
        (one.rule_id, names(one.change).removeprefix("RULE_CHANGE_"), one.version)
        for one in changes
    ]


async def problem(call: Any) -> tuple[str, Mapping[str, str], str]:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_info(failure.value)
    assert info is not None
    return failure.value.code().name, info.metadata, failure.value.details() or ""


async def test_rules_are_brought_into_a_form(service: Service) -> None:
    await service.apply(rule("a"), rule("b"), rule("c"))
    changes = await service.apply(rule("b"), rule("a", 2.0), rule("d"), prune=True)
    assert summary(changes) == [
        ("a", "UPDATED", 2),
        ("b", "UNCHANGED", 1),
        ("c", "DELETED", 2),
        ("d", "CREATED", 1),
    ]
    assert changes[0].before.levels[0].limit == 1.0
    assert changes[0].after.levels[0].limit == 2.0
    assert await service.ids() == ["a", "b", "d"]
    assert service.changes == ["rules", "rules"]


async def test_a_dry_run_changes_nothing(service: Service) -> None:
    await service.apply(rule("a"))
    changes = await service.apply(rule("b"), delete_rule_ids=["a", "gone"], dry_run=True)
    assert summary(changes) == [("a", "DELETED", 2), ("b", "CREATED", 1)]
    assert await service.ids() == ["a"]
    assert service.changes == ["rules"]


async def test_all_problems_are_named_and_nothing_is_done(service: Service) -> None:
    bad = rule("c")
    bad.feature = "rmss"
    status, metadata, message = await problem(
        service.apply(rule("a"), rule("b", float("nan")), bad)
    )
    assert status == "INVALID_ARGUMENT"
    assert metadata == {"field": "rules[1].levels[0].limit", "rule_id": "b", "rule_count": "2"}
    first, second = message.splitlines()
    assert first == 'rule "b": rules[1].levels[0].limit must be a finite number up to 1e15'
    assert second.startswith('rule "c": There is no feature rmss')
    assert await service.ids() == []


@pytest.mark.parametrize(
    ("rule_ids", "deleted", "field"),
    [
        (["a", "a"], [], "rules[1].rule_id"),
        (["a"], ["a"], "delete_rule_ids[0]"),
        (["a", ""], [], "rules[1].rule_id"),
        (["a", "day-one.growth.press"], [], "rules[1].rule_id"),
        (["system.x"], [], "rules[0].rule_id"),
        ([], ["a" * 1001], "delete_rule_ids[0]"),
        ([f"rule-{at}" for at in range(1001)], [], "rules"),
    ],
)
async def test_ids_that_cannot_be(
    service: Service, rule_ids: list[str], deleted: list[str], field: str
) -> None:
    rules = [rule(rule_id) for rule_id in rule_ids]
    status, metadata, _ = await problem(service.apply(*rules, delete_rule_ids=deleted))
    assert (status, metadata["field"]) == ("INVALID_ARGUMENT", field)
    assert await service.ids() == []


async def test_another_version_is_refused(service: Service) -> None:
    await service.apply(rule("a"))
    await service.apply(rule("a", 2.0))
    status, metadata, _ = await problem(service.apply(rule("b"), rule("a", 3.0, version=1)))
    assert (status, metadata["version"]) == ("ABORTED", "2")
    assert await service.ids() == ["a"]


async def test_who_changed_what(service: Service) -> None:
    for limit in (1.0, 2.0, 3.0):
        await service.apply(rule("a", limit))
    await service.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id="a"))
    await service.apply(rule("b"))
    found, token = [], ""
    while True:
        request = rule_pb.ListRuleVersionsRequest(rule_id="a", page_size=2, page_token=token)
        answer = await service.rules.ListRuleVersions(request)
        found += answer.versions
        token = answer.next_page_token
        if not token:
            break
    assert summary(found) == [
        ("a", "DELETED", 4),
        ("a", "UPDATED", 3),
        ("a", "UPDATED", 2),
        ("a", "CREATED", 1),
    ]
    assert [one.HasField("after") for one in found] == [False, True, True, True]
    assert found[1].before.levels[0].limit == 2.0
    assert found[0].principal == "anonymous"
    assert found[0].change_time.ToDatetime(tzinfo=UTC) == NOW
    answer = await service.rules.ListRuleVersions(rule_pb.ListRuleVersionsRequest())
    assert len(answer.versions) == 5


def store(service: Service, sensor_id: str, frames: list[Frame], *, machine_id: str = "") -> None:
    service.ranges.frames[sensor_id] = frames
    profile = SensorProfile(sensor_id, frozenset({"pump"}), machine_id=machine_id)
    service.database.profiles[sensor_id] = profile


async def test_a_rule_is_tried_on_what_is_stored(service: Service) -> None:
    values = [0.0, 1.5, 1.2, 0.5, 0.0, None, 3.0, 2.0]
    frames = [make_frame(at, value) for at, value in enumerate(values) if at != 4]
    frames.insert(3, make_frame(2, 9.0, late=True))
    store(service, "pump-7", frames)
    store(service, "quiet", [make_frame(0, 0.0, sensor_id="quiet")])
    result = await service.trial(rule("any"))
    assert (result.episode_count, result.incomplete) == (2, "")
    ended, still_open = result.episodes
    assert (ended.sensor_id, ended.channel) == ("pump-7", "horizontal")
    assert (ended.severity, ended.worst_value) == (pb.SEVERITY_WARNING, 1.5)
    assert (ended.epoch, ended.window_index) == (1, 1)
    assert ended.raise_time.ToMicroseconds() == frames[1].end_us
    assert ended.resolve_time.ToMicroseconds() == frames[4].end_us
    assert (still_open.worst_value, still_open.HasField("resolve_time")) == (3.0, False)
    tried = {one.sensor_id: (one.window_count, one.missing_window_count) for one in result.sensors}
    assert tried == {"pump-7": (6, 2), "quiet": (1, 0)}
    assert service.ranges.asked == [("rms",), ("rms",)]
    assert await service.ids() == []
    assert service.database.alerts == {}


async def test_a_trial_is_bounded(service: Service) -> None:
    store(service, "pump-7", [make_frame(at, 0.0) for at in range(1100)])
    result = await service.trial(rule("any"), sensor_ids=["pump-7"])
    assert "the limit of 1000 windows" in result.incomplete
    assert result.sensors[0].window_count == 1000
    for at in range(3):
        store(service, f"more-{at}", [])
    request = rule_pb.TryRuleRequest(rule=rule("any"), start_time=START)
    status, metadata, _ = await problem(service.rules.TryRule(request).read())
    assert (status, metadata["field"]) == ("INVALID_ARGUMENT", "sensor_ids")


async def test_diagnoses_are_tried_like_alive(service: Service) -> None:
    store(service, "pump-7", [])
    scores = [9.0] * 5 + [0.0] * 5 + [9.0] * 2
    service.diagnoses.windows = [diagnosed(at, score) for at, score in enumerate(scores)]
    message = rule("any", 5.0, measure=pb.MEASURE_FAULT_SCORE)
    message.feature, message.unit = "outer_race", "1"
    message.levels[0].pending_duration.FromSeconds(30)
    result = await service.trial(message)
    assert [one.window_index for one in result.episodes] == [diagnosed(2, 9.0).window_index]
    assert result.episodes[0].resolve_time.ToMicroseconds() == diagnosed(5, 0.0).end_us
    assert result.sensors[0].window_count == len(scores)
    message.feature = "ball"
    assert (await service.trial(message)).episode_count == 0
    assert service.ranges.asked == []
    assert max(after_us for _, after_us in service.diagnoses.asked) == diagnosed(8, 0.0).end_us


async def test_sensors_of_a_machine_are_tried_side_by_side(service: Service) -> None:
    for sensor_id, values in (("left", [2.0, 2.0, 0.0, 0.0]), ("right", [0.0, 2.0, 2.0, 0.0])):
        store(service, sensor_id, [
            make_frame(at, value, sensor_id=sensor_id) for at, value in enumerate(values)
        ], machine_id="fan")  # fmt: skip
    result = await service.trial(rule("any", scope=pb.SCOPE_MACHINE))
    [episode] = result.episodes
    assert (episode.sensor_id, episode.window_index) == ("left", 0)
    assert episode.resolve_time.ToMicroseconds() == make_frame(3, 0.0).end_us
    assert (await service.trial(rule("any"))).episode_count == 2


async def test_values_that_cannot_be_trusted_are_tried_like_alive(service: Service) -> None:
    flat = 1 << (QualityFlag.QUALITY_FLAG_NON_FINITE - 1)
    store(service, "pump-7", [make_frame(0, 0.0), make_frame(1, 9.0, quality=[flat])])
    assert (await service.trial(rule("any"))).episode_count == 0


async def test_gates_are_tried_like_alive(service: Service) -> None:
    speeds = [10.0, 30.0, math.nan, 10.0]
    frames = [make_frame(at, 2.0, shaft_speed_hz=speed) for at, speed in enumerate(speeds)]
    store(service, "pump-7", frames)
    gated = rule("any", speed_range=pb.SpeedRange(low_hz=20.0))
    result = await service.trial(gated)
    assert [episode.window_index for episode in result.episodes] == [1]


async def test_a_day_of_diagnoses_is_bounded(service: Service) -> None:
    store(service, "pump-7", [])
    service.diagnoses.windows = [diagnosed(at, 0.0) for at in range(1100)]
    message = rule("any", 5.0, measure=pb.MEASURE_FAULT_SCORE)
    message.feature, message.unit = "", "1"
    assert "the limit of 1000 windows" in (await service.trial(message)).incomplete


async def test_votes_and_rates_are_tried_like_alive(service: Service) -> None:
    channels = ("horizontal", "vertical", "axial")
    rows = [(0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (2.0, 2.5, 0.0), (2.0, 0.0, 0.0)]
    frames = [
        make_frame(at, row, channels=channels, units=("g", "g", "g")) for at, row in enumerate(rows)
    ]
    store(service, "pump-7", frames)
    voting = rule("any", scope=pb.SCOPE_SENSOR, voting_count=2)
    result = await service.trial(voting)
    assert [episode.window_index for episode in result.episodes] == [2]
    rising = [make_frame(at, at * 0.01, sensor_id="rising") for at in range(900)]
    service.database.profiles.clear()
    store(service, "rising", rising)
    slope = rule("any", 5.0, measure=pb.MEASURE_RATE_PER_MINUTE)
    result = await service.trial(slope)  # 0.01 g in 0.1 s are 6 g in a minute
    assert result.episode_count == 1
    assert (
        await service.trial(rule("any", 7.0, measure=pb.MEASURE_RATE_PER_MINUTE))
    ).episodes == []


async def test_bad_ranges_and_sensors(service: Service) -> None:
    for parts, name in (
        ({}, "start_time"),
        ({"start_time": START, "end_time": START}, "end_time"),
        ({"start_time": START, "sensor_ids": ["none"]}, "sensor_ids[0]"),
    ):
        request = rule_pb.TryRuleRequest(rule=rule("any"), **parts)
        status, metadata, _ = await problem(service.rules.TryRule(request).read())
        assert (status, metadata["field"]) == ("INVALID_ARGUMENT", name)
