"""Clients of the live stream: one that notes everything, and ones that never read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

import kurto
from kurto.alerts.v1 import alerts_pb2
from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.ingest.v1 import stream_status_pb2 as status_pb

__all__ = ["LiveWatch", "NeverReads", "live_watch"]

Key = tuple[str, int]


@dataclass
class LiveWatch:
    """What one client of the live stream has seen.

    Parameters
    ----------
    states : dict of str to list of (float, SensorStatus)
        By sensor: when a state came, on the monotonic clock, and the state.
    transitions : list of AlertTransition
        As they came.
    windows : dict of (str, int) to list of int
        By sensor and epoch: windows as they came.
    delays_s : list of (float, float)
        For each event with frames: when it came, and the age of the newest frame, in seconds.
    resyncs : list of str
        Messages about what was missed.
    cursor : str
        Where it stands.
    """

    states: dict[str, list[tuple[float, status_pb.SensorStatus]]] = field(default_factory=dict)
    transitions: list[alerts_pb2.AlertTransition] = field(default_factory=list)
    windows: dict[Key, list[int]] = field(default_factory=dict)
    delays_s: list[tuple[float, float]] = field(default_factory=list)
    resyncs: list[str] = field(default_factory=list)
    cursor: str = ""

    def note(self, event: pb.SubscribeResponse) -> None:
        """Take an event."""
        now_s = time.monotonic()
        self.cursor = event.cursor
        for state in event.stream_status.streams:
            self.states.setdefault(state.sensor_id, []).append((now_s, state))
        self.transitions.extend(event.alerts.transitions)
        for frame in event.features.frames:
            key = (frame.sensor_id, frame.epoch)
            self.windows.setdefault(key, []).append(frame.window_index)
        if event.features.frames:
            newest = max(frame.end_time.ToNanoseconds() for frame in event.features.frames)
            self.delays_s.append((now_s, time.time() - newest / 1e9))
        if event.HasField("resync"):
            self.resyncs.append(event.resync.message)

    def first_state(
        self, sensor_id: str, state: status_pb.StreamState, after_s: float
    ) -> float | None:
        """Return the seconds from a moment to the first event with such a state, if any."""
        found = self.states.get(sensor_id, [])
        times = (at_s - after_s for at_s, one in found if at_s > after_s and one.state == state)
        return next(times, None)

    @property
    def newest_transition(self) -> int:
        """Number of the last transition seen; 0 before the first."""
        return self.transitions[-1].transition_number if self.transitions else 0

    def transition_holes(self) -> int:
        """Return how many transitions between the first and the last seen are missing or double."""
        numbers = [one.transition_number for one in self.transitions]
        if not numbers:
            return 0
        return abs(numbers[-1] - numbers[0] + 1 - len(numbers)) + sum(
            later <= earlier for earlier, later in pairwise(numbers)
        )

    def window_holes(self) -> int:
        """Return how many windows between a sensor's first and last are missing or double."""
        return sum(
            later - earlier != 1
            for seen in self.windows.values()
            for earlier, later in pairwise(seen)
        )


@asynccontextmanager
async def live_watch(
    target: str, sensor_ids: Sequence[str] = (), *, states: bool = False
) -> AsyncIterator[LiveWatch]:
    """Follow the live stream by the SDK until the block ends; it begins with the first event."""
    watch = LiveWatch()
    begun = asyncio.Event()

    async def follow() -> None:
        async with kurto.connect(target) as client:
            events = client.subscribe(sensor_ids=sensor_ids, alerts=True, stream_status=states)
            async for event in events:
                watch.note(event)
                begun.set()

    task = asyncio.create_task(follow(), name="live watch")
    try:
        async with asyncio.timeout(30):
            await begun.wait()
        yield watch
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class NeverReads:
    """A browser on HTTP/1.1 that asks for the live stream and does not read the answer.

    Parameters
    ----------
    http : str
        Address of the plain port.
    sensor_ids : sequence of str
        Sensors whose features it asks for.
    transport : {"grpc-web", "sse"}
        As which kind of client.
    """

    def __init__(self, http: str, sensor_ids: Sequence[str], transport: str) -> None:
        address = urlsplit(http)
        assert address.hostname is not None
        assert address.port is not None
        self._socket = socket.socket()
        # Small, so that what is not read piles up where it is measured.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect((address.hostname, address.port))
        make = {"grpc-web": _grpc_web, "sse": _server_sent_events}[transport]
        self._socket.sendall(make(address.netloc, sensor_ids))

    def close(self) -> None:
        """Leave."""
        self._socket.close()


def _grpc_web(host: str, sensor_ids: Sequence[str]) -> bytes:
    request = pb.SubscribeRequest(sensor_ids=sensor_ids, include_alerts=True)
    message = request.SerializeToString()
    body = b"\x00" + struct.pack(">I", len(message)) + message
    head = (
        "POST /kurto.gateway.v1.LiveService/Subscribe HTTP/1.1\r\n"
        f"Host: {host}\r\nContent-Type: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _server_sent_events(host: str, sensor_ids: Sequence[str]) -> bytes:
    query = "&".join(f"sensor_id={sensor_id}" for sensor_id in sensor_ids)
    return f"GET /api/live?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
