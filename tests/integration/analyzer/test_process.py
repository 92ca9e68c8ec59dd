"""The analyzer as a process of its own, on a real PostgreSQL and a real Valkey."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.integration.analyzer.recordings import Recording, hops_request, noise, open_request
from tests.integration.analyzer.sender import AnalyzeCall, sender

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.analyzer.v1 import analyzer_service_pb2_grpc, feature_service_pb2_grpc
from kurto.analyzer.v1 import feature_service_pb2 as features_pb
from kurto_cli.stack import ports
from kurto_service.channels import open_channel

LIVE_S = 60.0
FEATURE_SERVICE = "kurto.analyzer.v1.FeatureService"


@asynccontextmanager
async def analyzer_process(
    postgres_dsn: str, valkey_url: str, port: int, log: Path, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {
        "KURTO_POSTGRES_DSN": postgres_dsn,
        "KURTO_VALKEY_URL": valkey_url,
        "KURTO_ANALYZER_GRPC_PORT": str(port),
        "KURTO_ANALYZER_METRICS_PORT": "0",
        **{f"KURTO_ANALYZER_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kurto_analyzer", env=environment, stderr=output, stdout=output
        )
    try:
        await serving(port)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(60):
                await process.wait()


async def serving(port: int, service: str = FEATURE_SERVICE) -> None:
    """Wait until the process says SERVING for `service`."""
    request = health_pb2.HealthCheckRequest(service=service)
    async with asyncio.timeout(LIVE_S), open_channel(f"127.0.0.1:{port}") as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        while True:
            with contextlib.suppress(grpc.RpcError):
                response = await health.Check(request, wait_for_ready=True)
                if response.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            await asyncio.sleep(0.05)


async def replay(port: int, recordings: list[Recording], *, until: int | None = None) -> None:
    """Send hops as ingest does: from the position that is answered, a hop of each in turn.

    Returns when everything is acknowledged, or after `until` windows of the first recording.
    """
    async with open_channel(f"127.0.0.1:{port}") as channel:
        stub = analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)
        call = stub.AnalyzeWindows(wait_for_ready=True, timeout=100)
        for slot, recording in enumerate(recordings):
            await call.write(open_request(recording, slot))
        senders: list[asyncio.Task[None]] = []
        writing = asyncio.Lock()  # gRPC takes one write at a time
        done = [0] * len(recordings)
        try:
            async for response in call:
                for position in response.positions:
                    done[position.slot] = position.next_window_index
                    if position.opened:
                        recording = recordings[position.slot]
                        senders.append(
                            asyncio.create_task(_send(call, recording, position, writing))
                        )
                if until is not None and done[0] >= until:
                    return
                if all(d == r.window_count for d, r in zip(done, recordings, strict=True)):
                    return
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            call.cancel()


async def _send(
    call: AnalyzeCall, recording: Recording, position: pb.WindowPosition, writing: asyncio.Lock
) -> None:
    for run in recording.runs(position.next_window_index, slot=position.slot):
        async with writing:
            await call.write(hops_request(run))
        await asyncio.sleep(0.001)


async def stored(dsn: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(
            "SELECT * FROM analyzer.realtime_features ORDER BY sensor_id, epoch, window_index"
        )
    finally:
        await connection.close()


_NOT_ROLLED_UP = """
WITH frames AS (
    SELECT sensor_id, channel, date_trunc($1, start_time) AS start_time, count(*) AS windows,
        min(rms) AS low, max(rms) AS high, avg(rms) AS mean
    FROM analyzer.channel_features GROUP BY 1, 2, 3)
SELECT count(*) FROM frames AS f FULL JOIN (
    SELECT * FROM reporting.v_feature_rollups_{name} WHERE feature = 'rms') AS r
    USING (sensor_id, channel, start_time)
WHERE (f.windows, f.low, f.high) IS DISTINCT FROM (r.window_count, r.minimum, r.maximum)
    OR abs(f.mean - r.mean) > 1e-6
