"""A TCP proxy between two programs: delays, slices, throttles, stalls and cuts, while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

_READ_BYTES = 65_536
_PIECES_ON_THE_WAY = 16
_LOOPBACK = "127.0.0.1"


@dataclass
class Faults:
    """What happens to the bytes of one direction; may be changed at any time.

    Parameters
    ----------
    latency_s : float
        How much later each piece arrives, in seconds.
    slice_bytes : int
        Pieces are forwarded in parts of at most so many bytes, each in a segment of its own; 0: as
        they come.
    bytes_per_s : float
        Bandwidth; 0: unlimited.
    black_hole : bool
        Nothing passes and nobody is told, as when a cable is pulled; what was sent meanwhile
        arrives once it is false again.
    """

    latency_s: float = 0.0
    slice_bytes: int = 0
    bytes_per_s: float = 0.0
    black_hole: bool = False

    def clear(self) -> None:
        """Forward everything at once again."""
        self.latency_s, self.slice_bytes, self.bytes_per_s = 0.0, 0, 0.0
        self.black_hole = False


class Direction(Enum):
    """Which way bytes go."""

    UP = "from the client to the server"
    DOWN = "from the server to the client"


class Verdict(Enum):
    """What an interceptor does with a piece."""

    FORWARD = "let it pass"
    DROP = "let it vanish; the connection stays"
    CUT = "let it vanish and reset the connection"
    FORWARD_AND_CUT = "let it pass to its receiver, whose end is then closed; reset the sender's"


@dataclass(eq=False)
class Link:
    """One connection through the proxy.

    Parameters
    ----------
    client, server : asyncio.StreamWriter
        Its two ends.
    note : str
        For interceptors, to remember what they have seen of this connection.
    """

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    note: str = ""

    def other(self, end: asyncio.StreamWriter) -> asyncio.StreamWriter:
        """Return the end that is not `end`."""
        return self.server if end is self.client else self.client

    def reset(self) -> None:
        """Reset both ends."""
        self.client.transport.abort()
        self.server.transport.abort()


Interceptor = Callable[[Link, Direction, bytes], Verdict]


def let_pass(link: Link, direction: Direction, data: bytes) -> Verdict:
    """Intercept nothing."""
    return Verdict.FORWARD


@dataclass(eq=False)
class FaultProxy:
    """Forwards connections to a port of this machine; made by `fault_proxy`.

    Attributes
    ----------
    port : int
        Where it listens.
    up, down : Faults
        Of the bytes to the server, and of those back to the client.
    intercept : callable
        Sees every piece before it is forwarded and decides about it.
    link_count : int
        Connections that were made so far.
    """

    target: int
    port: int = 0
    up: Faults = field(default_factory=Faults)
    down: Faults = field(default_factory=Faults)
    intercept: Interceptor = let_pass
    link_count: int = 0
    _whole: bool = True
    _links: set[Link] = field(default_factory=set)

    def cut(self) -> None:
        """Reset all connections and refuse new ones until `mend`."""
        self._whole = False
        self.reset()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def reset(self) -> None:
        """Reset all connections; new ones are let through."""
        for link in list(self._links):
            link.reset()

    def black_hole(self) -> None:
        """Let nothing pass in either direction until `clear`."""
        self.up.black_hole = self.down.black_hole = True

    def clear(self) -> None:
        """End every fault; connections that were reset stay so."""
        self.up.clear()
        self.down.clear()
        self.intercept = let_pass
        self.mend()

    def through(self, url: str) -> str:
        """Return an address with the proxy's port instead of its own."""
        parts = urlsplit(url)
        return parts._replace(
            netloc=parts.netloc.replace(f":{parts.port}", f":{self.port}")
        ).geturl()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until it ends."""
        if not self._whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(_LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, far_writer)
        self._links.add(link)
        self.link_count += 1
        try:
            await asyncio.gather(
                self._carry(link, Direction.UP, reader, far_writer, self.up),
                self._carry(link, Direction.DOWN, far_reader, writer, self.down),
            )
        finally:
            self._links.discard(link)
            link.reset()

    async def _carry(
        self,
        link: Link,
        direction: Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        faults: Faults,
    ) -> None:
        # What is on its way is bounded, as it is in a cable.
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PIECES_ON_THE_WAY)
        taking = asyncio.create_task(_take(reader, way, faults))
        try:
            await self._give(link, direction, way, writer, faults)
        except OSError:
            link.reset()  # an end that broke: the other learns of it
        finally:
            taking.cancel()

    async def _give(
        self,
        link: Link,
        direction: Direction,
        way: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
        faults: Faults,
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await way.get()
            await asyncio.sleep(due_s - loop.time())
            if writer.transport.is_closing():
                return
            while faults.black_hole:
                await asyncio.sleep(0.01)
            if not data:
                writer.write_eof()
                return
            verdict = self.intercept(link, direction, data)
            if verdict in {Verdict.FORWARD, Verdict.FORWARD_AND_CUT}:
                await _forward(data, writer, faults)
            if verdict is Verdict.CUT:
                link.reset()
            elif verdict is Verdict.FORWARD_AND_CUT:
                # Not a reset: that could overtake what the receiver has yet to read.
                writer.write_eof()
                link.other(writer).transport.abort()
            if verdict in {Verdict.CUT, Verdict.FORWARD_AND_CUT}:
                return

    def close(self) -> None:
        """Reset everything, for good."""
        self.cut()


async def _take(
    reader: asyncio.StreamReader, way: asyncio.Queue[tuple[float, bytes]], faults: Faults
) -> None:
    """Read what comes, each piece with the moment at which it is due; an empty one is the end."""
    loop = asyncio.get_running_loop()
    data = b"-"
    while data:
        try:
            data = await reader.read(_READ_BYTES)
        except OSError:
            data = b""
        await way.put((loop.time() + faults.latency_s, data))


async def _forward(data: bytes, writer: asyncio.StreamWriter, faults: Faults) -> None:
    size = faults.slice_bytes or len(data)
    if faults.bytes_per_s:  # small pieces, so that the pace is even
        size = min(size, max(1, round(faults.bytes_per_s / 50)))
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        writer.write(piece)
        await writer.drain()
        if faults.bytes_per_s:
            await asyncio.sleep(len(piece) / faults.bytes_per_s)
        elif faults.slice_bytes:
            await asyncio.sleep(0)


@asynccontextmanager
async def fault_proxy(target: int) -> AsyncIterator[FaultProxy]:
    """Run a proxy to ``127.0.0.1:target`` until the block ends."""
    proxy = FaultProxy(target)
    server = await asyncio.start_server(proxy.serve, _LOOPBACK, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.clear()
        proxy.close()
        await asyncio.sleep(0)
