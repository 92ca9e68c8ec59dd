"""What is refused: the status, one ErrorInfo, words that say what to change; others go on."""

import math
from typing import Any

import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from tests.integration.ingest.test_streams import accepted

from kurto.errors.v1 import errors_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import samples_pb2
from kurto_ingest.stores import Stores
from kurto_ingest.streams.quality import NON_FINITE
from kurto_ingest.testing import RunningIngest, Sender

I16 = samples_pb2.SAMPLE_ENCODING_I16LE
I24 = samples_pb2.SAMPLE_ENCODING_I24LE
INVALID = grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


def check(error: grpc.aio.AioRpcError, code: grpc.StatusCode, reason: str) -> ErrorInfo:
    """Check an error and return its ErrorInfo."""
    assert error.code() is code, error.details()
    details = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    status = Status.FromString(bytes(details))
    infos = []
    for detail in status.details:
        info = ErrorInfo()
        if detail.Unpack(info):
            infos.append(info)
        else:
            assert detail.Unpack(RetryInfo())
    assert len(infos) == 1
    assert (infos[0].domain, infos[0].reason) == ("kurto", reason)
    assert f"ERROR_REASON_{reason}" in errors_pb2.ErrorReason.keys()  # noqa: SIM118
    assert error.details() == status.message
    assert len(status.message) > 20
    return infos[0]


