"""What every live stream of features must do."""

from __future__ import annotations

from kurto_analyzer.ports import LiveFeatures


async def test_newest_frame_is_replaced(live: LiveFeatures) -> None:
    await live.publish(b"batch", {"a": b"1", "b": b"2"})
    await live.publish(b"batch", {"a": b"3"})
    assert await live.latest("a") == b"3"
    assert await live.latest("b") == b"2"


async def test_unknown_sensor_has_no_newest_frame(live: LiveFeatures) -> None:
    assert await live.latest("nobody") is None


async def test_batch_without_newest_frames(live: LiveFeatures) -> None:
    await live.publish(b"late ones only", {})
    assert await live.latest("a") is None
