"""Readers that take nothing: how many there may be, and that the service ends in spite of them."""

import asyncio
from typing import Any

import grpc
import pytest
from tests.integration.ingest.test_read_samples import BATCH, check_samples, much_stored, read

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest


async def stalled(running: RunningIngest, count: int) -> list[Any]:
    """Begin to read, stop after the first message, and wait until that is noticed."""
    calls = []
    for _ in range(count):
        call = running.stub.ReadSamples(pb.ReadSamplesRequest(sensor_id="pump-7"))
        assert isinstance(await call.read(), pb.ReadSamplesResponse)
        calls.append(call)
        async with asyncio.timeout(60):
            while running.ingest.reads.stalled_count < len(calls):
                await asyncio.sleep(0.01)
    return calls


async def test_readers_that_stalled_do_not_gather_without_an_end(
    stores: Stores, settings: IngestSettings
) -> None:
    limits = {"max_sample_reads": 1, "max_stalled_reads": 3, "read_stall_s": 0.2}
    async with much_stored(stores, settings, **limits) as running:
        calls = await stalled(running, 3)
        with pytest.raises(grpc.aio.AioRpcError, match="stopped taking samples") as caught:
            await running.stub.ReadSamples(pb.ReadSamplesRequest(sensor_id="pump-7")).read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        calls[0].cancel()
        async with asyncio.timeout(60):
            while running.ingest.reads.stalled_count == 3:
                await asyncio.sleep(0.01)
            assert check_samples(await read(running), channels=8) == 8 * BATCH
        for call in calls:
            call.cancel()


@pytest.mark.parametrize("noticed", [False, True], ids=["reading", "sent away"])
async def test_the_service_ends_though_readers_stand_still(
    stores: Stores, settings: IngestSettings, noticed: bool
) -> None:
    stall_s = 0.2 if noticed else 600.0
    async with asyncio.timeout(60):
        async with much_stored(stores, settings, read_stall_s=stall_s) as running:
            if noticed:
                calls = await stalled(running, 2)
            else:
                calls = [running.stub.ReadSamples(pb.ReadSamplesRequest(sensor_id="pump-7"))]
                assert isinstance(await calls[0].read(), pb.ReadSamplesResponse)
                await asyncio.sleep(0.5)  # until it stands still
    assert all(call.done() for call in calls)
