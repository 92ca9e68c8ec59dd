"""A call that gives up again and again: what it must remember is bounded."""

import asyncio

import grpc

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.settings import load_settings
from kurto_service.testing import serve

MOST = 4096


async def test_a_call_with_very_many_gaps_is_rotated_and_loses_nothing() -> None:
    settings = load_settings(
        IngestSettings, postgres_dsn="postgresql://nowhere", valkey_url="redis://nowhere"
    )
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(fake_stores(SystemClock()), channel, settings) as running,
    ):
        sender = Sender(running.stub, running.assets, rate=100_000.0)
        await sender.create()
        await sender.open()
        call = sender.stub.Push()
        await call.write(sender.start())
        await call.write(sender.batch(0, 1))
        for number in range(1, 2 * MOST):  # every other sample, for ever
            try:
                await call.write(sender.batch(2 * number, 1))
                await call.write(sender.abandon(2 * number - 1, 2 * number))
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                break  # it has ended
        answer = await call
        assert answer.end_reason == pb.STREAM_END_REASON_ROTATE
        [result] = answer.results
        # What was read beside the last one is acknowledged, too.
        assert 2 * MOST + 1 <= result.next_index < 2 * MOST + 1000
        assert 2 * result.accepted_sample_count - 1 == result.next_index
        answer = await sender.push(sender.batch(result.next_index, 100))
        assert answer.results[0].next_index == result.next_index + 100
