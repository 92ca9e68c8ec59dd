"""AnalyzeWindows through gRPC: order, gaps, late windows, skips, configurations, bad signals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, noise
from tests.integration.analyzer.sender import sender
from tests.integration.analyzer.stored_frames import (
    GAP,
    NOT_MONITORED,
    RECORDING,
    SKIPPED,
    frames_of,
    published,
)

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.signal.v1.features_pb2 import FeatureBatch
from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.frames import unpack_frames
from kurto_dsp.arrays import Float32Array


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
