"""Gaps, refills, duplicates, rotation, takeover: named promises of the protocol."""

import asyncio

import grpc
import numpy as np
import pytest
from numpy.typing import NDArray

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import features_pb2
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.errors import error_info
from kurto_service.testing import serve


async def stored(stores: Stores, sender: Sender, first: int, end: int) -> NDArray[np.float32]:
    """Read samples back, NaN where there are none; a sample stored twice fails."""
    record = await stores.streams.find(sender.sensor_id, sender.opened.epoch)
    assert record is not None
    result = np.full((len(sender.channels), end - first), np.nan, dtype=np.float32)
    for row in await stores.samples.read(record.format, first, end):
        low, high = max(row.first, first), min(row.first + row.count, end)
        part = result[:, low - first : high - first]
        assert np.isnan(part).all()
        part[:] = record.format.view(row.data)[:, low - row.first : high - row.first]
    return result


def ranges(result: pb.SensorPushResult) -> list[tuple[int, int]]:
    """Return the missing ranges of a result as pairs."""
    return [(item.first_index, item.end_index) for item in result.missing_ranges]


async def windows(analyzer: FakeAnalyzer, key: tuple[str, int], count: int) -> None:
    """Wait until the analyzer has so many windows."""
    async with asyncio.timeout(60):
        while len(analyzer.windows[key]) < count:
            await asyncio.sleep(0.01)


async def accepted(running: RunningIngest, sender: Sender, index: int) -> None:
    """Wait until ingest has read all samples below an index."""
    async with asyncio.timeout(60):
        while True:
            session = running.ingest.registry.get((sender.sensor_id, sender.opened.epoch))
            if session is not None and session.live.accepted.next_index >= index:
                return
            await asyncio.sleep(0.01)


async def durable(stores: Stores, sender: Sender, index: int) -> None:
    """Wait until the store has all samples below an index."""
    async with asyncio.timeout(60):
        while True:
            record = await stores.streams.find(sender.sensor_id, sender.opened.epoch)
            assert record is not None
            if record.position.next_index >= index:
                return
            await asyncio.sleep(0.01)


async def test_gap_refill_and_duplicates(sender: Sender, stores: Stores) -> None:
    response = await sender.push(sender.batch(0, 230), sender.batch(480, 120))
    result = response.results[0]
    assert (result.next_index, ranges(result)) == (600, [(230, 480)])
    assert (result.accepted_sample_count, result.refilled_sample_count) == (350, 0)

    response = await sender.push(sender.batch(200, 300), sender.batch(590, 30))
    result = response.results[0]
    assert (result.next_index, ranges(result)) == (620, [])
    assert result.accepted_sample_count == 250 + 20
    assert result.refilled_sample_count == 250
    assert result.duplicate_sample_count == 30 + 20 + 10
    np.testing.assert_array_equal(await stored(stores, sender, 0, 620), sender.samples(0, 620))


async def test_refill_below_next_index_counts_as_durable_only_when_committed(
    sender: Sender, stores: Stores
) -> None:
    """A refill is new samples below `next_index`: it must not pass for a duplicate."""
    await sender.push(sender.batch(500, 100))
    for first in (400, 0, 100, 300, 200):  # out of order, one call each
        response = await sender.push(sender.batch(first, 100))
        result = response.results[0]
        assert (result.refilled_sample_count, result.duplicate_sample_count) == (100, 0)
        record = await stores.streams.find(sender.sensor_id, 1)
        assert record is not None
        assert [tuple(item) for item in record.position.absent] == ranges(result)
    assert ranges(result) == []
    np.testing.assert_array_equal(await stored(stores, sender, 0, 600), sender.samples(0, 600))


async def test_every_batch_several_times_in_any_overlap(sender: Sender, stores: Stores) -> None:
    rng = np.random.default_rng(7)
    batches = [
        (int(first), int(count))
        for first, count in zip(rng.integers(0, 2900, 120), rng.integers(1, 300, 120), strict=True)
    ]
    batches += [(at, 100) for at in range(0, 3200, 100)]
    await sender.push(*[sender.batch(first, count) for first, count in batches])
    response = await sender.push(sender.batch(3200, 1))
    assert ranges(response.results[0]) == []
    np.testing.assert_array_equal(await stored(stores, sender, 0, 3201), sender.samples(0, 3201))


