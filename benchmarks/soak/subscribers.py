"""Two who watch: one over gRPC with the SDK, one with server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

import kurto

_RETRY_S = 1.0


@dataclass
class Watched:
    """What a subscriber saw.

    Parameters
    ----------
    name : str
        How it is connected.
    frame_count : int
        Different windows received.
    reconnect_count : int
        Times the connection was made again.
    """

    name: str
    reconnect_count: int = 0
    _seen: dict[str, int] = field(default_factory=dict)  # next window by sensor
    frame_count: int = 0

    def note(self, sensor_id: str, window: int) -> None:
        """Count a window unless it came before."""
        if window >= self._seen.get(sensor_id, 0):
            self._seen[sensor_id] = window + 1
            self.frame_count += 1


async def watch_grpc(client: kurto.Client, sensor_ids: Sequence[str], watched: Watched) -> None:
    """Follow the features of all sensors until cancelled."""
    async for event in client.subscribe(sensor_ids=sensor_ids, feature_names=["rms"]):
        for frame in event.features.frames:
            watched.note(frame.sensor_id, frame.window_index)


async def watch_sse(address: str, sensor_ids: Sequence[str], watched: Watched) -> None:
    """Follow the same with server-sent events, resuming by their ids, until cancelled."""
    parameters = [("sensor_id", one) for one in sensor_ids] + [("feature", "rms")]
    headers: dict[str, str] = {}
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60.0)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async with session.get(
                    f"{address}/api/live", params=parameters, headers=headers
                ) as answer:
                    answer.raise_for_status()
                    await _read(answer.content, watched, headers)
            except (aiohttp.ClientError, TimeoutError):
                pass
            watched.reconnect_count += 1
            await asyncio.sleep(_RETRY_S)


async def _read(content: aiohttp.StreamReader, watched: Watched, headers: dict[str, str]) -> None:
    kind = ""
    while line := await content.readline():
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "id":
            headers["Last-Event-ID"] = value
        elif name == "data" and kind == "features":
            for frame in json.loads(value)["features"]["frames"]:
                watched.note(frame["sensor_id"], int(frame["window_index"]))
