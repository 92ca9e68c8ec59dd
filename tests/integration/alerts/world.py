"""A world for alerts: scripted analyzer and registry, real PostgreSQL and Valkey, real process."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc
from redis.asyncio import Redis
from tests.integration.alerts.alerts_process import AlertsProcess
from tests.integration.alerts.peer_services import (
    FEATURES,
    HOP_SAMPLES,
    TEN_MINUTES_US,
    Analyzer,
    Ingest,
    Registry,
)

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.alerts.v1.alert_service_pb2_grpc import AlertServiceStub
from kurto.alerts.v1.rule_service_pb2_grpc import RuleServiceStub
from kurto.analyzer.v1 import feature_service_pb2_grpc as feature_grpc
from kurto.assets.v1 import asset_service_pb2_grpc as asset_grpc
from kurto.ingest.v1 import ingest_service_pb2_grpc as ingest_grpc
from kurto.signal.v1 import features_pb2
from kurto_cli.stack import ports


class World:
    """Everything around alerts, and alerts itself."""

    def __init__(self, process: AlertsProcess, valkey: Redis, channel: grpc.aio.Channel) -> None:
        self.analyzer = Analyzer()
        self.registry = Registry()
        self.ingest = Ingest()
        self.process = process
        self.target = f"127.0.0.1:{process.port}"
        self.valkey = valkey
        self.rules = RuleServiceStub(channel)
        self.alerts = AlertServiceStub(channel)
        self.health: Any = health_pb2_grpc.HealthStub(channel)
        self.now_us = int(time.time() * 1e6) - TEN_MINUTES_US
        self.sensor_id = "pump-7"
        self.base = 0

    async def begin_chapter(self) -> None:
        """Forget what was: another sensor, no rules, and transitions count from here."""
        listed = await self.rules.ListRules(rule_pb.ListRulesRequest())
        for rule in listed.rules:
            await self.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id=rule.rule_id))
        answer = await self.alerts.ListTransitions(alert_pb.ListTransitionsRequest())
        self.base = answer.newest_transition_number
        self.sensor_id = f"pump-{uuid.uuid4().hex[:6]}"

    async def serving(self) -> None:
        async def ready() -> bool:
            try:
                answer = await self.health.Check(health_pb2.HealthCheckRequest(), timeout=5.0)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        await self.until(ready)

    async def restart(self) -> None:
        await self.process.kill()
        await self.process.start()
        await self.serving()

    async def until(
        self, condition: Callable[[], Awaitable[bool]], timeout_s: float = 60.0
    ) -> None:
        deadline = time.monotonic() + timeout_s
        while not await condition():
            if time.monotonic() > deadline or not self.process.is_alive:
                raise AssertionError(f"waited in vain; alerts said:\n{self.process.said()}")
            await asyncio.sleep(0.02)

    # Features

    def frame(
        self,
        window_index: int,
        rms: float | None,
        *,
        sensor_id: str = "",
        epoch: int = 1,
        late: bool = False,
    ) -> features_pb2.FeatureFrame:
        frame = features_pb2.FeatureFrame(
            sensor_id=sensor_id or self.sensor_id,
            epoch=epoch,
            window_index=window_index,
            first_index=window_index * HOP_SAMPLES,
            sample_count=10 * HOP_SAMPLES,
            late=late,
        )
        frame.start_time.FromMicroseconds(self.now_us + window_index * 100_000)
        frame.end_time.FromMicroseconds(self.now_us + window_index * 100_000 + 1_000_000)
        if rms is None:
            frame.empty_reason = features_pb2.EMPTY_REASON_GAP
        else:
            channel = frame.channels.add(channel="horizontal", unit="g")
            channel.values["rms"] = rms
            channel.values["kurtosis"] = 3.0
        return frame

    async def send(
        self, frames: Iterable[features_pb2.FeatureFrame], *, live: bool = True, stored: bool = True
    ) -> None:
        """Publish frames, one message each, and commit them."""
        for frame in frames:
            if live:
                message = packed([frame]).SerializeToString()
                await self.valkey.xadd("kurto:features:0", {"b": message})
            if stored:
                self.analyzer.commit(frame)

    async def send_values(
        self, values: Sequence[float | None], *, first: int = 0, **parts: Any
    ) -> None:
        where = {key: parts.pop(key) for key in ("sensor_id", "epoch") if key in parts}
        frames = [self.frame(first + at, value, **where) for at, value in enumerate(values)]
        await self.send(frames, **parts)

    # Rules and alerts

    async def create_rule(self, rule_id: str = "rms-high", **parts: Any) -> pb.Rule:
        request = rule_pb.CreateRuleRequest(rule=simple_rule(rule_id, **parts))
        return (await self.rules.CreateRule(request)).rule

    async def active(self) -> list[pb.Alert]:
        request = alert_pb.ListActiveAlertsRequest(page_size=1000)
        return list((await self.alerts.ListActiveAlerts(request)).alerts)

    async def transitions(self) -> list[pb.AlertTransition]:
        """Return all transitions; their numbers must be dense."""
        found: list[pb.AlertTransition] = []
        while True:
            request = alert_pb.ListTransitionsRequest(
                after_transition_number=self.base + len(found), page_size=1000
            )
            answer = await self.alerts.ListTransitions(request)
            found += answer.transitions
            numbers = [transition.transition_number - self.base for transition in found]
            assert numbers == list(range(1, len(found) + 1))
            if self.base + len(found) == answer.newest_transition_number:
                return found

    async def kinds(self) -> list[str]:
        names = [pb.TransitionKind.Name(one.kind) for one in await self.transitions()]
        return [name.removeprefix("TRANSITION_KIND_") for name in names]

    async def story(self) -> list[tuple[str, str, int]]:
        """Return (sensor, kind, window) of every transition, in a stable order."""
        return sorted(
            (one.alert.sensor_id, pb.TransitionKind.Name(one.kind)[16:], one.window_index)
            for one in await self.transitions()
        )

    async def until_kinds(self, *kinds: str) -> None:
        async def reached() -> bool:
            return await self.kinds() == list(kinds)

        try:
            await self.until(reached)
        except AssertionError as error:
            raise AssertionError(f"kinds are {await self.kinds()}, not {kinds}: {error}") from None

    async def published(self) -> list[int]:
        """Return the numbers of the transitions on the live stream."""
        numbers = []
        entries: Any = await self.valkey.xrange("kurto:transitions:0")
        for _, fields in entries:
            batch = pb.AlertTransitionBatch.FromString(fields[b"b"])
            numbers += [one.transition_number - self.base for one in batch.transitions]
        return [number for number in numbers if number > 0]


def simple_rule(
    rule_id: str,
    *,
    limit: float = 1.0,
    pending_s: float = 0.0,
    recovery_s: float = 0.0,
    **parts: Any,
) -> pb.Rule:
    """WARNING when rms > limit."""
    level = pb.Level(severity=pb.SEVERITY_WARNING, limit=limit)
    level.pending_duration.FromMilliseconds(int(pending_s * 1000))
    rule = pb.Rule(
        rule_id=rule_id,
        display_name=f"Rule {rule_id}",
        feature="rms",
        unit="g",
        operator=pb.OPERATOR_ABOVE,
        levels=[level],
        **parts,
    )
    rule.recovery_duration.FromMilliseconds(int(recovery_s * 1000))
    return rule


def packed(frames: Sequence[features_pb2.FeatureFrame]) -> features_pb2.FeatureBatch:
    """Return frames as the analyzer publishes them."""
    batch = features_pb2.FeatureBatch(feature_names=FEATURES)
    for frame in frames:
        rows = [
            [channel.values.get(name, np.nan) for name in FEATURES] for channel in frame.channels
        ]
        batch.frames.add(
            sensor_id=frame.sensor_id,
            epoch=frame.epoch,
            window_index=frame.window_index,
            first_index=frame.first_index,
            sample_count=frame.sample_count,
            start_time_us=frame.start_time.ToMicroseconds(),
            end_time_us=frame.end_time.ToMicroseconds(),
            late=frame.late,
            empty_reason=frame.empty_reason,
            channels=[channel.channel for channel in frame.channels],
            units=[channel.unit for channel in frame.channels],
            values_f32le=np.array(rows, "<f4").tobytes(),
        )
    return batch


@contextlib.asynccontextmanager
async def world(
    postgres_dsn: str, valkey_url: str, folder: Path, **settings: str
) -> AsyncIterator[World]:
    """Run everything; `settings` are fields of AlertsSettings.

    With `analyzer_address` there is a real analyzer, else the scripted one.
    """
    peers = grpc.aio.server()
    peer_port = peers.add_insecure_port("127.0.0.1:0")
    port, metrics_port = ports.free_ports("127.0.0.1", 2)
    environment = {
        "KURTO_POSTGRES_DSN": postgres_dsn,
        "KURTO_VALKEY_URL": valkey_url,
        "KURTO_INGEST_ADDRESS": f"127.0.0.1:{peer_port}",
        "KURTO_ANALYZER_ADDRESS": settings.pop("analyzer_address", f"127.0.0.1:{peer_port}"),
        "KURTO_ALERTS_GRPC_PORT": str(port),
        "KURTO_ALERTS_METRICS_PORT": str(metrics_port),
        **{f"KURTO_ALERTS_{name.upper()}": value for name, value in settings.items()},
    }
    process = AlertsProcess(environment, port, folder / "alerts.log")
    valkey = Redis.from_url(valkey_url)
    options = [
        ("grpc.initial_reconnect_backoff_ms", 50),
        ("grpc.min_reconnect_backoff_ms", 50),
        ("grpc.max_reconnect_backoff_ms", 100),
    ]
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)
    built = World(process, valkey, channel)
    feature_grpc.add_FeatureServiceServicer_to_server(built.analyzer, peers)
    asset_grpc.add_AssetServiceServicer_to_server(built.registry, peers)
    ingest_grpc.add_IngestServiceServicer_to_server(built.ingest, peers)
    await peers.start()
    try:
        await process.start()
        await built.serving()
        yield built
    finally:
        await process.kill()
        await channel.close()
        await valkey.aclose()
        await peers.stop(None)
