"""Diagnoses of the analyzer as a process of its own, also one that is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
from tests.integration.analyzer.sender import sender
from tests.integration.analyzer.test_diagnoses import (
    Machine,
    assert_equal,
    machine,
    offline,
)
from tests.integration.analyzer.test_process import analyzer_process

from kurto.analyzer.v1 import (
    analyzer_service_pb2_grpc,
    feature_service_pb2_grpc,
)
from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto_dsp.diagnosis import ShaftSpeed, SpeedSource
from kurto_service.channels import open_channel

NAMEPLATE = ShaftSpeed(1797.0 / 60.0, SpeedSource.NAMEPLATE)
WAIT_S = 60.0
RACES = 3  # kills, each a little later than the one before

WINDOWS = """
SELECT f.window_index, count(d.channel) AS diagnoses, f.quality IS NOT NULL AS whole
FROM analyzer.long_features AS f LEFT JOIN analyzer.diagnoses AS d
    USING (sensor_id, end_time, epoch, window_index)
GROUP BY 1, 3 ORDER BY 1
"""
ORPHANS = """
SELECT count(*) FROM analyzer.diagnoses AS d WHERE NOT EXISTS (
    SELECT FROM analyzer.long_features AS f WHERE (f.sensor_id, f.end_time, f.epoch, f.window_index)
        = (d.sensor_id, d.end_time, d.epoch, d.window_index))
"""


async def assert_whole(dsn: str) -> list[int]:
    """No window has some of its channels only; return the windows."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(WINDOWS)
        assert await connection.fetchval(ORPHANS) == 0
    finally:
        await connection.close()
    assert {row["diagnoses"] for row in rows} <= {2}
    return [row["window_index"] for row in rows]


async def listed(port: int) -> list[pb.Diagnosis]:
    async with open_channel(f"127.0.0.1:{port}") as channel:
        stub = feature_service_pb2_grpc.FeatureServiceStub(channel)
        page = await stub.ListDiagnoses(pb.ListDiagnosesRequest(sensor_id="pump-7"))
        return list(page.diagnoses)


def assert_of_library(found: list[pb.Diagnosis], recording: Machine) -> None:
    for one in found:
        row = recording.channels.index(one.channel)
        assert_equal(one, offline(recording, row, one.window.window_index + 10, NAMEPLATE))


async def test_a_killed_analyzer_leaves_no_half_results(
    postgres_dsn: str, valkey_url: str, free_port: int, tmp_path: Path
) -> None:
    """Killed around the moment at which results are stored, again and again."""
    recording, log = machine(hops=100 * (RACES + 1)), tmp_path / "log"
    for race in range(RACES):
        async with (
            analyzer_process(postgres_dsn, valkey_url, free_port, log) as process,
            open_channel(f"127.0.0.1:{free_port}") as channel,
            sender(analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)) as ingest,
        ):
            first = await ingest.open(recording)
            await ingest.send(recording.run(first, 100 * (race + 1) - first))
            if race:  # the first one only shows that a result is there in the end
                await asyncio.sleep(0.25 * race)
            else:
                async with asyncio.timeout(WAIT_S):
                    while not await listed(free_port):
                        await asyncio.sleep(0.05)
            process.kill()
            await process.wait()
        await assert_whole(postgres_dsn)
    async with (
        analyzer_process(postgres_dsn, valkey_url, free_port, log) as process,
        open_channel(f"127.0.0.1:{free_port}") as channel,
        sender(analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)) as ingest,
    ):
        first = await ingest.open(recording)
        await ingest.send(recording.run(first, recording.hop_count - first))
        last = recording.hop_count - 10
        async with asyncio.timeout(WAIT_S):
            while (found := await listed(free_port))[-1].window.window_index != last:
                await asyncio.sleep(0.05)
    windows = await assert_whole(postgres_dsn)
    assert windows[0] == 90
    assert windows[-1] == last
    assert len(found) == 2 * len(windows)
    assert_of_library(found, recording)
