"""AnalyzeWindows through gRPC: what is refused, who owns a sensor, and how streams end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import open_request
from tests.integration.analyzer.sender import sender
from tests.integration.analyzer.stored_frames import (
    RECORDING,
    frames_of,
    reason_of,
)

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.errors import error_info
from kurto_service.settings import load_settings

Change = Callable[[pb.SensorOpen], None]


def change(**values: object) -> Change:
    def apply(message: pb.SensorOpen) -> None:
        for name, value in values.items():
            setattr(message, name, value)

    return apply


def no_channels(message: pb.SensorOpen) -> None:
    del message.config.channels[:]


def rate(value: float) -> Change:
    def apply(message: pb.SensorOpen) -> None:
        message.config.sample_rate_hz = value

    return apply


def unit(message: pb.SensorOpen) -> None:
    message.config.channels[0].unit = "V"


def scales(*values: float) -> Change:
    def apply(message: pb.SensorOpen) -> None:
        message.scales.extend(values)

    return apply


def far_anchor(message: pb.SensorOpen) -> None:
    message.anchor_time.seconds = 2**60


def no_anchor(message: pb.SensorOpen) -> None:
    message.ClearField("anchor_time")


@pytest.mark.parametrize(
    ("apply", "field"),
    [
        (change(encoding=77), "open.encoding"),
        (change(hop_samples=0), "open.hop_samples"),
        (change(hop_samples=2**30), "open.hop_samples"),
        (change(window_hops=0), "open.window_hops"),
        (change(sensor_id=""), "open.sensor_id"),
        (change(sensor_id="pump\x00"), "open.sensor_id"),
        (far_anchor, "open.anchor_time"),
        (change(epoch=-1), "open.epoch"),
        (change(shard=64), "open.shard"),
        (rate(float("nan")), "open.config.sample_rate_hz"),
        (rate(float("inf")), "open.config.sample_rate_hz"),
        (rate(0.0), "open.config.sample_rate_hz"),
        (no_channels, "open.config.channels"),
        (unit, "open.config.channels.unit"),
        (scales(1.0), "open.scales"),
        (change(encoding=2), "open.scales"),
        (no_anchor, "open.anchor_time"),
    ],
)
async def test_wrong_announcement_ends_its_stream_and_no_other(
    room: Room, apply: Change, field: str
) -> None:
    wrong = replace(RECORDING, sensor_id="wrong").announcement(slot=2)
    apply(wrong)
    async with sender(room.windows) as bad, sender(room.windows) as good:
        await good.open(RECORDING)
        await bad.call.write(pb.AnalyzeWindowsRequest(open=wrong))
        error = await bad.error()
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        info = error_info(error)
        assert info is not None
        assert (info.reason, info.metadata["field"]) == ("INVALID_FIELD", field)
        await good.send(RECORDING.run(0, RECORDING.hop_count))
        await good.committed(RECORDING.window_count)


async def test_sensor_refused_again_is_left_out_and_its_stream_goes_on(room: Room) -> None:
    wrong = replace(RECORDING, sensor_id="wrong").announcement(slot=2)
    wrong.hop_samples = 0
    async with sender(room.windows) as first:
        await first.call.write(pb.AnalyzeWindowsRequest(open=wrong))
        assert (await first.error()).code() is grpc.StatusCode.INVALID_ARGUMENT
    async with sender(room.windows) as second:
        await second.call.write(pb.AnalyzeWindowsRequest(open=wrong))
        await second.send(RECORDING.run(0, 1, slot=2))
        await second.send_all(RECORDING)
    assert room.value("kurto_analyzer_hops_total", outcome="dropped") == 1


@pytest.mark.parametrize(
    ("run", "code", "reason"),
    [
        (RECORDING.run(12, 1), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (RECORDING.run(0, 1, slot=9), grpc.StatusCode.FAILED_PRECONDITION, "STREAM_NOT_STARTED"),
        (
            pb.HopRun(slot=1, hop_index=0, hop_count=1, planar=b"123"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "BYTE_COUNT_MISMATCH",
        ),
        (
            pb.HopRun(slot=1, hop_index=0, hop_count=2**30, empty_reason="EMPTY_REASON_GAP"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        ),
        (pb.HopRun(slot=1, hop_index=-1, hop_count=1), grpc.StatusCode.INVALID_ARGUMENT,
         "INVALID_FIELD"),
        (
            pb.HopRun(slot=1, hop_index=2**62, hop_count=1, empty_reason="EMPTY_REASON_GAP"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        ),
        (RECORDING.run(0, 3, late=True), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    ],
)  # fmt: skip
async def test_wrong_run_is_answered(
    room: Room, run: pb.HopRun, code: grpc.StatusCode, reason: str
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(run)
        error = await ingest.error()
    assert error.code() is code
    assert reason_of(error) == reason


async def test_impossible_skip_is_answered(room: Room) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        skip = pb.SkipWindows(slot=1, next_window_index=2**62)
        await ingest.call.write(pb.AnalyzeWindowsRequest(skip=skip))
        error = await ingest.error()
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(error) == "INVALID_FIELD"


async def test_other_geometry_in_the_same_epoch_is_refused(room: Room) -> None:
    async with sender(room.windows) as ingest:
        await ingest.send_all(RECORDING)
    other = RECORDING.announcement()
    other.anchor_time.CopyFrom(Timestamp(seconds=RECORDING.anchor_s + 1))
    async with sender(room.windows) as ingest:
        await ingest.call.write(pb.AnalyzeWindowsRequest(open=other))
        error = await ingest.error()
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(error) == "STREAM_MISMATCH"


async def test_newest_stream_has_the_sensor(room: Room, fake_store: FakeFeatureStore) -> None:
    async with sender(room.windows) as old, sender(room.windows) as new:
        await old.open(RECORDING)
        await old.send(RECORDING.run(0, 15))
        await old.committed(6)
        await new.send_all(RECORDING)
        error = await old.error()
    assert error.code() is grpc.StatusCode.ABORTED
    assert reason_of(error) == "CONCURRENT_CHANGE"
    frames = await frames_of(fake_store)
    assert [f.window_index for f in frames] == list(range(RECORDING.window_count))


async def test_stale_owner_is_refused_by_the_position(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        fake_store.move("pump-7", 1, 4)  # another analyzer has committed windows 0 to 3
        await ingest.send(RECORDING.run(0, 20))
        error = await ingest.error()
    assert error.code() is grpc.StatusCode.ABORTED
    assert await frames_of(fake_store) == []
    assert room.value("kurto_analyzer_stale_owner_total") == 1
    async with sender(room.windows) as ingest:
        assert await ingest.open(RECORDING) == 4


async def test_half_close_waits_for_the_last_acknowledgment(room: Room) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, RECORDING.hop_count))
        await ingest.call.done_writing()
        with pytest.raises(EOFError):
            while True:
                await ingest.answer()
        assert ingest.positions[1] == RECORDING.window_count
        assert await ingest.call.code() is grpc.StatusCode.OK


async def test_draining_commits_what_has_come_and_ends_the_stream(room: Room) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 20))
        await ingest.committed(1)
        draining = asyncio.create_task(room.servicer.drain())
        with pytest.raises(EOFError):
            while True:
                await ingest.answer()
        await draining
        assert await ingest.call.code() is grpc.StatusCode.OK
        assert ingest.positions[1] == 11


async def test_closed_slot_is_free_for_another_sensor(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    other = replace(RECORDING, sensor_id="pump-8")
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 20))
        await ingest.call.write(pb.AnalyzeWindowsRequest(close=pb.SensorClose(slot=1)))
        await ingest.send_all(other)
        await ingest.call.done_writing()
        with pytest.raises(EOFError):
            while True:
                await ingest.answer()
    assert len(await frames_of(fake_store)) == 11
    assert len(await frames_of(fake_store, "pump-8")) == other.window_count
    assert room.value("kurto_analyzer_open_sensors") == 0


async def test_too_many_sensors_are_refused(
    fake_store: FakeFeatureStore, fake_live: FakeLiveFeatures
) -> None:
    small = Room(fake_store, fake_live, load_settings(AnalyzerSettings, max_open_sensors=1))
    async with small.open(), sender(small.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.call.write(open_request(replace(RECORDING, sensor_id="pump-8"), slot=2))
        error = await ingest.error()
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(error) == "OVERLOADED"