"""


async def rolled_up(dsn: str) -> None:
    """Wait until every roll-up is what its frames say."""
    connection = await asyncpg.connect(dsn)
    try:
        for name, unit in (("1s", "second"), ("1m", "minute")):
            async with asyncio.timeout(60):
                while await connection.fetchval(_NOT_ROLLED_UP.format(name=name), unit):
                    await asyncio.sleep(0.1)
    finally:
        await connection.close()


def assert_equal_to_offline(rows: list[asyncpg.Record], recording: Recording) -> None:
    mine = [row for row in rows if row["sensor_id"] == recording.sensor_id]
    assert [row["window_index"] for row in mine] == list(range(recording.window_count))
    values = np.array([row["features"] for row in mine], np.float32)
    np.testing.assert_array_equal(values, recording.offline().values)


async def test_kill_and_replay_stores_every_window_once(
    postgres_dsn: str, valkey_url: str, free_port: int, tmp_path: Path
) -> None:
    recordings = [
        Recording(
            samples=noise(seconds=20, seed=number), sample_rate_hz=2560.0, sensor_id=f"s{number}"
        )
        for number in range(3)
    ]
    log = tmp_path / "log"
    quick = {"rollup_interval_s": "0.02", "rollup_idle_s": "0.1"}
    async with analyzer_process(postgres_dsn, valkey_url, free_port, log, **quick) as process:
        await replay(free_port, recordings, until=60)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert 60 <= len(await stored(postgres_dsn)) < 3 * recordings[0].window_count
    async with analyzer_process(postgres_dsn, valkey_url, free_port, log, **quick):
        await replay(free_port, recordings)
        await rolled_up(postgres_dsn)
        async with open_channel(f"127.0.0.1:{free_port}") as channel:
            features = feature_service_pb2_grpc.FeatureServiceStub(channel)
            latest = await features.GetLatestFeatures(
                features_pb.GetLatestFeaturesRequest(sensor_id="s1")
            )
            assert latest.frame.window_index == recordings[1].window_count - 1
    rows = await stored(postgres_dsn)
    for recording in recordings:
        assert_equal_to_offline(rows, recording)
    assert "Traceback" not in log.read_text()


async def test_sigterm_acknowledges_what_has_come_and_exits(
    postgres_dsn: str, valkey_url: str, free_port: int, tmp_path: Path
) -> None:
    recording = Recording(samples=noise(seconds=10), sample_rate_hz=2560.0)
    log = tmp_path / "log"
    async with analyzer_process(postgres_dsn, valkey_url, free_port, log) as process:
        async with open_channel(f"127.0.0.1:{free_port}") as channel:
            stub = analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)
            async with sender(stub) as ingest:
                await ingest.open(recording)
                await ingest.send(recording.run(0, 50))
                await ingest.committed(1)
                process.terminate()
                with pytest.raises(EOFError):
                    while True:
                        await ingest.answer()
                assert ingest.positions[1] == 41
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    assert len(await stored(postgres_dsn)) == 41
    assert "Traceback" not in log.read_text()


async def test_starts_and_works_without_valkey(
    postgres_dsn: str, free_port: int, tmp_path: Path
) -> None:
    recording = Recording(samples=noise(seconds=4), sample_rate_hz=2560.0)
    nobody = f"redis://127.0.0.1:{ports.free_ports('127.0.0.1', 1)[0]}/0"
    log = tmp_path / "log"
    async with analyzer_process(postgres_dsn, nobody, free_port, log):
        await replay(free_port, [recording])
        async with open_channel(f"127.0.0.1:{free_port}") as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            whole = await health.Check(health_pb2.HealthCheckRequest())
            assert whole.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert_equal_to_offline(await stored(postgres_dsn), recording)
    assert "publish_failed" in log.read_text()
    assert "Traceback" not in log.read_text()
