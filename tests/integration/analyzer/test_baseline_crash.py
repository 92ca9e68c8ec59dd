"""Learning outlives the process: it is made of stored windows."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tests.integration.analyzer.recordings import ANCHOR_S, Recording, noise
from tests.integration.analyzer.sender import sender
from tests.integration.analyzer.test_crashes import no_commits
from tests.integration.analyzer.test_process import analyzer_process

from kurto.analyzer.v1 import analyzer_service_pb2_grpc, feature_service_pb2_grpc
from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto_cli.stack import ports
from kurto_service.channels import open_channel

RECORDING = Recording(samples=noise(seconds=75, seed=9), sample_rate_hz=2560.0)
WANTED = 60


async def replay(port: int, *, until: int = RECORDING.window_count) -> None:
    """Send what the analyzer does not have yet, up to a window, and wait until it is committed."""
    async with (
        open_channel(f"127.0.0.1:{port}") as channel,
        sender(analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)) as ingest,
    ):
        position = await ingest.open(RECORDING)
        end = until + RECORDING.window_hops - 1
        for hop in range(position, end, 50):
            await ingest.send(RECORDING.run(hop, min(50, end - hop)))
        await ingest.committed(until)


@dataclass
class Caller:
    """Calls an analyzer at a port."""

    port: int

    async def learn(self) -> pb.Baseline:
        request = pb.LearnBaselineRequest(
            sensor_id=RECORDING.sensor_id, cause=pb.LEARNING_CAUSE_COMMISSIONING,
            reason="new machine", begin_time=Timestamp(seconds=ANCHOR_S), window_count=WANTED,
        )  # fmt: skip
        async with open_channel(f"127.0.0.1:{self.port}") as channel:
            stub = feature_service_pb2_grpc.FeatureServiceStub(channel)
            return (await stub.LearnBaseline(request)).baseline

    async def missing(self) -> int:
        async with open_channel(f"127.0.0.1:{self.port}") as channel:
            stub = feature_service_pb2_grpc.FeatureServiceStub(channel)
            request = pb.ListBaselinesRequest(sensor_id=RECORDING.sensor_id)
            return (await stub.ListBaselines(request)).baselines[0].missing_window_count

    async def in_force(self) -> pb.Baseline:
        async with (
            asyncio.timeout(60),
            open_channel(f"127.0.0.1:{self.port}") as channel,
        ):
            stub = feature_service_pb2_grpc.FeatureServiceStub(channel)
            while True:
                try:
                    request = pb.GetBaselineRequest(sensor_id=RECORDING.sensor_id)
                    return (await stub.GetBaseline(request)).baseline
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                        raise
                    await asyncio.sleep(0.05)


def assert_undisturbed(baseline: pb.Baseline) -> None:
    """Compare with medians of the whole recording, computed in one go."""
    offline = RECORDING.offline()
    values = offline.values[::10][3 : 3 + WANTED].astype(np.float64)
    (one,) = baseline.bins
    assert one.window_count == WANTED
    for row, channel in enumerate(one.channels):
        for name in ("rms", "crest_factor", "kurtosis", "spectral_centroid"):
            logs = np.log(values[:, row, offline.names.index(name)])
            assert channel.features[name].median == pytest.approx(
                np.exp(np.median(logs)), rel=1e-12
            )


async def test_killed_in_the_middle_of_learning(
    postgres_dsn: str, valkey_url: str, free_port: int, tmp_path: Path
) -> None:
    log, caller = tmp_path / "log", Caller(free_port)
    async with analyzer_process(postgres_dsn, valkey_url, free_port, log) as process:
        await replay(free_port, until=20)
        asked = await caller.learn()
        for windows in (250, 400):
            await replay(free_port, until=windows)
            missing = await caller.missing()
            assert 0 < missing < WANTED
        async with no_commits(postgres_dsn):  # it works on the rest, and cannot be done with it
            behind = asyncio.create_task(replay(free_port))
            await asyncio.sleep(0.2)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        with pytest.raises(grpc.aio.AioRpcError):
            await behind
    async with analyzer_process(postgres_dsn, valkey_url, free_port, log):
        # It knows what it had learned before it has seen a window.
        assert 0 < await caller.missing() <= missing
        await replay(free_port)
        baseline = await caller.in_force()
    assert baseline.baseline_id == asked.baseline_id
    assert [event.event for event in baseline.events] == ["requested", "frozen"]
    assert_undisturbed(baseline)
    assert "Traceback" not in log.read_text()


async def test_requested_of_one_analyzer_and_learned_by_another(
    postgres_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    here, there = ports.free_ports("127.0.0.1", 2)
    quick = {"baseline_watch_interval_s": "0.1"}
    async with (
        analyzer_process(postgres_dsn, valkey_url, here, tmp_path / "here", **quick),
        analyzer_process(postgres_dsn, valkey_url, there, tmp_path / "there", **quick),
    ):
        await replay(here, until=300)
        await Caller(there).learn()
        await replay(here)
        for port in (here, there):
            assert_undisturbed(await Caller(port).in_force())
