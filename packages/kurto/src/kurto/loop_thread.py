"""An event loop on a thread of its own, for programs that are not async."""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_END = object()
_logger = logging.getLogger("kurto.sync")


@dataclass(frozen=True)
class _Exit:
    error: BaseException


class LoopThread:
    """Runs coroutines for other threads.

    The thread is a daemon, so that a script that forgets to close ends nevertheless; what is open
    then is closed at exit.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="kurto-loop", daemon=True)
        self._thread.start()
        self._entered: list[AbstractAsyncContextManager[Any]] = []
        self._at_exit = _close_at_exit(self)

    def wait(self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call an async function on the loop and return its result; interrupted, cancel it."""
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "this would wait for itself: a callback runs on the thread that does the work; "
                "hand over to another thread, or use the async client"
            )
        if not self._thread.is_alive():
            raise RuntimeError("the client is closed; connect again")

        async def run() -> T | _Exit:
            try:
                return await function(*args, **kwargs)
            except (KeyboardInterrupt, SystemExit) as error:
                # Handed over to be cleaned up after; raised here they would end the loop itself.
                return _Exit(error)

        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            result = future.result()
        except BaseException:
            future.cancel()
            raise
        if isinstance(result, _Exit):
            raise result.error
        return result

    def iterate(self, values: AsyncIterator[T]) -> Iterator[T]:
        """Yield what an async iterator yields."""
        try:
            while (value := self.wait(_next, values)) is not _END:
                yield value
        finally:
            if (close := getattr(values, "aclose", None)) is not None:
                self.wait(close)

    @contextmanager
    def enter(self, context: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """Enter an async context for the duration of the block."""
        value = self.wait(context.__aenter__)
        self._entered.append(context)
        try:
            yield value
        except BaseException:
            if not self._leave(context, *sys.exc_info()):
                raise
        else:
            self._leave(context, None, None, None)

    def close(self) -> None:
        """Leave every context that is still open, the newest first, and end the thread."""
        for context in reversed(list(self._entered)):
            try:
                self._leave(context, None, None, None)
            except Exception:
                _logger.exception("closing failed")
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5.0)
        atexit.unregister(self._at_exit)

    def _leave(self, context: AbstractAsyncContextManager[Any], *exc_info: Any) -> bool:
        if context not in self._entered:
            return False
        self._entered.remove(context)
        return bool(self.wait(context.__aexit__, *exc_info))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


async def _next(values: AsyncIterator[Any]) -> Any:
    return await anext(values, _END)


def _close_at_exit(thread: LoopThread) -> Callable[[], None]:
    reference = weakref.ref(thread)

    def close() -> None:
        if (open_thread := reference()) is not None:
            open_thread.close()

    return atexit.register(close)
