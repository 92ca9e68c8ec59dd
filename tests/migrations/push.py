"""Pushes samples that say who they are; run by the SDK of any release.

Arguments: target, sensor id, seconds, sample rate. Writes epoch and durable index as JSON.
"""

import asyncio
import json
import sys

import numpy as np

import kurto

CHANNELS = ("horizontal", "vertical")


def samples(first_index: int, count: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    """Return samples that follow from their index; loud enough for an alarm."""
    index = np.arange(first_index, first_index + count, dtype=np.uint64)
    rows = [(index + np.uint64(k)) * np.uint64(0x9E3779B97F4A7C15) for k in (1, 2)]
    return np.stack([(row >> np.uint64(48)).astype(np.uint16).view(np.int16) for row in rows])


async def push(target: str, sensor_id: str, duration_s: float, rate_hz: float) -> None:
    """Push in real time, and wait until everything is durable."""
    hop = round(rate_hz / 10)
    loop = asyncio.get_running_loop()
    async with (
        kurto.connect(target) as client,
        client.open_sensor(
            sensor_id,
            sample_rate_hz=rate_hz,
            channels=CHANNELS,
            unit="g",
            encoding="i16",
            scale=0.001,
            options=kurto.SenderOptions(rotate_interval_s=1.0),
        ) as stream,
    ):
        started = loop.time()
        for number in range(round(duration_s * 10)):
            await stream.push(samples(number * hop, hop))
            await asyncio.sleep(max(0.0, started + (number + 1) * 0.1 - loop.time()))
    report = {
        "epoch": stream.epoch,
        "durable_index": stream.durable_index,
        "sent": round(duration_s * 10) * hop,
        "sdk": kurto.__file__,
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(push(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
