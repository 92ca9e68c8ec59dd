"""Real recordings: what is stored equals kurto_dsp on the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import loadmat
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording
from tests.integration.analyzer.sender import sender

from kurto_analyzer.fakes import FakeFeatureStore
from kurto_analyzer.ports import FrameQuery
from kurto_analyzer.quality import wire_mask
from kurto_dsp.arrays import Float32Array


def cwru(path: Path) -> Float32Array:
    variables = loadmat(path)
    names = sorted(name for name in variables if name.endswith("_time"))
    count = min(variables[name].size for name in names)
    samples: Float32Array = np.stack([variables[name].ravel()[:count] for name in names]).astype(
        np.float32
    )
    return samples


def pronostia(path: Path, snapshot_count: int) -> Float32Array:
    archive = np.load(path)
    high, low = archive["hi"][:snapshot_count], archive["lo"][:snapshot_count]
    acceleration = ((high.astype(np.int32) << 8) | low) / 1000.0
    samples: Float32Array = acceleration.reshape(-1, 2).T.astype(np.float32)
    return samples


async def assert_stored_equals_offline(
    room: Room, store: FakeFeatureStore, recording: Recording
) -> None:
    async with sender(room.windows) as ingest:
        await ingest.send_all(recording, chunk=3)
    frames = await store.list_frames(FrameQuery(recording.sensor_id, limit=100_000))
    offline = recording.offline()
    assert [frame.window_index for frame in frames] == list(range(len(offline.values)))
    for frame, values, quality in zip(frames, offline.values, offline.quality, strict=True):
        np.testing.assert_array_equal(frame.values, values)
        assert frame.quality == tuple(map(wire_mask, quality.tolist()))


async def test_cwru_record(room: Room, fake_store: FakeFeatureStore, shared_data: Path) -> None:
    samples = cwru(shared_data / "cwru" / "105_IR007_0.mat")
    recording = Recording(samples=samples, sample_rate_hz=12_000.0, sensor_id="105")
    assert recording.window_count > 80
    await assert_stored_equals_offline(room, fake_store, recording)


async def test_pronostia_bursts(
    room: Room, fake_store: FakeFeatureStore, shared_data: Path
) -> None:
    samples = pronostia(shared_data / "pronostia" / "learning" / "Bearing3_1.npz", 60)
    recording = Recording(
        samples=samples,
        sample_rate_hz=25_600.0,
        sensor_id="bearing3_1",
        window_hops=1,
        hop_samples=2560,
    )
    await assert_stored_equals_offline(room, fake_store, recording)
