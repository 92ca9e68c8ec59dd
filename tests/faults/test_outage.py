"""Members stand still, or all die at once: promises 6 and 9."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.rig.alarms import alarming, check_story, create_rule, delete_rule
from tests.faults.rig.checker import check
from tests.faults.rig.features import compare_features
from tests.faults.rig.live_view import live_view
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.processes import MIB, stopped, usage
from tests.faults.rig.report import DrillBook, at_least, at_most, none_of
from tests.faults.rig.scale import Scale

import kurto
from kurto.alerts.v1 import alert_service_pb2, alerts_pb2

DRAIN_PATIENCE_S = 60.0
COMPARED_SENSORS = 6
MEMBERS = ("envoy", "gateway", "ingest", "analyzer", "alerts", "valkey", "postgres")


def target_of(stack: RunningStack) -> str:
    return str(urlsplit(stack.ready["http"]).netloc)


@dataclass
class Operator:
    """Acknowledges every alert that it sees, and remembers which answers it got.

    Parameters
    ----------
    acknowledged : dict of str to int
        Revision of each alert whose acknowledgment was answered.
    """

    client: kurto.Client
    acknowledged: dict[str, int] = field(default_factory=dict)

    async def work(self) -> None:
        """Acknowledge for ever."""
        while True:
            try:
                for alert in await self.client.active_alerts():
                    if not alert.acknowledged:
                        done = await self.client.acknowledge_alert(alert.alert_id, user="drill")
                        self.acknowledged[alert.alert_id] = done.revision
            except kurto.CallError:
                pass  # no answer: nothing was promised
            await asyncio.sleep(0.1)

    async def forgotten(self) -> list[str]:
        """Return the alerts whose acknowledgment is not in their history."""
        lost = []
        for alert_id in self.acknowledged:
            request = alert_service_pb2.GetAlertRequest(alert_id=alert_id)
            answer = await self.client.alerts.GetAlert(request, timeout=60.0)
            kinds = [one.kind for one in answer.transitions]
            if kinds.count(alerts_pb2.TRANSITION_KIND_ACKNOWLEDGED) != 1:
                lost.append(alert_id)
        return lost


@pytest.mark.timeout(400)
async def test_everything_is_killed_at_once(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target, dsn = target_of(stack), stack.ready["postgres_dsn"]
    names = sensor_names("p6", sensor_count())
    load = Load(target, names, scale.seconds(25, 60), signal=alarming)
    async with kurto.connect(target) as client:
        await create_rule(client, "p6", names)
        operator = Operator(client)
        async with load.running(), live_view(target, names) as view:
            working = asyncio.create_task(operator.work())
            await asyncio.sleep(scale.seconds(5, 20))
            old_pids = {name: stack.kill(name) for name in MEMBERS}
            known = dict(view.transitions)
            acknowledged = dict(operator.acknowledged)
            for name, pid in old_pids.items():
                await asyncio.to_thread(stack.wait_for_restart, name, pid)
            await asyncio.sleep(scale.seconds(4, 20))
            working.cancel()
            load.stop()
        load.duration_s = round(load.pushed[0].pushed_index / load.sample_rate_hz)
        verdict = await check(dsn, load.pushed, hop=load.hop, signal=load.signal)
        story = await check_story(dsn, load)
        forgotten = await operator.forgotten()
        await delete_rule(client, "p6")
    book.add(
        *("6", "everything killed at once: every acked sample and alarm transition is there"),
        load=load,
        fault="kill -9 of Envoy, PostgreSQL, Valkey and all services at once",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            *story.figures(),
            at_least("transitions seen live before", len(known), 1),
            none_of("of them gone or changed", await changed(dsn, known)),
            at_least("acknowledgments answered before", len(acknowledged), 1),
            none_of("acknowledgments gone or doubled", len(forgotten)),
        ],
    )


async def changed(dsn: str, transitions: dict[int, tuple[str, int]]) -> int:
    """Return how many transitions are not stored as a viewer has seen them."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT transition_number, alert_id, kind FROM alerts.alert_transitions"
        )
    finally:
        await connection.close()
    stored = {row["transition_number"]: (row["alert_id"], row["kind"]) for row in rows}
    return sum(stored.get(number) != seen for number, seen in transitions.items())


@pytest.mark.timeout(400)
async def test_the_analyzer_is_stopped(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    dsn = stack.ready["postgres_dsn"]
    stopped_s = scale.seconds(6, 60)
    load = Load(target_of(stack), sensor_names("p9", sensor_count(busy=0.25, short=3)), 600)
    async with load.running(), usage(lambda: stack.pid("ingest")) as used:
        await asyncio.sleep(scale.seconds(3, 5))
        at_s = time.monotonic()
        with stopped(stack.pid("analyzer")):
            await asyncio.sleep(stopped_s)
        going_on_s = time.monotonic()
        behind = await windows_behind(dsn, load)
        while await windows_behind(dsn, load) > 10 * len(load.pushed):  # a second each
            assert time.monotonic() < going_on_s + DRAIN_PATIENCE_S
            await asyncio.sleep(0.1)
        caught_up_s = time.monotonic() - going_on_s
        load.stop()
    load.duration_s = round(load.pushed[0].pushed_index / load.sample_rate_hz)
    verdict = await check(dsn, load.pushed, hop=load.hop)
    comparison = await compare_features(dsn, load, load.pushed[:COMPARED_SENSORS])
    # What came meanwhile had to be analysed too.
    speed = (behind / (10 * len(load.pushed)) + caught_up_s) / caught_up_s
    book.add(
        *("9", "analyzer stopped 60 s: ingest RSS < +128 MB, 0 lost, catch-up >= 3x real time"),
        load=load,
        fault=f"SIGSTOP of the analyzer for {stopped_s:g} s",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            *comparison.figures(),
            at_most("ingest RSS +", used[0].growth_since(at_s) / MIB, 128, "MiB"),
            at_least("windows behind", behind, 9 * stopped_s * len(load.pushed)),
            at_least("catch-up", speed, scale.seconds(1.5, 3.0), "x real time"),
            none_of("reconnections of senders", sum(one.reconnect_count for one in load.pushed)),
        ],
    )


_ANALYSED = """
SELECT coalesce(sum(next_window_index), 0) FROM analyzer.positions WHERE sensor_id = ANY ($1)
"""


async def windows_behind(dsn: str, load: Load) -> int:
    """Return how many complete windows of a load are not analysed yet, over all sensors."""
    connection = await asyncpg.connect(dsn)
    try:
        analysed: int = await connection.fetchval(_ANALYSED, list(load.sensor_ids))
    finally:
        await connection.close()
    complete = sum(max(0, one.pushed_index // load.hop - 9) for one in load.pushed)
    return complete - int(analysed)