async def test_abandoned_range_stays_a_gap(sender: Sender, stores: Stores) -> None:
    response = await sender.push(
        sender.batch(0, 100), sender.batch(300, 100), sender.abandon(100, 250)
    )
    assert ranges(response.results[0]) == [(250, 300)]
    response = await sender.push(sender.batch(100, 200))
    result = response.results[0]
    assert ranges(result) == []
    assert (result.refilled_sample_count, result.duplicate_sample_count) == (50, 150)
    assert np.isnan(await stored(stores, sender, 100, 250)).all()


async def test_a_call_that_only_gives_up_is_answered_when_that_is_durable(sender: Sender) -> None:
    response = await sender.push(sender.batch(0, 100), sender.batch(300, 100))
    assert ranges(response.results[0]) == [(100, 300)]
    response = await sender.push(sender.abandon(100, 250))
    assert ranges(response.results[0]) == [(250, 300)]


async def test_rotation_makes_no_false_gaps(sender: Sender, stores: Stores) -> None:
    """The next call is open, and its samples sent, before the one before has ended."""
    ends = []
    call = sender.stub.Push()
    await call.write(sender.start())
    for number in range(60):
        await call.write(sender.batch(number * 50, 50))
        if number % 3 == 2:
            following = sender.stub.Push()
            await following.write(sender.start())
            # What the new call carries may well be read before the rest of the old one.
            await following.write(sender.batch((number + 1) * 50, 25))
            await asyncio.sleep(0.002 * (number % 4))
            await call.write(sender.batch(number * 50, 50))
            await call.done_writing()
            ends.append(asyncio.create_task(_finish(call)))
            call = following
    await call.done_writing()
    ends.append(asyncio.create_task(_finish(call)))
    for response in await asyncio.gather(*ends):
        assert ranges(response.results[0]) == []
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    assert record.position.gap_count == 0
    np.testing.assert_array_equal(await stored(stores, sender, 0, 3000), sender.samples(0, 3000))


async def _finish(
    call: "grpc.aio.StreamUnaryCall[pb.PushRequest, pb.PushResponse]",
) -> pb.PushResponse:
    return await call


async def test_next_call_is_read_after_a_second_though_the_one_before_hangs(
    sender: Sender,
) -> None:
    hanging = sender.stub.Push()
    await hanging.write(sender.start())
    await hanging.write(sender.batch(0, 100))
    loop = asyncio.get_running_loop()
    started = loop.time()
    response = await sender.push(sender.batch(100, 100))
    assert 0.9 < loop.time() - started < 20.0  # not until the other call ends
    assert response.results[0].next_index == 200
    await hanging.done_writing()
    await hanging


async def test_response_waits_for_the_commit(sender: Sender, stores: Stores) -> None:
    """Samples of a half-filled cell are durable too when the call has ended."""
    for at in range(0, 90, 30):
        response = await sender.push(sender.batch(at, 30))
        assert response.results[0].next_index == at + 30
        assert not np.isnan(await stored(stores, sender, 0, at + 30)).any()


async def test_several_sensors_in_one_call(running: RunningIngest, stores: Stores) -> None:
    senders = [
        Sender(running.stub, running.assets, f"edge-{number}", channels=number + 1)
        for number in range(4)
    ]
    requests = []
    for slot, one in enumerate(senders):
        await one.create()
        await one.open()
        requests.append(one.start(slot=slot))
    for at in range(0, 1000, 100):
        requests += [one.batch(at, 100, slot=slot) for slot, one in enumerate(senders)]
    response = await running.stub.Push(iter(requests))
    assert [result.next_index for result in response.results] == [1000] * 4
    for one in senders:
        np.testing.assert_array_equal(await stored(stores, one, 0, 1000), one.samples(0, 1000))


