"""What is declared of a machine reaches the analysis, also when it changes under way."""

from __future__ import annotations

import numpy as np
import pytest
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, noise
from tests.integration.analyzer.sender import sender

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.assets.v1 import assets_pb2
from kurto_analyzer.fakes import FakeFeatureStore
from kurto_analyzer.ports import FrameQuery
from kurto_dsp import FrequencyBand, WindowGeometry, record_features
from kurto_dsp.arrays import Float32Array
from kurto_service.errors import error_info

RATE_HZ = 6400.0
RECORDING = Recording(samples=noise(seconds=3, sample_rate_hz=RATE_HZ), sample_rate_hz=RATE_HZ)


def announcement(version: int, **declared: object) -> pb.AnalyzeWindowsRequest:
    message = RECORDING.announcement(config_version=version)
    message.config.MergeFrom(assets_pb2.SensorConfig(**declared))  # type: ignore[arg-type]
    return pb.AnalyzeWindowsRequest(open=message)


def band(low_hz: float, high_hz: float) -> assets_pb2.FrequencyBand:
    return assets_pb2.FrequencyBand(low_hz=low_hz, high_hz=high_hz)


def offline(low_hz: float, high_hz: float) -> Float32Array:
    """Return all values of the recording with that demodulation band."""
    return record_features(
        RECORDING.samples,
        sample_rate_hz=RATE_HZ,
        geometry=WindowGeometry(RECORDING.hop, RECORDING.window_hops),
        envelope_band=FrequencyBand(low_hz, high_hz),
    ).values


async def test_envelope_is_taken_in_the_declared_band(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.call.write(announcement(1, demodulation_band=band(500, 1500)))
        await ingest.answer()
        await ingest.send(*RECORDING.runs(0))
        await ingest.committed(RECORDING.window_count)
    frames = await fake_store.list_frames(FrameQuery("pump-7", limit=10_000))
    declared, other = offline(500, 1500), offline(1000, 2400)
    for frame, values, others in zip(frames, declared, other, strict=True):
        np.testing.assert_array_equal(frame.values, values)
        assert not np.array_equal(values, others, equal_nan=True)


async def test_another_band_takes_effect_with_the_next_window_and_loses_none(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    half = RECORDING.hop_count // 2
    async with sender(room.windows) as ingest:
        await ingest.call.write(announcement(1, demodulation_band=band(500, 1500)))
        await ingest.answer()
        for hop in range(half):
            await ingest.send(RECORDING.run(hop, 1))
        await ingest.committed(half - RECORDING.window_hops + 1)
        await ingest.call.write(announcement(2, demodulation_band=band(1000, 2400)))
        position = next(p for p in await ingest.answer() if p.opened)
        assert position.next_window_index == half - RECORDING.window_hops + 1
        for run in RECORDING.runs(position.next_window_index):
            await ingest.send(run)
        await ingest.committed(RECORDING.window_count)
    frames = await fake_store.list_frames(FrameQuery("pump-7", limit=10_000))
    assert [frame.window_index for frame in frames] == list(range(RECORDING.window_count))
    values = {1: offline(500, 1500), 2: offline(1000, 2400)}
    for frame in frames:
        expected = 1 if frame.window_index < position.next_window_index else 2
        assert frame.config_version == expected
        np.testing.assert_array_equal(frame.values, values[expected][frame.window_index])


async def test_everything_else_changes_without_a_break(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    half = RECORDING.hop_count // 2
    async with sender(room.windows) as ingest:
        await ingest.call.write(announcement(1, nominal_speed_rpm=1480.0))
        await ingest.answer()
        for hop in range(half):
            await ingest.send(RECORDING.run(hop, 1))
        changed = {"nominal_speed_rpm": 990.0, "bearing": {"designation": "no such bearing"}}
        await ingest.call.write(announcement(2, **changed))
        for hop in range(half, RECORDING.hop_count):  # no hop is sent again
            await ingest.send(RECORDING.run(hop, 1))
        await ingest.committed(RECORDING.window_count)
    frames = await fake_store.list_frames(FrameQuery("pump-7", limit=10_000))
    assert [frame.window_index for frame in frames] == list(range(RECORDING.window_count))
    assert [frame.config_version for frame in frames] == sorted(f.config_version for f in frames)
    assert {frame.config_version for frame in frames} == {1, 2}


@pytest.mark.parametrize("speeds_hz", [[24.5], [24.5, -1.0], [24.5, float("inf")], [1.0] * 3])
async def test_speeds_that_are_not_one_a_hop_are_refused(
    room: Room, speeds_hz: list[float]
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        run = RECORDING.run(0, 2)
        run.shaft_speeds_hz.extend(speeds_hz)
        await ingest.send(run)
        error = await ingest.error()
    info = error_info(error)
    assert info is not None
    assert (info.reason, info.metadata["field"]) == ("INVALID_FIELD", "shaft_speeds_hz")


async def test_hops_without_a_measured_speed_are_taken(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        for run in RECORDING.runs(0, 2):
            run.shaft_speeds_hz.extend([24.5, float("nan")][: run.hop_count])
            await ingest.send(run)
        await ingest.committed(RECORDING.window_count)
    assert len(await fake_store.list_frames(FrameQuery("pump-7", limit=10_000))) == (
        RECORDING.window_count
    )
