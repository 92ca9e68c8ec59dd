"""Uploads from a sender's buffer beside the live samples of the same sensor."""

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import numpy as np
import pytest

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1 import stream_status_pb2 as status_pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.errors import error_info
from kurto_service.testing import serve


def buffered(running: RunningIngest, sender: Sender, boot_id: str) -> Sender:
    """Return another sender of the same sensor."""
    other = Sender(running.stub, running.assets, sender.sensor_id)
    other.boot_id = boot_id
    return other


async def status_of(running: RunningIngest, sender: Sender) -> status_pb.SensorStatus:
    """Return the state of the sensor."""
    request = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
    return (await running.control.GetSensorStatus(request)).status


async def windows(analyzer: FakeAnalyzer, key: tuple[str, int], count: int) -> None:
    """Wait until the analyzer has so many windows."""
    async with asyncio.timeout(60):
        while len(analyzer.windows[key]) < count:
            await asyncio.sleep(0.01)


def flags(analyzer: FakeAnalyzer, epoch: int) -> list[bool]:
    """Return how an epoch was announced."""
    return [item.backfill for item in analyzer.opens if item.epoch == epoch]


async def test_upload_beside_the_live_epoch(
    sender: Sender, running: RunningIngest, analyzer: FakeAnalyzer, stores: Stores
) -> None:
    """No hold is needed, none is taken, and nothing of it passes for the present."""
    live = sender.stub.Push()
    await live.write(sender.start())
    await live.write(sender.batch(0, 2000))

    upload = buffered(running, sender, "boot-0")
    start_time = datetime.now(UTC) - timedelta(hours=2)
    opened = await upload.open(backfill=True, start_time=start_time)
    assert (opened.epoch, opened.next_index) == (2, 0)
    response = await upload.push(upload.batch(0, 3000))
    assert response.results[0].next_index == 3000

    await live.write(sender.batch(2000, 500))
    await live.done_writing()
    answer = await live
    assert answer.end_reason == pb.STREAM_END_REASON_HALF_CLOSED
    assert answer.results[0].next_index == 2500

    await windows(analyzer, (sender.sensor_id, 1), 16)
    await windows(analyzer, (sender.sensor_id, 2), 21)
    assert flags(analyzer, 1) == [False]
    assert flags(analyzer, 2) == [True]
    assert analyzer.problems == []

    status = await status_of(running, sender)
    assert (status.epoch, status.next_index) == (1, 2500)
    assert status.time_source == status_pb.TIME_SOURCE_SERVICE
    position = await sender.stub.GetStreamPosition(
        pb.GetStreamPositionRequest(sensor_id=sender.sensor_id)
    )
    assert (position.epoch, position.next_index) == (1, 2500)
    record = await stores.streams.find(sender.sensor_id, 2)
    assert record is not None
    rows = await stores.samples.read(record.format, 0, 3000)
    data = np.concatenate([record.format.view(row.data) for row in rows], axis=1)
    np.testing.assert_array_equal(data, upload.samples(0, 3000))


async def test_upload_goes_on_by_its_boot_id(sender: Sender, running: RunningIngest) -> None:
    await sender.push(sender.batch(0, 300))
    upload = buffered(running, sender, "boot-0")
    await upload.open(backfill=True)
    await upload.push(upload.batch(0, 500))
    resumed = await upload.open(backfill=True)
    assert (resumed.epoch, resumed.fence, resumed.next_index) == (2, 2, 500)
    resumed = await upload.open()  # once a backfill, always one
    assert (resumed.epoch, resumed.fence) == (2, 3)
    assert (await status_of(running, sender)).epoch == 1
    response = await sender.push(sender.batch(300, 100))
    assert response.results[0].next_index == 400


