"""A gap that the process saw, and forgot when it was killed."""

import asyncio
import contextlib

import grpc
import numpy as np

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto_ingest.exceptions import StaleFence
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.fakes.streams import FakeSampleStore
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.settings import load_settings
from kurto_service.testing import serve


async def test_windows_are_called_empty_only_once_their_gap_is_durable() -> None:
    """After the kill the sender has nothing missing: the windows of the forgotten gap are whole."""
    settings = load_settings(
        IngestSettings,
        postgres_dsn="postgresql://nowhere",
        valkey_url="redis://nowhere",
        commit_interval_s=0.01,
        commit_linger_s=0.02,
    )
    stores, analyzer = fake_stores(SystemClock()), FakeAnalyzer()
    samples = stores.samples
    assert isinstance(samples, FakeSampleStore)
    async with serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel:
        async with run_ingest(stores, channel, settings) as first:
            sender = Sender(first.stub, first.assets)
            await sender.create()
            await sender.open()
            await sender.push(sender.batch(0, 2000))
            samples.fail_before = [ConnectionResetError("away")] * 10_000
            call = sender.stub.Push()
            await call.write(sender.start())
            await call.write(sender.batch(2500, 3000))
            session = first.ingest.registry.of_sensor(sender.sensor_id)[0]
            async with asyncio.timeout(60):
                while session.live.accepted.next_index < 5500:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            call.cancel()
            # As a kill does: what is not durable is gone.
            first.ingest.registry.remove(session, StaleFence(sender.sensor_id, 1))
            with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
                await call
        early = analyzer.windows[sender.sensor_id, 1].values()
        assert not any(window is None for window in early)
        samples.fail_before = []
        async with run_ingest(stores, channel, settings) as second:
            sender.stub, sender.assets = second.stub, second.assets
            assert (await sender.open()).next_index == 2000
            await sender.push(sender.batch(2000, 2000), sender.batch(4300, 1700))
            async with asyncio.timeout(60):
                while len(analyzer.windows[sender.sensor_id, 1]) < 51:
                    await asyncio.sleep(0.01)
    windows = analyzer.windows[sender.sensor_id, 1]
    empty = [k for k, window in sorted(windows.items()) if window is None]
    assert empty == list(range(31, 43))
    for k in set(range(51)) - set(empty):
        np.testing.assert_array_equal(windows[k], sender.samples(k * 100, 1000))
    assert analyzer.problems == []