async def test_takeover_ends_the_other_call_and_begins_an_epoch(
    sender: Sender, running: RunningIngest, stores: Stores
) -> None:
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 100))
    await accepted(running, sender, 100)
    rival = Sender(running.stub, running.assets)
    rival.boot_id = "boot-2"
    with pytest.raises(grpc.aio.AioRpcError):
        await rival.open()
    opened = await rival.open(takeover=True)
    assert (opened.epoch, opened.fence, opened.next_index) == (2, 1, 0)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == "STALE_FENCE"
    with pytest.raises(grpc.aio.AioRpcError):
        await sender.push(sender.batch(100, 100))
    response = await rival.push(rival.batch(0, 100))
    assert response.results[0].next_index == 100
    np.testing.assert_array_equal(await stored(stores, sender, 0, 100), sender.samples(0, 100))
    np.testing.assert_array_equal(await stored(stores, rival, 0, 100), rival.samples(0, 100))


async def test_takeover_of_one_sensor_leaves_the_others_of_the_call(
    sender: Sender, running: RunningIngest
) -> None:
    other = Sender(running.stub, running.assets, "fan-3")
    await other.create()
    await other.open()
    call = sender.stub.Push()
    for request in (sender.start(), other.start(slot=1), sender.batch(0, 10)):
        await call.write(request)
    await accepted(running, sender, 10)
    rival = Sender(running.stub, running.assets)
    rival.boot_id = "boot-2"
    await rival.open(takeover=True)
    for request in (sender.batch(10, 10), other.batch(0, 10, slot=1)):
        await call.write(request)
    await call.done_writing()
    results = {result.slot: result for result in (await call).results}
    assert results[1].next_index == 10
    assert results[0].next_index == 10
    assert len(results[0].rejected_batches) == 1


async def test_older_epoch_is_delivered_later_beside_the_live_one(
    sender: Sender, running: RunningIngest, stores: Stores, analyzer: FakeAnalyzer
) -> None:
    await sender.push(sender.batch(0, 1000))
    rival = Sender(running.stub, running.assets)
    rival.boot_id = "boot-2"
    await rival.open(takeover=True)
    live = rival.stub.Push()
    await live.write(rival.start())
    await live.write(rival.batch(0, 500))
    assert (await sender.open()).epoch == 1
    response = await sender.push(*[sender.batch(at, 100) for at in range(1000, 2000, 100)])
    assert response.results[0].next_index == 2000
    await live.write(rival.batch(500, 1000))
    await live.done_writing()
    assert (await live).results[0].next_index == 1500
    await windows(analyzer, (sender.sensor_id, 1), 11)
    await windows(analyzer, (sender.sensor_id, 2), 6)
    assert analyzer.problems == []
    np.testing.assert_array_equal(await stored(stores, sender, 0, 2000), sender.samples(0, 2000))


async def test_fence_raised_elsewhere_while_samples_are_in_flight(
    sender: Sender, stores: Stores
) -> None:
    """Another process opens the stream: what we hold must not be stored after that."""
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 100))
    await durable(stores, sender, 100)
    await stores.streams.raise_fence((sender.sensor_id, 1))
    await call.write(sender.batch(100, 100))
    answer = await call
    assert answer.end_reason == pb.STREAM_END_REASON_OWNER_CHANGED
    assert answer.results[0].next_index == 100
    opened = await sender.open()
    assert (opened.next_index, opened.fence) == (100, 3)
    response = await sender.push(sender.batch(100, 100))
    assert response.results[0].next_index == 200
    np.testing.assert_array_equal(await stored(stores, sender, 0, 200), sender.samples(0, 200))


async def test_a_refill_before_the_windows_of_a_gap_are_complete(
    sender: Sender, analyzer: FakeAnalyzer
) -> None:
    """Told of the gap already, the analyzer gets those windows again once they are complete."""
    key = (sender.sensor_id, 1)
    await sender.push(sender.batch(0, 230), sender.batch(260, 500))
    async with asyncio.timeout(60):  # the analyzer has the gap, and no window yet
        while analyzer.next_hop(key) < 7:
            await asyncio.sleep(0.01)
    await sender.push(sender.batch(230, 30))
    await sender.push(sender.batch(760, 1240))
    await windows(analyzer, key, 11)
    async with asyncio.timeout(60):
        while any(samples is None for samples in analyzer.windows[key].values()):
            await asyncio.sleep(0.01)
    for at, samples in analyzer.windows[key].items():
        np.testing.assert_array_equal(samples, sender.samples(at * 100, 1000))
    assert analyzer.problems == []


