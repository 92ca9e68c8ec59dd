"""A bearing that fails: the real analyzer's features, baseline and diagnoses become alarms.

What every kind of rule raised live is what its trial finds afterwards, from what is stored.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import numpy as np
from tests.integration.alerts.world import World, simple_rule, world
from tests.integration.analyzer.sender import Sender, sender
from tests.integration.analyzer.test_diagnoses import BEARING, HOP, RATE_HZ, Machine
from tests.integration.analyzer.test_process import analyzer_process

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.analyzer.v1 import analyzer_service_pb2_grpc, baselines_pb2, diagnoses_pb2
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto.assets.v1 import assets_pb2
from kurto_dsp.arrays import Float32Array
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp
from kurto_service.channels import open_channel

SENSOR, PIECE = "pump-7", 100  # hops: a diagnosis each
LEARNING, HEALTHY, FAILING, MENDED, STOPPED, STARTED = 8, 2, 5, 5, 2, 3  # pieces
PATIENCE_S = 120.0
Story = list[tuple[str, str, int, int | None]]


def signal(pieces: int, *, severity: float = 0.0, factor: float = 1.0) -> Float32Array:
    model = MachineModel(
        fault=Fault.INNER_RACE, severity=SeverityRamp.constant(severity), seed=3,
        sample_rate_hz=RATE_HZ,
    )  # fmt: skip
    return (factor * MachineSignal(model).samples(0, pieces * PIECE * HOP)).astype(np.float32)


def stopped_and_started() -> Float32Array:
    """The machine stands still, runs up within a piece, and runs."""
    envelope = np.concatenate(
        [
            np.full(STOPPED * PIECE * HOP, 0.003),
            np.linspace(0.003, 1.0, PIECE * HOP),
            np.ones((STARTED - 1) * PIECE * HOP),
        ]
    )
    return np.asarray(signal(STOPPED + STARTED) * envelope, np.float32)


def recording(samples: Float32Array, epoch: int, anchor_s: int, *, unmeasured: int = 0) -> Machine:
    """Return samples with the speed of the shaft, which isn't known in the first hops."""
    measured = samples.shape[1] // HOP - unmeasured
    return Machine(
        samples=samples, sample_rate_hz=RATE_HZ, bearing=BEARING, epoch=epoch, anchor_s=anchor_s,
        speeds_hz=(math.nan,) * unmeasured + (1797.0 / 60.0,) * measured,
    )  # fmt: skip


def rules() -> list[pb.Rule]:
    """One rule of each kind; the limits are where this signal passes them."""
    score: dict[str, Any] = {"feature": "", "unit": "1", "measure": pb.MEASURE_FAULT_SCORE}
    compared: dict[str, Any] = {"unit": "1", "limit": 2.0}
    starting = pb.StartUp(multiplier=3.0)
    starting.hold_duration.FromSeconds(5)
    conditions = [pb.OPERATING_CONDITION_STOPPED, pb.OPERATING_CONDITION_START_UP]
    return [
        changed("value", limit=0.6),
        changed("rate", limit=0.1, measure=pb.MEASURE_RATE_PER_MINUTE),
        changed("ratio", measure=pb.MEASURE_BASELINE_RATIO, **compared),
        changed("z", measure=pb.MEASURE_BASELINE_Z_SCORE, unit="1", limit=5.0),
        changed("growth", feature="", measure=pb.MEASURE_ACCELERATION_GROWTH,
                scope=pb.SCOPE_MACHINE, **compared),
        changed("zone", feature="", measure=pb.MEASURE_ISO_ZONE, unit="1", limit=0.0),
        changed("votes", limit=0.6, scope=pb.SCOPE_SENSOR, voting_count=2),
        changed("machine", limit=0.6, scope=pb.SCOPE_MACHINE),
        changed("plain", limit=0.2),
        changed("start-up", limit=0.2, start_up=starting),
        changed("suppressed", limit=0.2, suppress_when=conditions),
        changed("speed", limit=0.2, speed_range=pb.SpeedRange(low_hz=20.0)),
        changed("fault", limit=3.0, pending_s=20.0, recovery_s=20.0, **score),
        changed("inner", limit=3.0, scope=pb.SCOPE_SENSOR, **score | {"feature": "inner_race"}),
    ]  # fmt: skip


