"""A cable between browser and stack that can be cut and mended."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType

from tests.faults.rig.proxy import FaultProxy, fault_proxy

START_S = 60.0


class Cable:
    """A fault proxy in a thread of its own, for tests that have no event loop.

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
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._done = asyncio.Event()
        self._proxy: FaultProxy | None = None
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
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(START_S)
        assert not self._thread.is_alive()

    def cut(self) -> None:
        """End every connection and let no new one through."""
        self._do(FaultProxy.cut)

    def mend(self) -> None:
        """Let connections through again."""
        self._do(FaultProxy.mend)

    def _do(self, work: Callable[[FaultProxy], None]) -> None:
        async def in_the_loop() -> None:
            assert self._proxy is not None
            work(self._proxy)

        asyncio.run_coroutine_threadsafe(in_the_loop(), self._loop).result(START_S)

    def _work(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._leave())
        self._loop.close()

    async def _serve(self) -> None:
        async with fault_proxy(self._to) as self._proxy:
            self.port = self._proxy.port
            self._ready.set()
            await self._done.wait()

    async def _leave(self) -> None:
        rest = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
