"""Samples that lie too far in the future: stored apart, acknowledged, bounded, readable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import grpc
import numpy as np
import pytest

import kurto
from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1 import stream_status_pb2 as status_pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.kept import FakeSpaceStore
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, hashed_samples, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.errors import error_info
from kurto_service.testing import serve

HOP = 100
AHEAD = 3_600_000  # an hour at 1000 Hz


async def read(running: RunningIngest, **arguments: Any) -> list[kurto.SamplesPiece]:
    client = kurto.Client(running.channel)
    return [piece async for piece in client.read_samples("pump-7", **arguments)]


def holes(pieces: list[kurto.SamplesPiece]) -> list[tuple[int, int, str]]:
    return [
        (one.first_index, one.end_index, one.reason)
        for one in pieces
        if isinstance(one, kurto.SamplesHole)
    ]


def chunks(pieces: list[kurto.SamplesPiece]) -> list[tuple[int, int, bool]]:
    """Compare each sample with what its index says; return what there is."""
    found = []
    for one in pieces:
        if isinstance(one, kurto.SamplesChunk):
            count = one.end_index - one.first_index
            sent = hashed_samples("pump-7", one.header.epoch, one.first_index, count, 2)
            np.testing.assert_array_equal(one.samples, sent)
            found.append((one.first_index, one.end_index, one.quarantined))
    return found


def ranges(result: pb.SensorPushResult | pb.GetStreamPositionResponse) -> list[tuple[int, int]]:
    return [(one.first_index, one.end_index) for one in result.missing_ranges]


async def status(running: RunningIngest) -> status_pb.SensorStatus:
    return (await running.control.ListStreams(control_pb.ListStreamsRequest())).streams[0]


async def test_they_are_acknowledged_and_stored_apart(
    running: RunningIngest, sender: Sender, settings: IngestSettings
) -> None:
    response = await sender.push(sender.batch(0, HOP), sender.batch(AHEAD, HOP))
    (result,) = response.results
    assert (result.next_index, ranges(result)) == (AHEAD + HOP, [(HOP, AHEAD)])
    assert result.accepted_sample_count == 2 * HOP
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:
        assert await connection.fetchval("SELECT sum(sample_count) FROM ingest.sensor_data") == HOP
        rows = await connection.fetch("SELECT * FROM ingest.quarantined_samples")
    finally:
        await connection.close()
    assert [(row["first_index"], row["sample_count"]) for row in rows] == [(AHEAD, HOP)]
    request = pb.GetStreamPositionRequest(sensor_id=sender.sensor_id)
    position = await sender.stub.GetStreamPosition(request)
    assert (position.next_index, ranges(position)) == (AHEAD + HOP, [(HOP, AHEAD)])
    assert (await sender.open()).next_index == AHEAD + HOP
    duplicates = await sender.push(sender.batch(AHEAD, HOP))
    assert duplicates.results[0].duplicate_sample_count == HOP


async def test_the_rest_of_the_epoch_goes_on_as_if_they_had_not_come(
    running: RunningIngest, sender: Sender
) -> None:
    await sender.push(sender.batch(0, HOP), sender.batch(AHEAD, HOP))
    response = await sender.push(*(sender.batch(at, HOP) for at in range(HOP, 20 * HOP, HOP)))
    (result,) = response.results
    assert (result.next_index, ranges(result)) == (AHEAD + HOP, [(20 * HOP, AHEAD)])
    assert result.refilled_sample_count == 0  # fresh, so that alarms are evaluated
    live = running.ingest.registry.get((sender.sensor_id, 1))
    assert live is not None
    assert (live.live.accepted.next_index, list(live.live.accepted.missing)) == (20 * HOP, [])


async def test_reading_leaves_them_out_unless_asked(running: RunningIngest, sender: Sender) -> None:
    await sender.push(sender.batch(0, HOP), sender.batch(AHEAD, 3 * HOP))
    without = await read(running)
    assert chunks(without) == [(0, HOP, False)]
    assert holes(without) == [
        (HOP, AHEAD, "missing"),
        (AHEAD, AHEAD + 3 * HOP, "quarantined"),
    ]
    asked = await read(running, include_quarantined=True)
    assert chunks(asked) == [(0, HOP, False), (AHEAD, AHEAD + 3 * HOP, True)]
    assert holes(asked) == [(HOP, AHEAD, "missing")]


async def test_a_rate_that_is_too_high_crosses_the_boundary_on_the_grid(
    running: RunningIngest, sender: Sender
) -> None:
    """What is in time is taken at its place, to the sample; windows end on a line of the grid."""
    first = 1_799_950  # the limit lies somewhere in the batch
    response = await sender.push(
        sender.batch(first, 50_000), sender.batch(first + 50_000, 1000), sender.abandon(0, first)
    )
    assert (response.results[0].next_index, ranges(response.results[0])) == (first + 51_000, [])
    asked = await read(running, include_quarantined=True)
    found = chunks(asked)
    boundary = next(one for one, _, apart in found if apart)
    assert boundary % HOP == 0
    assert 1_800_000 <= boundary < 1_800_000 + 60_000
    assert [one for one, _, _ in found][1:] == [end for _, end, _ in found][:-1]
    assert (found[0][0], found[-1][1]) == (first, first + 51_000)


async def test_gaps_in_quarantine_can_be_filled_and_given_up(
    running: RunningIngest, sender: Sender
) -> None:
    await sender.push(sender.batch(0, HOP), sender.batch(AHEAD, HOP))
    response = await sender.push(sender.batch(AHEAD + 500, HOP))
    assert ranges(response.results[0]) == [(HOP, AHEAD), (AHEAD + HOP, AHEAD + 500)]
    response = await sender.push(
        sender.batch(AHEAD + HOP, 150),
        sender.abandon(AHEAD + 250, AHEAD + 500),
        sender.abandon(HOP, AHEAD),
    )
    assert ranges(response.results[0]) == []
    asked = await read(running, include_quarantined=True)
    assert chunks(asked) == [
        (0, HOP, False),
        (AHEAD, AHEAD + 250, True),
        (AHEAD + 500, AHEAD + 600, True),
    ]
    # No window waits, or is stored empty, for the hour between.
    session = running.ingest.registry.get((sender.sensor_id, 1))
    assert session is not None
    assert session.live.accepted.next_index == HOP


async def test_it_is_said_in_status_events_and_figures(
    running: RunningIngest, sender: Sender
) -> None:
    await sender.push(sender.batch(AHEAD, HOP), sender.batch(AHEAD + HOP, HOP))
    now = await status(running)
    assert (now.quarantined_sample_count, now.next_index) == (2 * HOP, 0)
    assert now.state == status_pb.STREAM_STATE_LIVE
    response = await running.control.GetStorageStatus(control_pb.GetStorageStatusRequest())
    assert response.status.quarantine_bytes >= 2 * HOP * 8
    assert any("quarantine" in text for text in response.status.problems)
    kind = status_pb.STREAM_EVENT_KIND_SAMPLES_QUARANTINED
    request = control_pb.ListStreamEventsRequest(kinds=[kind])
    async with asyncio.timeout(60):
        while not (found := (await running.control.ListStreamEvents(request)).events):
            await asyncio.sleep(0.02)
    (event,) = found
    assert event.first_index == AHEAD
    assert event.value == pytest.approx(3600, abs=60)


Restart = Callable[..., Any]


@pytest.fixture
def restart(stores: Stores, settings: IngestSettings) -> Restart:
    """Runs another ingest on the same stores; takes settings that differ."""

    @asynccontextmanager
    async def again(**changes: Any) -> AsyncIterator[RunningIngest]:
        other = settings.model_copy(update=changes)
        async with (
            serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
            run_ingest(stores, channel, other) as running,
        ):
            yield running

    return again


async def test_a_new_process_goes_on(restart: Restart) -> None:
    async with restart() as running:
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        await sender.push(sender.batch(0, HOP), sender.batch(AHEAD, HOP))
    async with restart() as running:
        sender.stub = running.stub
        opened = await sender.open()
        assert opened.next_index == AHEAD + HOP
        response = await sender.push(sender.batch(AHEAD + HOP, HOP), sender.batch(HOP, HOP))
        (result,) = response.results
        assert (result.next_index, ranges(result)) == (AHEAD + 2 * HOP, [(2 * HOP, AHEAD)])
        found = chunks(await read(running, include_quarantined=True))
        assert [one[:2] for one in found] == [(0, 2 * HOP), (AHEAD, AHEAD + 2 * HOP)]


async def test_a_full_quarantine_refuses_and_takes_again_what_has_room(restart: Restart) -> None:
    async with restart(quarantine_max_bytes=4000) as running:
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        await sender.push(sender.batch(AHEAD, HOP))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            for at in range(AHEAD + HOP, AHEAD + 10 * HOP, HOP):
                await sender.push(sender.batch(at, HOP))
        info = error_info(refused.value)
        assert info is not None
        assert info.reason == "TIME_IN_FUTURE"
        assert "QUARANTINE_MAX_BYTES" in (refused.value.details() or "")
        # The others are not concerned.
        response = await sender.push(sender.batch(0, HOP))
        assert response.results[0].accepted_sample_count == HOP
        await running.ingest.quarantine.clear()
        response = await sender.push(sender.batch(AHEAD + 9 * HOP, HOP))
        assert response.results[0].accepted_sample_count == HOP
        kept = await read(running, include_quarantined=True)
        gone = next(one for one in holes(kept) if one[2] == "expired")
        assert gone[0] == AHEAD
        assert chunks(kept)[-1][:2] == (AHEAD + 9 * HOP, AHEAD + 10 * HOP)


async def test_they_are_deleted_after_days(restart: Restart) -> None:
    async with restart(quarantine_retention_d=1e-9, disk_check_interval_s=0.05) as running:
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        await sender.push(sender.batch(AHEAD, HOP))
        async with asyncio.timeout(60):
            while chunks(await read(running, include_quarantined=True)):
                await asyncio.sleep(0.05)
        async with asyncio.timeout(60):
            while running.ingest.quarantine.ledger.used_bytes:
                await asyncio.sleep(0.05)


class ShiftedClock(SystemClock):
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        """Return the time that it shows."""
        return super().now() + self.shift


async def test_a_clock_that_has_gone_back_is_no_reason_for_quarantine(
    settings: IngestSettings,
) -> None:
    """Such samples may well be in time: they are taken at their place once it is right again."""
    clock = ShiftedClock()
    stores = fake_stores(clock)
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, settings, clock) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        await sender.push(sender.batch(0, HOP))
        clock.shift = -timedelta(hours=2)
        await sender.open()
        with pytest.raises(grpc.aio.AioRpcError, match="gone back"):
            await sender.push(sender.batch(HOP, HOP))
        clock.shift = timedelta()
        response = await sender.push(sender.batch(HOP, HOP))
        assert response.results[0].next_index == 2 * HOP
        assert await stores.quarantine.stored_bytes() == 0


async def test_a_disk_that_is_nearly_full_empties_it_and_closes_it(
    settings: IngestSettings,
) -> None:
    stores = fake_stores(SystemClock())
    space = stores.space
    assert isinstance(space, FakeSpaceStore)
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, settings) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        await sender.push(sender.batch(AHEAD, HOP))
        assert await stores.quarantine.stored_bytes() > 0
        space.total_bytes, space.used_bytes = 1000, 920
        await running.ingest.guard.look()
        assert await stores.quarantine.stored_bytes() == 0
        with pytest.raises(grpc.aio.AioRpcError, match="disk is nearly full"):
            await sender.push(sender.batch(AHEAD + HOP, HOP))
        space.used_bytes = 100
        await running.ingest.guard.look()
        response = await sender.push(sender.batch(AHEAD + HOP, HOP))
        assert response.results[0].accepted_sample_count == HOP
