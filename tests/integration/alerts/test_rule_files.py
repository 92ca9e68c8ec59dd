"""`kurto rules` against alerts as a process, and trials beside what was raised live."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.conftest import ask_valkey
from tests.integration.alerts.world import World, simple_rule, world

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb

pytestmark = pytest.mark.asyncio(loop_scope="module")

RULE = """\
rules:
  - id: rms-high
    name: RMS too high
    feature: rms
    unit: g
    operator: above
    levels:
      - {severity: warning, limit: 1 g, for: 300ms}
    recovery: 500ms
"""


@pytest.fixture(scope="module")
def dsn(databases: Any) -> Iterator[str]:
    name = databases.create()
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    dsn: str, valkey_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("alerts")
    ask_valkey(valkey_server, b"FLUSHALL")  # other tests leave their features there
    settings = {"profile_patience_s": "0", "poll_s": "1", "trial_page_size": "70"}
    async with world(dsn, valkey_server.url, folder, **settings) as built:
        yield built


@pytest_asyncio.fixture(loop_scope="module")
async def alerts(running: World) -> World:
    await running.begin_chapter()
    return running


async def kurto_rules(alerts: World, *arguments: str) -> tuple[int, str, str]:
    """Return status, output and errors of `kurto rules ...`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kurto_cli", "rules", *arguments, "--target", alerts.target,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err
    return process.returncode, out.decode(), err.decode()


async def test_rules_as_files(alerts: World, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULE)
    status, out, _ = await kurto_rules(alerts, "diff", "-f", str(file))
    assert status == 1
    assert "+id: rms-high" in out
    status, out, _ = await kurto_rules(alerts, "apply", "-f", str(file), "--dry-run")
    assert (status, out.splitlines()[-1]) == (
        0,
        "1 created, 0 updated, 0 deleted, 0 unchanged; nothing was changed",
    )
    assert list((await alerts.rules.ListRules(rule_pb.ListRulesRequest())).rules) == []
    status, out, _ = await kurto_rules(alerts, "apply", "-f", str(file))
    assert status == 0
    assert out.startswith("created rms-high (version ")
    assert (await kurto_rules(alerts, "diff", "-f", str(file)))[0] == 0
    exported = tmp_path / "exported.yaml"
    assert (await kurto_rules(alerts, "export", "-o", str(exported)))[0] == 0
    assert (await kurto_rules(alerts, "diff", "-f", str(exported), "--prune"))[0] == 0
    exported.write_text(exported.read_text().replace("limit: 1.0", "limit: 2.5"))
    status, out, _ = await kurto_rules(alerts, "diff", "-f", str(exported))
    assert status == 1
    assert {"-  limit: 1.0", "+  limit: 2.5"} <= set(out.splitlines())
    assert (await kurto_rules(alerts, "apply", "-f", str(exported)))[0] == 0
    status, out, _ = await kurto_rules(alerts, "history", "rms-high", "--count", "1")
    assert status == 0
    assert "updated by anonymous" in out
    assert "+  limit: 2.5" in out
    status, out, _ = await kurto_rules(alerts, "list")
    assert (status, out.split("\t")[:2]) == (0, ["rms-high", "rms"])
    file.write_text("rules: []\n")
    status, out, _ = await kurto_rules(alerts, "apply", "-f", str(file), "--prune")
    assert (status, "deleted rms-high" in out) == (0, True)


async def test_mistakes_end_with_two_and_a_line(alerts: World, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    for old, new, said in (
        ("feature: rms", "features: rms", "line 4: a rule has no features; did you mean feature?"),
        ("feature: rms", "feature: rmss", "There is no feature rmss"),
        ("limit: 1 g", "limit: 1e20 g", "rules[0].levels[0].limit must be a finite number"),
    ):
        file.write_text(RULE.replace(old, new))
        for command in ("apply", "diff", "try"):
            status, out, err = await kurto_rules(alerts, command, "-f", str(file))
            assert (status, out, len(err.splitlines())) == (2, "", 1)
            assert said.replace("rules[0]", "rule") in err.replace("rules[0]", "rule")
    status, _, err = await kurto_rules(alerts, "apply", "-f", str(tmp_path / "none.yaml"))
    assert (status, "No such file" in err) == (2, True)


async def raised_live(alerts: World) -> list[tuple[str, int, int | None, float]]:
    """Return channel, raise and resolve time in microseconds, and worst value of every alert."""
    ended = {}
    for transition in await alerts.transitions():
        ended[transition.alert.alert_id] = transition.alert
    return sorted(
        (
            alert.channel,
            alert.raise_time.ToMicroseconds(),
            alert.resolve_time.ToMicroseconds() if alert.HasField("resolve_time") else None,
            alert.worst_value,
        )
        for alert in ended.values()
    )


async def test_a_trial_finds_what_was_raised_live(alerts: World, tmp_path: Path) -> None:
    chance = random.Random(5)
    values: list[float | None] = []
    for _ in range(30):
        level = chance.choice([0.2, 0.95, 1.5, 3.0])
        values += [level + chance.random() / 10 for _ in range(chance.randint(1, 12))]
        values += [None] * chance.choice([0, 0, 1])
    values += [0.1] * 20
    await alerts.registry.put(alerts.sensor_id)
    rule = simple_rule("rms-high")
    rule.levels[0].pending_duration.FromMilliseconds(300)
    rule.recovery_duration.FromMilliseconds(500)
    await alerts.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))
    await alerts.send_values(values)
    request = rule_pb.TryRuleRequest(rule=rule, sensor_ids=[alerts.sensor_id])
    request.start_time.FromDatetime(datetime.now(UTC) - timedelta(days=1))
    messages = [message async for message in alerts.rules.TryRule(request)]
    result = messages[-1].result
    tried = sorted(
        (
            episode.channel,
            episode.raise_time.ToMicroseconds(),
            episode.resolve_time.ToMicroseconds() if episode.HasField("resolve_time") else None,
            episode.worst_value,
        )
        for episode in result.episodes
    )
    assert len(tried) == result.episode_count > 3

    async def same() -> bool:
        return await raised_live(alerts) == tried

    await alerts.until(same)
    (sensor,) = result.sensors
    assert sensor.window_count == sum(value is not None for value in values)
    assert sensor.missing_window_count == sum(value is None for value in values)
    assert {pb.Severity.Name(one.severity) for one in result.episodes} == {"SEVERITY_WARNING"}
    file = tmp_path / "rules.yaml"
    file.write_text(RULE)
    status, out, _ = await kurto_rules(
        alerts, "try", "-f", str(file), "--last", "1d", "--sensor", alerts.sensor_id
    )
    assert status == 0
    assert f"would have raised {result.episode_count} alerts in the last 1d: 1 sensors" in out