async def test_live_and_buffered_samples_in_one_call(
    sender: Sender, running: RunningIngest
) -> None:
    upload = buffered(running, sender, "boot-0")
    await upload.open(backfill=True)
    call = sender.stub.Push()
    await call.write(sender.start(slot=0))
    await call.write(upload.start(slot=1))
    for at in range(0, 1000, 100):
        await call.write(sender.batch(at, 100, slot=0))
        await call.write(upload.batch(2 * at, 200, slot=1))
    async with asyncio.timeout(60):
        while (status := await status_of(running, sender)).backfill_count == 0:
            await asyncio.sleep(0.01)
    assert (status.epoch, status.backfill_count) == (1, 1)
    await call.done_writing()
    answer = await call
    assert [(item.epoch, item.next_index) for item in answer.results] == [(1, 1000), (2, 2000)]
    assert (await status_of(running, sender)).backfill_count == 0


async def test_an_upload_does_not_hold_the_sensor(sender: Sender, running: RunningIngest) -> None:
    """A new live epoch needs no takeover of an upload, but still one of a live sender."""
    upload = buffered(running, sender, "boot-0")
    await upload.open(backfill=True)
    await upload.push(upload.batch(0, 100))
    third = buffered(running, sender, "boot-3")
    assert (await third.open()).epoch == 3
    await third.push(third.batch(0, 100))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await buffered(running, sender, "boot-4").open()
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == "SENSOR_IN_USE"


@pytest.mark.parametrize("backfill", [False, True])
async def test_an_older_epoch_resumed_disturbs_nothing_and_is_late(
    sender: Sender, running: RunningIngest, analyzer: FakeAnalyzer, *, backfill: bool
) -> None:
    await sender.push(sender.batch(0, 1500))
    await windows(analyzer, (sender.sensor_id, 1), 6)
    newer = buffered(running, sender, "boot-2")
    await newer.open(takeover=True)
    live = newer.stub.Push()
    await live.write(newer.start())
    await live.write(newer.batch(0, 1200))

    assert (await sender.open(backfill=backfill)).next_index == 1500
    response = await sender.push(sender.batch(1500, 1500))
    assert response.results[0].next_index == 3000
    await windows(analyzer, (sender.sensor_id, 1), 21)
    assert flags(analyzer, 1)[-1]
    assert not any(flags(analyzer, 2))
    assert (await status_of(running, sender)).epoch == 2

    await live.write(newer.batch(1200, 100))
    await live.done_writing()
    answer = await live
    assert answer.end_reason == pb.STREAM_END_REASON_HALF_CLOSED
    assert answer.results[0].next_index == 1300
    assert analyzer.problems == []


async def test_an_old_epoch_alone_in_a_new_process_is_still_late(
    sender: Sender, stores: Stores, settings: IngestSettings, running: RunningIngest
) -> None:
    """The newest epoch is idle then: what is newer is known from the store only."""
    await sender.push(sender.batch(0, 1500))
    newer = buffered(running, sender, "boot-2")
    await newer.open(takeover=True)
    await newer.push(newer.batch(0, 1000))
    later = FakeAnalyzer()
    async with (
        serve(add_AnalyzerServiceServicer_to_server, later) as channel,
        run_ingest(stores, channel, settings) as again,
    ):
        old = buffered(again, sender, "boot-1")
        await old.open()
        await old.push(old.batch(1500, 500))
        await windows(later, (sender.sensor_id, 1), 11)
    assert all(flags(later, 1))


async def test_analysis_that_was_stopped_leaves_uploads_out_too(
    sender: Sender, running: RunningIngest, stores: Stores, analyzer: FakeAnalyzer
) -> None:
    await sender.push(sender.batch(0, 300))
    await running.control.StopStream(control_pb.StopStreamRequest(sensor_id=sender.sensor_id))
    upload = buffered(running, sender, "boot-0")
    await upload.open(backfill=True)
    await upload.push(upload.batch(0, 3000))
    await running.control.StartStream(control_pb.StartStreamRequest(sensor_id=sender.sensor_id))
    record = await stores.streams.find(sender.sensor_id, 2)
    assert record is not None
    assert record.analysis_from_index == 3000
    assert not analyzer.windows[sender.sensor_id, 2]