async def refused(call: Any, code: grpc.StatusCode, reason: str) -> ErrorInfo:
    """Await a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return check(caught.value, code, reason)


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"sensor_id": "nobody"}, grpc.StatusCode.NOT_FOUND, "UNKNOWN_SENSOR"),
        ({"sensor_id": ""}, grpc.StatusCode.NOT_FOUND, "UNKNOWN_SENSOR"),
        ({"boot_id": ""}, INVALID, "INVALID_FIELD"),
        ({"boot_id": "x" * 129}, INVALID, "INVALID_FIELD"),
        ({"boot_id": "a\x00b"}, INVALID, "INVALID_FIELD"),
        ({"sensor_id": "a\x00b"}, grpc.StatusCode.NOT_FOUND, "UNKNOWN_SENSOR"),
        ({"sample_rate_hz": 0.0}, INVALID, "INVALID_FIELD"),
        ({"sample_rate_hz": -25600.0}, INVALID, "INVALID_FIELD"),
        ({"sample_rate_hz": math.nan}, INVALID, "INVALID_FIELD"),
        ({"sample_rate_hz": math.inf}, INVALID, "INVALID_FIELD"),
        ({"sample_rate_hz": 999.0}, PRECONDITION, "STREAM_MISMATCH"),
        ({"channels": ["c0"]}, PRECONDITION, "STREAM_MISMATCH"),
        ({"channels": ["c1", "c0"]}, PRECONDITION, "STREAM_MISMATCH"),
        ({"channels": [f"c{n}" for n in range(33)]}, PRECONDITION, "STREAM_MISMATCH"),
        ({"encoding": 9}, INVALID, "INVALID_FIELD"),
        ({"encoding": I16}, INVALID, "INVALID_FIELD"),
        ({"encoding": I16, "scales": [0.0]}, INVALID, "INVALID_FIELD"),
        ({"encoding": I24, "scales": [math.nan, 1.0]}, INVALID, "INVALID_FIELD"),
        ({"encoding": I16, "scales": [1.0, 1.0, 1.0]}, INVALID, "INVALID_FIELD"),
        ({"scales": [1.0]}, INVALID, "INVALID_FIELD"),
        # The same boot_id with another encoding, after the epoch began.
        ({"encoding": I16, "scales": [0.5]}, PRECONDITION, "STREAM_MISMATCH"),
        # Another sender, while the first one is live.
        ({"boot_id": "boot-2"}, PRECONDITION, "SENSOR_IN_USE"),
    ],
)
async def test_open_stream_is_refused(
    running: RunningIngest,
    sender: Sender,
    changes: dict[str, Any],
    code: grpc.StatusCode,
    reason: str,
) -> None:
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 100))
    await accepted(running, sender, 100)
    fence = sender.opened.fence
    if "encoding" in changes and reason == "INVALID_FIELD":
        changes = {**changes, "boot_id": "boot-2", "takeover": True}

    await refused(sender.stub.OpenStream(sender.open_request(**changes)), code, reason)

    # Whoever was sending goes on.
    await call.write(sender.batch(100, 100))
    await call.done_writing()
    response = await call
    assert response.results[0].next_index == 200
    position = await sender.stub.GetStreamPosition(
        pb.GetStreamPositionRequest(sensor_id=sender.sensor_id)
    )
    assert position.fence == fence


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"planar": b"\0" * 801}, "BYTE_COUNT_MISMATCH"),
        ({"planar": b"\0" * 804}, "BYTE_COUNT_MISMATCH"),
        ({"planar": b""}, "BYTE_COUNT_MISMATCH"),
        ({"sample_count": 99}, "BYTE_COUNT_MISMATCH"),
        ({"sample_count": -1}, "INVALID_FIELD"),
        ({"floats": samples_pb2.FloatSamples(values=[1.0, 2.0, 3.0])}, "BYTE_COUNT_MISMATCH"),
        ({"first_index": -1}, "INDEX_WENT_BACKWARDS"),
        ({"first_index": 10**13}, "TIME_IN_FUTURE"),
        ({"first_index": 2**63 - 50}, "TIME_IN_FUTURE"),
        ({"shaft_speed_hz": -1.0}, "INVALID_FIELD"),
        ({"shaft_speed_hz": math.nan}, "INVALID_FIELD"),
    ],
)
async def test_bad_batch_ends_a_call_of_one_sensor(
    sender: Sender, fields: dict[str, Any], reason: str
) -> None:
    bad = sender.batch(100, 100, **fields)
    await refused(sender.push(sender.batch(0, 100), bad, sender.batch(100, 100)), INVALID, reason)

    # What was accepted before is not lost, and the sensor goes on.
    response = await sender.push(sender.batch(100, 100))
    assert response.results[0].next_index == 200
    assert list(response.results[0].missing_ranges) == []


@pytest.mark.parametrize(
    ("requests", "code", "reason"),
    [
        ([pb.PushRequest()], INVALID, "INVALID_FIELD"),
        ([Sender.abandon(0, 10)], INVALID, "INDEX_WENT_BACKWARDS"),
        ([Sender.abandon(5, 5)], INVALID, "INDEX_WENT_BACKWARDS"),
        ([Sender.abandon(-5, 0)], INVALID, "INDEX_WENT_BACKWARDS"),
        ([Sender.abandon(0, 10, slot=3)], PRECONDITION, "STREAM_NOT_STARTED"),
        (
            [pb.PushRequest(batch=pb.StreamBatch(slot=1))],
            PRECONDITION,
            "STREAM_NOT_STARTED",
        ),
    ],
)
async def test_bad_message_ends_the_call(
    sender: Sender, requests: list[pb.PushRequest], code: grpc.StatusCode, reason: str
) -> None:
    await refused(sender.push(*requests), code, reason)
    assert (await sender.push(sender.batch(0, 100))).results[0].next_index == 100


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"fence": 0}, PRECONDITION, "STALE_FENCE"),
        ({"fence": 7}, PRECONDITION, "STALE_FENCE"),
        ({"epoch": 2}, PRECONDITION, "UNKNOWN_EPOCH"),
        ({"epoch": 0}, PRECONDITION, "UNKNOWN_EPOCH"),
        ({"epoch": -4}, PRECONDITION, "UNKNOWN_EPOCH"),
        ({"sensor_id": "nobody"}, grpc.StatusCode.NOT_FOUND, "UNKNOWN_SENSOR"),
        ({"slot": 4096}, INVALID, "INVALID_FIELD"),
        ({"slot": -1}, INVALID, "INVALID_FIELD"),
        ({"stream_number": -1}, INVALID, "INVALID_FIELD"),
    ],
)
async def test_bad_start_is_refused(
    sender: Sender, changes: dict[str, Any], code: grpc.StatusCode, reason: str
) -> None:
    start = sender.start(**changes)
    batch = sender.batch(0, 100, slot=changes.get("slot", 0))
    await refused(sender.stub.Push(iter([start, batch])), code, reason)
    await refused(sender.stub.Push(iter([start])), code, reason)


async def test_same_sensor_or_slot_twice_is_refused(sender: Sender) -> None:
    for second in ({"slot": 0}, {"slot": 1}):
        starts = [sender.start(), sender.start(**second)]
        await refused(sender.stub.Push(iter(starts)), INVALID, "INVALID_FIELD")


async def test_stale_fence_after_the_sender_opened_again(
    running: RunningIngest, sender: Sender
) -> None:
    stale = sender.start()
    call = sender.stub.Push()
    await call.write(stale)
    await call.write(sender.batch(0, 100))
    await accepted(running, sender, 100)
    opened = await sender.open()
    assert opened.epoch == 1
    info = await refused(call, PRECONDITION, "STALE_FENCE")
    assert info.metadata["sensor_id"] == sender.sensor_id
    await refused(sender.stub.Push(iter([stale, sender.batch(0, 10)])), PRECONDITION, "STALE_FENCE")
    assert opened.next_index == 100  # what had come was made durable first
    assert (await sender.push(sender.batch(100, 100))).results[0].next_index == 200


async def test_wrong_form_of_samples(running: RunningIngest) -> None:
    sender = Sender(running.stub, running.assets, "i16")
    await sender.create()
    await sender.open(encoding=I16, scales=[0.001])
    floats = samples_pb2.FloatSamples(values=[1.0, 2.0])
    await refused(sender.push(sender.batch(0, 1, floats=floats)), INVALID, "STREAM_MISMATCH")
    response = await sender.push(sender.batch(0, 2, planar=b"\1\0\2\0\3\0\4\0"))
    assert response.results[0].next_index == 2


async def test_message_over_the_limit(sender: Sender) -> None:
    exact = 4 * 1024 * 1024
    big = sender.batch(0, 1, planar=b"\0" * exact)
    await refused(sender.push(big), EXHAUSTED, "MESSAGE_TOO_LARGE")
    below = sender.batch(0, 1, planar=b"\0" * (exact - 64))
    assert below.ByteSize() <= exact
    assert (await sender.push(below)).results[0].next_index == (exact - 64) // 8


async def test_too_many_missing_ranges(running: RunningIngest, sender: Sender) -> None:
    session = running.ingest.registry.get((sender.sensor_id, 1))
    assert session is not None
    session.live.accepted.max_missing_ranges = 3
    batches = [sender.batch(at * 20, 10) for at in (0, 1, 2, 3)]
    await sender.push(*batches)
    info = await refused(sender.push(sender.batch(100, 10)), EXHAUSTED, "TOO_MANY_MISSING_RANGES")
    assert info.metadata["limit"] == "3"
    response = await sender.push(sender.batch(10, 10), sender.batch(100, 10))
    ranges = [(item.first_index, item.end_index) for item in response.results[0].missing_ranges]
    assert ranges == [(30, 40), (50, 60), (70, 100)]


async def test_non_finite_samples_are_stored_and_flagged(sender: Sender, stores: Stores) -> None:
    samples = sender.samples(0, 200)
    samples[0, 7], samples[1, 9] = np.nan, np.inf
    response = await sender.push(sender.batch(0, 200, planar=samples.tobytes()))
    assert response.results[0].next_index == 200
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    rows = await stores.samples.read(record.format, 0, 200)
    assert [bool(row.quality & NON_FINITE) for row in rows] == [True, False]
    joined = np.concatenate([record.format.view(row.data) for row in rows], axis=1)
    np.testing.assert_array_equal(joined, samples)


async def test_refusals_in_a_call_of_several_sensors_hurt_nobody_else(
    running: RunningIngest, sender: Sender
) -> None:
    other = Sender(running.stub, running.assets, "fan-3", channels=1)
    await other.create()
    await other.open()
    response = await sender.push(
        other.start(slot=5),
        sender.start(slot=6, sensor_id="nobody"),
        sender.batch(0, 100),
        sender.batch(100, 1, planar=b"\0" * 7),
        sender.batch(0, 10, slot=6),
        other.batch(0, 100, slot=5),
        sender.batch(-3, 4, planar=bytes(32)),
        other.batch(100, 100, slot=5),
        sender.batch(100, 100),
    )
    by_slot = {result.slot: result for result in response.results}
    assert by_slot[0].next_index == 200
    assert by_slot[5].next_index == 200
    assert [(item.first_index, item.reason) for item in by_slot[0].rejected_batches] == [
        (100, errors_pb2.ERROR_REASON_BYTE_COUNT_MISMATCH),
        (-3, errors_pb2.ERROR_REASON_INDEX_WENT_BACKWARDS),
    ]
    assert [item.reason for item in by_slot[6].rejected_batches] == [
        errors_pb2.ERROR_REASON_UNKNOWN_SENSOR
    ] * 2
    assert all(item.message for item in by_slot[6].rejected_batches)
    assert list(by_slot[5].rejected_batches) == []


async def test_first_start_refused_in_a_call_of_several_sensors(
    running: RunningIngest, sender: Sender
) -> None:
    requests = [
        sender.start(slot=1, fence=99),
        sender.start(slot=2, sensor_id="nobody"),
    ]
    other = Sender(running.stub, running.assets, "fan-3", channels=1)
    await other.create()
    await other.open()
    requests += [other.start(slot=3), other.batch(0, 50, slot=3)]
    response = await running.stub.Push(iter(requests))
    by_slot = {result.slot: result for result in response.results}
    assert by_slot[3].next_index == 50
    assert by_slot[1].rejected_batches[0].reason == errors_pb2.ERROR_REASON_STALE_FENCE


async def test_rejections_are_bounded(running: RunningIngest, sender: Sender) -> None:
    other = Sender(running.stub, running.assets, "fan-3", channels=1)
    await other.create()
    await other.open()
    bad = [sender.batch(-1, 1, planar=bytes(8)) for _ in range(40)]
    response = await sender.push(other.start(slot=5), *bad)
    assert len(response.results[0].rejected_batches) == 16


async def test_archived_sensor_takes_no_samples(running: RunningIngest, sender: Sender) -> None:
    from kurto.assets.v1 import asset_service_pb2  # noqa: PLC0415

    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 100))
    await running.assets.ArchiveSensor(
        asset_service_pb2.ArchiveSensorRequest(sensor_id=sender.sensor_id)
    )
    await refused(call, PRECONDITION, "ARCHIVED")
    await refused(sender.stub.OpenStream(sender.open_request()), PRECONDITION, "ARCHIVED")


@pytest.mark.parametrize(
    ("epoch", "sensor_id", "code", "reason"),
    [
        (3, "pump-7", PRECONDITION, "UNKNOWN_EPOCH"),
        (-1, "pump-7", PRECONDITION, "UNKNOWN_EPOCH"),
        (0, "nobody", grpc.StatusCode.NOT_FOUND, "UNKNOWN_SENSOR"),
    ],
)
async def test_position_of_what_is_not_there(
    sender: Sender, epoch: int, sensor_id: str, code: grpc.StatusCode, reason: str
) -> None:
    request = pb.GetStreamPositionRequest(sensor_id=sensor_id, epoch=epoch)
    await refused(sender.stub.GetStreamPosition(request), code, reason)


async def test_hand_made_samples(sender: Sender, stores: Stores) -> None:
    floats = samples_pb2.FloatSamples(values=[1.0, 2.0, 3.0, -1.0, -2.0, -3.0])
    response = await sender.push(sender.batch(0, 3, floats=floats, sample_count=3))
    assert response.results[0].next_index == 3
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    (row,) = await stores.samples.read(record.format, 0, 3)
    assert record.format.view(row.data).tolist() == [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]
