"""Alarms under load: features of a hundred sensors to transitions, and lists over many alarms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, cast

import asyncpg
import numpy as np
from google.protobuf.duration_pb2 import Duration
from redis.asyncio import Redis

import kurto
from benchmarks.figures import Figure, summary
from benchmarks.local_stack import LocalStack, local_stack
from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2, operator_actions_pb2, rule_service_pb2
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.signal.v1 import features_pb2
from kurto_dsp import feature_catalogue

SENSORS, CHANNELS, RULES = 100, ("horizontal", "vertical"), 10
FEATURE_STREAM, TRANSITION_STREAM, FIELD = "kurto:features:0", "kurto:transitions:0", b"b"
WATCHED = ("rms", "peak", "kurtosis", "crest_factor", "velocity_rms")
HOP_US, WINDOW_US = 100_000, 1_000_000
SETTLE_S = 8.0
LOUD_EVERY = 10
STORED_ALARMS = 100_000
LIST_ROUNDS = 40

_STORED = """
INSERT INTO alerts.alerts (alert_id, sensor_id, channel, rule_id, epoch, window_index, raise_time,
    rule_version, rule_display_name, feature, unit, severity, state, value, worst_value,
    limit_value, resolve_time, update_time, acknowledged, revision, kind, machine_id, priority)
SELECT 'bench-' || i, 's-' || i % 5000, 'horizontal', 'r-' || i % 40 || '-' || i / 5000, 1, i,
    t, 1, 'Rule', 'rms', 'g', CASE WHEN i % 97 = 0 THEN 3 ELSE 2 END,
    CASE WHEN i % 100 = 0 THEN 3 ELSE 1 END, 2, 3, 1,
    CASE WHEN i % 100 = 0 THEN NULL ELSE t + interval '5 minutes' END, t, i % 3 = 0, 1, 1,
    'm-' || i % 500, 2
FROM generate_series(1, $1::int) i,
    LATERAL (SELECT now() - i * interval '1 minute') x (t)