def changed(
    rule_id: str, *, limit: float, pending_s: float = 1.0, recovery_s: float = 1.0, **parts: Any
) -> pb.Rule:
    rule = simple_rule(rule_id, limit=limit, pending_s=pending_s, recovery_s=recovery_s)
    for name, value in parts.items():
        rule.ClearField(name)
        rule.MergeFrom(pb.Rule(**{name: value}))
    return rule


class Rig:
    """A failing bearing between a real analyzer and a real alerts."""

    def __init__(self, built: World, features: Any, ingest: Sender, dsn: str) -> None:
        self.built = built
        self.features = features
        self.ingest = ingest
        self.dsn = dsn
        self.slot = 0

    async def send(self, machine: Machine, pieces: Sequence[int]) -> None:
        """Send pieces, each once the one before is diagnosed."""
        if not pieces[0]:
            self.slot += 1
            await self.ingest.open(machine, self.slot)
        for piece in pieces:
            for hop in range(piece * PIECE, (piece + 1) * PIECE, 50):
                await self.ingest.send(machine.run(hop, 50, slot=self.slot))
            last = (piece + 1) * PIECE
            await self.ingest.committed(last - 9, self.slot)
            await self.diagnosed(machine.epoch, last - 10)

    async def diagnosed(self, epoch: int, window_index: int) -> None:
        """Wait for the diagnosis of a window."""
        request = diagnoses_pb2.GetDiagnosisRequest(sensor_id=SENSOR)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    found = (await self.features.GetDiagnosis(request)).diagnoses
                    if (found[0].window.epoch, found[0].window.window_index) == (
                        epoch, window_index,
                    ):  # fmt: skip
                        return
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.NOT_FOUND:
                        raise
                await asyncio.sleep(0.05)

    async def learn(self, begin_s: int) -> None:
        """Learn what was sent, and wait until alerts knows it."""
        request = baselines_pb2.LearnBaselineRequest(
            sensor_id=SENSOR, cause=baselines_pb2.LEARNING_CAUSE_COMMISSIONING, reason="new",
            window_count=60,
        )  # fmt: skip
        request.begin_time.FromSeconds(begin_s)
        await self.features.LearnBaseline(request)
        await self.until_counted("SELECT count(*) FROM alerts.baselines")

    async def until_counted(self, query: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:

            async def met() -> bool:
                return bool(await connection.fetchval(query))

            await self.built.until(met, PATIENCE_S)
        finally:
            await connection.close()

    async def live(self, rule_id: str) -> Story:
        """Return what a rule raised: where, when, and until when."""
        found: dict[str, tuple[str, str, int, int | None]] = {}
        for one in await self.built.transitions():
            alert = one.alert
            if alert.rule_id == rule_id:
                ended = (
                    alert.resolve_time.ToMicroseconds() if alert.HasField("resolve_time") else None
                )
                raised_us = alert.raise_time.ToMicroseconds()
                found[alert.alert_id] = (alert.sensor_id, alert.channel, raised_us, ended)
        return sorted(found.values(), key=lambda one: (one[2], one[:2]))

    async def tried(self, rule: pb.Rule) -> Story:
        request = rule_pb.TryRuleRequest(rule=rule)
        request.start_time.FromDatetime(datetime.now(UTC) - timedelta(days=1))
        messages = [message async for message in self.built.rules.TryRule(request)]
        result = messages[-1].result
        assert not result.incomplete
        assert len(result.episodes) == result.episode_count
        return sorted(
            (
                (
                    one.sensor_id,
                    one.channel,
                    one.raise_time.ToMicroseconds(),
                    one.resolve_time.ToMicroseconds() if one.HasField("resolve_time") else None,
                )
                for one in result.episodes
            ),
            key=lambda one: (one[2], one[:2]),
        )


async def begin(rig: Rig) -> None:
    """Name the sensor and its machine, and create the rules."""
    machine_class = assets_pb2.MachineClass(general=assets_pb2.GENERAL_MACHINE_CLASS_I)
    await rig.built.registry.put(SENSOR, machine_id="pump", machine_class=machine_class)
    query = "SELECT count(*) FROM alerts.sensor_profiles WHERE machine_id = 'pump'"
    await rig.until_counted(query)
    for rule in rules():
        await rig.built.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))


