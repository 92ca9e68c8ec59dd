"""What a sender that runs for months leaves behind with every acknowledgment: nothing."""

import asyncio
import gc
import tracemalloc

import numpy as np
from tests.integration.sdk.model_service import ModelService, serving

import kurto
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import samples_pb2

ROTATIONS = 200


class Forgetful(ModelService):
    """A service that counts samples and does not keep them."""

    def _take(self, request: pb.PushRequest) -> None:
        if request.WhichOneof("kind") == "batch":
            batch = request.batch.batch
            self.next_index = max(self.next_index, batch.first_index + batch.sample_count)

    def missing(self) -> list[samples_pb2.IndexRange]:
        return []


async def rotations(model: ModelService, stream: kurto.SensorStream, count: int) -> int:
    """Push until so many calls were made; returns the bytes that are held then."""
    until = model.calls + count
    while model.calls < until:
        await stream.push(np.zeros(20, np.float32))
        await asyncio.sleep(0.005)
    await stream.flush(timeout_s=60.0)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def test_acknowledgments_leave_nothing_behind() -> None:
    model = Forgetful()
    options = kurto.SenderOptions(rotate_interval_s=0.01)
    async with (
        serving(model) as address,
        kurto.connect(address) as client,
        client.open_sensor(
            "p", sample_rate_hz=1000, channels=["a"], unit="g", options=options
        ) as stream,
    ):
        tracemalloc.start()
        try:
            before = await rotations(model, stream, ROTATIONS)
            after = await rotations(model, stream, ROTATIONS)
        finally:
            tracemalloc.stop()
    # A call object kept each time would be many times as much.
    assert after - before < 200 * ROTATIONS