"""


def measure(*, duration_s: float) -> list[Figure]:
    """Feed 20 000 evaluations a second, then list among 100 000 stored alarms."""
    with local_stack() as stack:
        return asyncio.run(_measure(stack, duration_s))


async def _measure(stack: LocalStack, duration_s: float) -> list[Figure]:
    ready = stack.ready()
    redis = Redis.from_url(ready["valkey_url"])
    async with kurto.connect(stack.target) as client:
        await _register(client)
        await _create_rules(client)
        await asyncio.sleep(SETTLE_S)  # until alerts knows the sensors
        figures = await _transitions(stack, redis, duration_s)
        await redis.aclose()
        return figures + await _lists(client, ready["postgres_dsn"])


def _name(number: int) -> str:
    return f"alarm-bench-{number:03d}"


async def _register(client: kurto.Client) -> None:
    """Register the sensors, whose features come from here instead of from samples."""
    channels = [assets_pb2.Channel(name=name, unit="g") for name in CHANNELS]
    config = assets_pb2.SensorConfig(sample_rate_hz=25_600.0, channels=channels)
    for number in range(SENSORS):
        sensor = assets_pb2.Sensor(sensor_id=_name(number), config=config, monitored=True)
        request = asset_service_pb2.CreateSensorRequest(sensor=sensor)
        await client.assets.CreateSensor(request, timeout=30.0)


async def _create_rules(client: kurto.Client) -> None:
    """Make ten rules for all channels, one of which fires and ends within a window."""
    for number in range(RULES):
        feature = WATCHED[number % len(WATCHED)]
        limit = 1.0 if number == 0 else 1e6 + number
        definition = {"rms": "g", "peak": "g", "velocity_rms": "mm/s"}
        level = alerts_pb2.Level(
            severity=alerts_pb2.SEVERITY_WARNING,
            limit=limit,
            pending_duration=Duration() if number == 0 else None,
        )
        rule = alerts_pb2.Rule(
            rule_id=f"bench-{number}",
            display_name=f"Bench {number}",
            feature=feature,
            unit=definition.get(feature, "1"),
            operator=alerts_pb2.OPERATOR_ABOVE,
            levels=[level],
            recovery_duration=Duration() if number == 0 else None,
        )
        await client.rules.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule), timeout=30.0)


class Feed:
    """The frames of all sensors, window by window, as the analyzer publishes them."""

    def __init__(self) -> None:
        self.names = [one.name for one in feature_catalogue()]
        self._start_us = int(time.time() * 1e6)
        self._values = np.full((len(CHANNELS), len(self.names)), 0.5, "<f4")
        self._rms = self.names.index("rms")
        self._batch = features_pb2.FeatureBatch(
            feature_names=self.names,
            frames=[
                features_pb2.PackedFeatureFrame(
                    sensor_id=_name(number),
                    epoch=1,
                    sample_count=25_600,
                    config_version=1,
                    channels=CHANNELS,
                    units=["g"] * len(CHANNELS),
                    quality_masks=[0] * len(CHANNELS),
                    values_f32le=self._values.tobytes(),
                )
                for number in range(SENSORS)
            ],
        )

    def message(self, window: int) -> bytes:
        """Return the message of one window; once a second another sensor is loud in one."""
        turn = window % LOUD_EVERY
        loud = window // LOUD_EVERY % SENSORS if turn in (0, 1) else None
        for number, frame in enumerate(self._batch.frames):
            frame.window_index = window
            frame.first_index = window * 2560
            frame.start_time_us = self._start_us + window * HOP_US
            frame.end_time_us = frame.start_time_us + WINDOW_US
            if number == loud:
                self._values[:, self._rms] = 5.0 if turn == 0 else 0.5
                frame.values_f32le = self._values.tobytes()
        self._values[:, self._rms] = 0.5
        return self._batch.SerializeToString()


async def _transitions(stack: LocalStack, redis: Redis, duration_s: float) -> list[Figure]:
    sent: dict[int, float] = {}
    arrived: dict[int, float] = {}
    follower = asyncio.create_task(_follow(redis, arrived))
    feed, settle = Feed(), round(SETTLE_S * 10)
    count = settle + round(duration_s * 10)
    begin = time.perf_counter()
    used, wall = 0.0, begin
    for window in range(count):
        if window == settle:
            used, wall = stack.cpu_s()["alerts"], time.perf_counter()
        message = feed.message(window)
        sent[window] = time.perf_counter()
        await redis.xadd(FEATURE_STREAM, {FIELD: message}, maxlen=6000, approximate=True)
        await asyncio.sleep(max(0.0, begin + (window + 1) * 0.1 - time.perf_counter()))
    used, wall = stack.cpu_s()["alerts"] - used, time.perf_counter() - wall
    await asyncio.sleep(1.0)
    follower.cancel()
    wanted = [window for window in range(settle, count) if window % LOUD_EVERY < 2]
    delays = [(arrived[k] - sent[k]) * 1e3 for k in wanted if k in arrived]
    if len(delays) < 0.99 * len(wanted):
        raise RuntimeError(f"{len(delays)} of {len(wanted)} windows had their transitions")
    share = 100.0 * used / wall
    return [
        summary("alarm_ms", delays, "ms"),
        Figure("alarms.cpu_percent", share, "% core", 1),
        Figure("alarms.evaluations_per_s", SENSORS * len(CHANNELS) * RULES * 10.0, "1/s", 1),
    ]


async def _follow(redis: Redis, arrived: dict[int, float]) -> None:
    """Note when the transitions of each window were published, for ever."""
    after: Any = "$"
    while True:
        answer: Any = await redis.xread(cast("Any", {TRANSITION_STREAM: after}), block=1000)
        now = time.perf_counter()
        streams = answer.items() if isinstance(answer, dict) else answer or ()
        for _, entries in streams:
            flat = entries[0] if isinstance(answer, dict) else entries
            for after, fields in flat:  # noqa: B007
                batch = alerts_pb2.AlertTransitionBatch.FromString(fields[FIELD])
                for transition in batch.transitions:
                    arrived.setdefault(transition.window_index, now)


async def _lists(client: kurto.Client, dsn: str) -> list[Figure]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_STORED, STORED_ALARMS, timeout=300.0)
        await connection.execute("ANALYZE alerts.alerts")
    finally:
        await connection.close()
    durations: list[float] = []
    for _ in range(LIST_ROUNDS):
        durations += [await _timed(client, request) for request in _requests()]
    return [summary("alarm_list_ms", durations, "ms")]


def _requests() -> Sequence[alert_pb.ListActiveAlertsRequest | alert_pb.ListAlertHistoryRequest]:
    """Return lists and filters as the page asks for them: pages of 100."""
    active, history = alert_pb.ListActiveAlertsRequest, alert_pb.ListAlertHistoryRequest
    return [
        active(),
        active(machine_id="m-100"),
        active(minimum_severity=alerts_pb2.SEVERITY_CRITICAL),
        active(set_aside=operator_actions_pb2.SET_ASIDE_VIEW_ONLY),
        history(),
        history(machine_id="m-10"),
        history(sensor_id="s-10"),
        history(minimum_severity=alerts_pb2.SEVERITY_CRITICAL),
        history(acknowledged=False),
        history(kinds=[alerts_pb2.ALERT_KIND_DATA_QUALITY]),
    ]


async def _timed(
    client: kurto.Client,
    request: alert_pb.ListActiveAlertsRequest | alert_pb.ListAlertHistoryRequest,
) -> float:
    begin = time.perf_counter()
    if isinstance(request, alert_pb.ListActiveAlertsRequest):
        await client.alerts.ListActiveAlerts(request, timeout=30.0)
    else:
        await client.alerts.ListAlertHistory(request, timeout=30.0)
    return (time.perf_counter() - begin) * 1e3