async def test_gap_makes_empty_windows_and_a_refill_late_ones(
    sender: Sender, analyzer: FakeAnalyzer
) -> None:
    key = (sender.sensor_id, 1)
    await sender.push(sender.batch(0, 1230), sender.batch(1360, 2140))
    await windows(analyzer, key, 26)
    empty = [at for at, samples in sorted(analyzer.windows[key].items()) if samples is None]
    assert empty == list(range(3, 14))

    await sender.push(sender.batch(1230, 130))
    async with asyncio.timeout(60):
        while len(analyzer.late[key]) < 11:
            await asyncio.sleep(0.01)
    assert sorted(analyzer.late[key]) == empty
    for window, samples in analyzer.windows[key].items():
        assert samples is not None
        np.testing.assert_array_equal(samples, sender.samples(window * 100, 1000))
    assert analyzer.problems == []


async def test_stopped_sensor_is_stored_and_not_analysed(
    sender: Sender, running: RunningIngest, analyzer: FakeAnalyzer
) -> None:
    from kurto.ingest.v1 import stream_control_service_pb2 as control  # noqa: PLC0415

    key = (sender.sensor_id, 1)
    await sender.push(sender.batch(0, 1500))
    await windows(analyzer, key, 6)
    stop = control.StopStreamRequest(sensor_id=sender.sensor_id)
    for _ in range(2):
        assert not (await running.control.StopStream(stop)).status.monitored
    response = await sender.push(sender.batch(1500, 1500))
    assert response.results[0].next_index == 3000
    async with asyncio.timeout(60):
        while not analyzer.closed:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert len(analyzer.windows[key]) == 6
    assert analyzer.closed == [sender.sensor_id]

    start = control.StartStreamRequest(sensor_id=sender.sensor_id)
    for _ in range(2):
        assert (await running.control.StartStream(start)).status.monitored
    await sender.push(sender.batch(3000, 1500))
    await windows(analyzer, key, 12)
    assert sorted(analyzer.windows[key]) == [*range(6), *range(30, 36)]
    assert analyzer.skips == [(sender.sensor_id, 30, features_pb2.EMPTY_REASON_NOT_MONITORED)]
    assert analyzer.problems == []


async def test_old_call_is_ended_for_rotation(
    stores: Stores, analyzer: FakeAnalyzer, settings: IngestSettings
) -> None:
    quick = settings.model_copy(update={"max_call_age_s": 1.5})
    async with (
        serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel,
        run_ingest(stores, channel, quick) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        call = sender.stub.Push()
        await call.write(sender.start())
        await call.write(sender.batch(0, 130))
        response = await call
        assert response.end_reason == pb.STREAM_END_REASON_ROTATE
        assert response.results[0].next_index == 130
        assert (await sender.push(sender.batch(130, 70))).results[0].next_index == 200


async def test_late_windows_outlive_the_process(
    stores: Stores, analyzer: FakeAnalyzer, settings: IngestSettings
) -> None:
    """A refill that came while the analyzer was away is analysed after a restart of ingest."""
    async with serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel:
        async with run_ingest(stores, channel, settings) as running:
            sender = Sender(running.stub, running.assets)
            await sender.create()
            await sender.open()
            await sender.push(sender.batch(0, 500), sender.batch(600, 1400))
            await windows(analyzer, (sender.sensor_id, 1), 11)
            async with asyncio.timeout(60):  # else it is all analysed again, and nothing is late
                while await stores.streams.unfinished(9):
                    await asyncio.sleep(0.02)
        async with (
            grpc.aio.insecure_channel("127.0.0.1:1") as nowhere,
            run_ingest(stores, nowhere, settings) as running,
        ):
            sender.stub = running.stub
            await sender.push(sender.batch(500, 100))
        assert not analyzer.late
        async with run_ingest(stores, channel, settings) as running:
            async with asyncio.timeout(60):
                while len(analyzer.late[sender.sensor_id, 1]) < 6:
                    await asyncio.sleep(0.02)
            # Once a later window is acknowledged, the late ones are known to be stored.
            sender.stub = running.stub
            await sender.push(sender.batch(2000, 500))
            async with asyncio.timeout(60):
                while (await stores.streams.newest([sender.sensor_id]))[0].late_windows:
                    await asyncio.sleep(0.02)
    assert sorted(analyzer.late[sender.sensor_id, 1]) == list(range(6))
