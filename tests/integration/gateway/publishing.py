"""What the analyzer, alerts and ingest publish, written to a real Valkey."""

from redis.asyncio import Redis
from tests.unit.gateway.messages import alerts_batch, batch, packed, status, transition

from kurto.alerts.v1 import alerts_pb2
from kurto.gateway.v1 import live_service_pb2

__all__ = ["publish_frames", "publish_states", "publish_transitions"]


async def publish_frames(valkey: Redis, window_index: int, *sensor_ids: str) -> None:
    """Publish one window of each sensor in one entry, and cache it."""
    frames = [packed(sensor_id, window_index) for sensor_id in sensor_ids]
    await valkey.xadd("kurto:features:0", {"b": batch(*frames).SerializeToString()})
    for frame in frames:
        cached = batch(frame).SerializeToString()
        await valkey.set(f"kurto:latest:{frame.sensor_id}", cached, ex=60)


async def publish_transitions(valkey: Redis, *numbers: int) -> None:
    """Publish transitions with these numbers."""
    transitions: list[alerts_pb2.AlertTransition] = [transition(n) for n in numbers]
    payload = alerts_batch(*transitions).SerializeToString()
    await valkey.xadd("kurto:transitions:0", {"b": payload})


async def publish_states(valkey: Redis, *sensor_ids: str) -> None:
    """Publish states of streams."""
    update = live_service_pb2.StreamStatusUpdate(streams=[status(one, 7) for one in sensor_ids])
    await valkey.xadd("kurto:streams:0", {"b": update.SerializeToString()})
