"""A recording, and what an analyzer stored and published of it."""

from __future__ import annotations

import grpc
from tests.integration.analyzer.recordings import Recording, noise

from kurto.signal.v1.features_pb2 import FeatureBatch
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.frames import Frame, unpack_frames
from kurto_analyzer.ports import FrameQuery
from kurto_service.errors import error_info

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