async def fail_and_mend(rig: Rig) -> None:
    """Let the bearing be learned, fail, be mended, stop and start; kill alerts in between."""
    healthy = recording(signal(LEARNING), 1, int(time.time()) - 3600, unmeasured=PIECE)
    await rig.send(healthy, range(LEARNING))
    await rig.learn(healthy.anchor_s + 10)
    parts = [
        signal(HEALTHY),
        signal(FAILING, severity=0.4, factor=4.0),
        signal(MENDED),
        stopped_and_started(),
    ]
    failing = recording(np.concatenate(parts, axis=1), 2, int(time.time()) + 1)
    await rig.send(failing, range(HEALTHY + 2))
    await rig.built.process.kill()
    await rig.send(failing, range(HEALTHY + 2, HEALTHY + FAILING))
    await rig.built.process.start()
    await rig.built.serving()
    await rig.send(failing, range(HEALTHY + FAILING, failing.hop_count // PIECE))


async def test_trials_find_what_was_raised_live(
    postgres_dsn: str, valkey_url: str, free_port: int, tmp_path: Path
) -> None:
    settings = {
        "analyzer_address": f"127.0.0.1:{free_port}", "profile_patience_s": "0", "poll_s": "1",
        "baseline_poll_s": "0.1", "diagnosis_poll_s": "0.2", "day_one_rules": "false",
        "longest_hole_windows": "36000",
    }  # fmt: skip
    async with (
        analyzer_process(
            postgres_dsn, valkey_url, free_port, tmp_path / "analyzer.log",
            diagnosis_cpu_share="1.0",
        ),
        world(postgres_dsn, valkey_url, tmp_path, **settings) as built,
        open_channel(f"127.0.0.1:{free_port}") as channel,
        sender(analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)) as ingest,
    ):  # fmt: skip
        rig = Rig(built, FeatureServiceStub(channel), ingest, postgres_dsn)
        await begin(rig)
        await fail_and_mend(rig)
        stories = {rule.rule_id: await rig.tried(rule) for rule in rules()}
        for rule_id, tried in stories.items():
            await assert_live(rig, rule_id, tried)
        await assert_one_alarm_of_the_bearing(rig)
        assert_gates_have_acted(stories)


async def assert_live(rig: Rig, rule_id: str, tried: Story) -> None:
    """Wait until a rule has raised live what its trial found."""
    assert tried, f"{rule_id} raised nothing: the signal or the limit is wrong"

    async def same() -> bool:
        return await rig.live(rule_id) == tried

    try:
        await rig.built.until(same, PATIENCE_S)
    except AssertionError as error:
        raise AssertionError(f"{rule_id}: {await rig.live(rule_id)} live, {tried} tried") from error


async def assert_one_alarm_of_the_bearing(rig: Rig) -> None:
    """The score is an alarm once it was there for the second diagnosis, and while it lasted."""
    alerts = [one.alert for one in await rig.built.transitions() if one.alert.rule_id == "inner"]
    assert len({alert.alert_id for alert in alerts}) == 1
    assert (alerts[0].measure, alerts[0].unit) == (pb.MEASURE_FAULT_SCORE, "1")
    assert alerts[0].worst_value > 3.0
    assert alerts[-1].HasField("resolve_time")


def assert_gates_have_acted(stories: dict[str, Story]) -> None:
    """A start raises again at once what no gate holds back, and later what one does."""
    plain = stories["plain"]
    assert len(plain) == 4
    for name in ("start-up", "suppressed"):
        gated = stories[name]
        assert len(gated) == 4
        assert all(one[2] > free[2] for one, free in zip(gated[2:], plain[2:], strict=True))
    # In the first ten seconds no speed was known.
    assert all(one[2] > plain[0][2] + 8_000_000 for one in stories["speed"])
