"""AnalyzeWindows through gRPC: order, gaps, late windows, skips, refusals, ends of streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, noise, open_request
from tests.integration.analyzer.sender import sender

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.signal.v1.features_pb2 import FeatureBatch
from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.frames import Frame, unpack_frames
from kurto_analyzer.ports import FrameQuery
from kurto_analyzer.settings import AnalyzerSettings
from kurto_dsp.arrays import Float32Array
from kurto_service.errors import error_info
from kurto_service.settings import load_settings

GAP, NOT_MONITORED, SKIPPED = 1, 2, 3
RECORDING = Recording(samples=noise(seconds=4, sample_rate_hz=200.0), sample_rate_hz=200.0)


async def frames_of(store: FakeFeatureStore, sensor_id: str = "pump-7") -> list[Frame]:
    return await store.list_frames(FrameQuery(sensor_id, limit=10_000))


def published(live: FakeLiveFeatures) -> list[Frame]:
    return [
        frame for data in live.batches for frame in unpack_frames(FeatureBatch.FromString(data))
    ]


def reason_of(error: grpc.aio.AioRpcError) -> str:
    info = error_info(error)
    assert info is not None
    assert info.domain == "kurto"
    return info.reason


async def test_frames_equal_offline_and_are_published_before_they_are_acknowledged(
    room: Room, fake_store: FakeFeatureStore, fake_live: FakeLiveFeatures
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.send_all(RECORDING)
    frames = await frames_of(fake_store)
    offline = RECORDING.offline()
    for frame, values in zip(frames, offline.values, strict=True):
        np.testing.assert_array_equal(frame.values, values)
    live = published(fake_live)
    assert [f.order for f in live] == [f.order for f in frames]
    for ours, theirs in zip(live, frames, strict=True):
        np.testing.assert_array_equal(ours.values, theirs.values)
        assert (ours.start_us, ours.end_us) == (theirs.start_us, theirs.end_us)
    assert room.value("kurto_analyzer_windows_total", kind="computed") == len(frames)


async def test_gap_empties_every_window_that_spans_it(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    recording = replace(RECORDING, empty_hops={20: GAP})
    async with sender(room.windows) as ingest:
        await ingest.send_all(recording)
    frames = await frames_of(fake_store)
    assert [f.window_index for f in frames if f.empty_reason == GAP] == list(range(11, 21))
    assert all((f.values is None) == bool(f.empty_reason) for f in frames)


async def test_reason_that_a_refill_cannot_take_away_wins(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    recording = replace(RECORDING, empty_hops={20: NOT_MONITORED, 22: GAP})
    async with sender(room.windows) as ingest:
        await ingest.send_all(recording)
    reasons = [f.empty_reason for f in await frames_of(fake_store)]
    assert reasons[11:23] == [NOT_MONITORED] * 10 + [GAP] * 2


async def test_late_window_replaces_the_empty_frame(
    room: Room, fake_store: FakeFeatureStore, fake_live: FakeLiveFeatures
) -> None:
    with_gap = replace(RECORDING, empty_hops={20: GAP})
    async with sender(room.windows) as ingest:
        first = await ingest.open(RECORDING)
        for run in with_gap.runs(first, 7):
            if run.hop_index < 35:
                await ingest.send(run)
        for window in range(11, 21):
            await ingest.send(RECORDING.run(window, 10, late=True))
        await ingest.send(RECORDING.run(35, RECORDING.hop_count - 35))
        await ingest.committed(RECORDING.window_count)
    frames = await frames_of(fake_store)
    offline = RECORDING.offline()
    for frame, values in zip(frames, offline.values, strict=True):
        np.testing.assert_array_equal(frame.values, values)
        assert frame.late == (11 <= frame.window_index <= 20)
    late = [f.window_index for f in published(fake_live) if f.late]
    assert late == list(range(11, 21))
    newest = await fake_live.latest("pump-7")
    assert newest is not None
    [latest] = unpack_frames(FeatureBatch.FromString(newest))
    assert latest.window_index == RECORDING.window_count - 1


async def test_late_window_that_is_not_complete_yet_is_computed_in_its_turn(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 5))
        await ingest.send(RECORDING.run(3, 10, late=True))
        await ingest.send(RECORDING.run(5, RECORDING.hop_count - 5))
        await ingest.committed(RECORDING.window_count)
    frames = await frames_of(fake_store)
    assert [f.window_index for f in frames] == list(range(RECORDING.window_count))
    assert not any(f.late for f in frames)


async def test_skip_leaves_one_empty_frame_before_the_jump(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 12))
        skip = pb.SkipWindows(slot=1, next_window_index=20, reason="EMPTY_REASON_ANALYSIS_SKIPPED")
        await ingest.call.write(pb.AnalyzeWindowsRequest(skip=skip))
        await ingest.committed(20)
        await ingest.send(RECORDING.run(20, RECORDING.hop_count - 20))
        await ingest.committed(RECORDING.window_count)
    frames = await frames_of(fake_store)
    assert [f.window_index for f in frames] == [0, 1, 2, 19, *range(20, RECORDING.window_count)]
    assert [f.empty_reason for f in frames[:4]] == [0, 0, 0, SKIPPED]
    np.testing.assert_array_equal(frames[4].values, RECORDING.offline().values[20])


async def test_skip_into_hops_that_are_there_keeps_them(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 5))
        skip = pb.SkipWindows(slot=1, next_window_index=3)
        await ingest.call.write(pb.AnalyzeWindowsRequest(skip=skip))
        await ingest.send(RECORDING.run(3, RECORDING.hop_count - 3))
        await ingest.committed(RECORDING.window_count)
    frames = await frames_of(fake_store)
    assert [f.window_index for f in frames] == [2, *range(3, RECORDING.window_count)]
    np.testing.assert_array_equal(frames[1].values, RECORDING.offline().values[3])


async def test_burst_is_a_window_of_its_own(room: Room, fake_store: FakeFeatureStore) -> None:
    burst = Recording(
        samples=noise(seconds=2, sample_rate_hz=25_600.0),
        sample_rate_hz=25_600.0,
        window_hops=1,
        hop_samples=2560,
    )
    async with sender(room.windows) as ingest:
        await ingest.send_all(burst, chunk=3)
    frames = await frames_of(fake_store)
    assert len(frames) == 20
    for frame, values in zip(frames, burst.offline().values, strict=True):
        np.testing.assert_array_equal(frame.values, values)


async def test_configuration_changes_without_a_break(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    recording = replace(RECORDING, samples=RECORDING.samples + np.float32(5.0))
    async with sender(room.windows) as ingest:
        await ingest.open(recording)
        await ingest.send(recording.run(0, 15))
        changed = recording.announcement(config_version=2)
        for channel in changed.config.channels:
            channel.full_scale = 1.0
        await ingest.call.write(pb.AnalyzeWindowsRequest(open=changed))
        # Hops that were on their way, and then those that are asked for.
        await ingest.send(recording.run(15, 5))
        await ingest.send(recording.run(0, recording.hop_count))
        await ingest.committed(recording.window_count)
    frames = await frames_of(fake_store)
    assert [f.config_version for f in frames] == [1] * 6 + [2] * (recording.window_count - 6)
    assert [bool(f.quality[0] & 0b10) for f in frames] == [f.config_version == 2 for f in frames]


async def test_mean_outside_of_its_declared_range_is_flagged_from_the_next_configuration(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    recording = replace(RECORDING, samples=RECORDING.samples + np.float32(5.0))
    async with sender(room.windows) as ingest:
        await ingest.open(recording)
        await ingest.send(recording.run(0, 15))
        changed = recording.announcement(config_version=2)
        first = changed.config.channels[0]
        first.bias_range.lower, first.bias_range.upper = 5.5, 6.0
        for other in changed.config.channels[1:]:
            other.bias_range.lower, other.bias_range.upper = 4.5, 5.5
        await ingest.call.write(pb.AnalyzeWindowsRequest(open=changed))
        await ingest.send(recording.run(15, 5))
        await ingest.send(recording.run(0, recording.hop_count))
        await ingest.committed(recording.window_count)
    frames = await frames_of(fake_store)
    assert {f.config_version for f in frames} == {1, 2}
    valued = [f.values for f in frames if f.values is not None]
    assert len(valued) == len(frames)
    assert all(np.isfinite(values).any() for values in valued)  # never blocks
    for frame in frames:
        flagged = [bool(mask >> (QualityFlag.QUALITY_FLAG_BIAS - 1) & 1) for mask in frame.quality]
        assert flagged == [frame.config_version == 2] + [False] * (len(flagged) - 1)


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


@pytest.mark.parametrize(
    ("samples", "flag"),
    [
        (np.full((1, 4000), np.nan, np.float32), 4),
        (np.full((1, 4000), np.inf, np.float32), 4),
        (np.zeros((1, 4000), np.float32), 3),
        (np.full((1, 4000), 2.5, np.float32), 3),
        (np.full((1, 4000), 3e38, np.float32), 4),
    ],
)
async def test_samples_without_a_signal_give_nulls_and_a_flag(
    room: Room, fake_store: FakeFeatureStore, samples: Float32Array, flag: int
) -> None:
    recording = Recording(samples=samples, sample_rate_hz=2560.0)
    async with sender(room.windows) as ingest:
        await ingest.send_all(recording)
    frames = await frames_of(fake_store)
    assert len(frames) == recording.window_count
    for frame in frames:
        assert frame.values is not None
        names = frame.layout.feature_names
        assert np.isnan(frame.values[:, names.index("rms") :]).all()
        assert frame.quality[0] & (1 << (flag - 1))


async def test_clipped_samples_keep_their_values(room: Room, fake_store: FakeFeatureStore) -> None:
    samples = np.clip(noise(channel_count=1), -1.0, 1.0)
    recording = Recording(samples=samples, sample_rate_hz=2560.0, full_scale=1.0)
    async with sender(room.windows) as ingest:
        await ingest.send_all(recording)
    for frame in await frames_of(fake_store):
        assert frame.quality[0] & 0b10
        assert frame.values is not None
        assert frame.values[0, frame.layout.feature_names.index("peak")] > 0.9
