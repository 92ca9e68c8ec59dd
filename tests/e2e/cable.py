"""A cable between browser and stack that can be cut and mended."""

import asyncio
import threading
from types import TracebackType

START_S = 10.0
READ_BYTES = 65_536


class Cable:
    """Forwards TCP connections on the loopback interface, until it is cut.

    Parameters
    ----------
    port : int
        Port of the stack that the cable leads to.

    Attributes
    ----------
    port : int
        Port that the cable begins at, once it is entered.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self._to = port
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="cable", daemon=True)

    def __enter__(self) -> "Cable":
        self._thread.start()
        assert self._ready.wait(START_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        assert not self._thread.is_alive()

    def cut(self) -> None:
        """End every connection and let no new one through."""
        self._whole = False
        asyncio.run_coroutine_threadsafe(self._abort(), self._loop).result(START_S)

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def _work(self) -> None:
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", self.port)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._leave())
        self._loop.close()

    async def _leave(self) -> None:
        rest = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, far_writer}
        await asyncio.gather(
            _carry(reader, far_writer), _carry(far_reader, writer), return_exceptions=True
        )
        self._writers -= {writer, far_writer}


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy what comes until either end is gone."""
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
