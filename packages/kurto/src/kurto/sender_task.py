"""A sender on a task of its own."""

from __future__ import annotations

import asyncio

from kurto.exceptions import CallError, KurtoError, StreamClosedError
from kurto.sender import Sender
from kurto.tasks import cancel


class SenderTask:
    """Runs a sender, and passes its end on to those who wait for it.

    Parameters
    ----------
    sender : Sender
        What is run.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._task: asyncio.Task[None] | None = None
        self._ending = False

    @property
    def running(self) -> bool:
        """Whether the sender still sends."""
        return self._task is not None and not self._task.done()

    @property
    def open(self) -> bool:
        """Whether the stream takes samples, as far as its user is concerned."""
        return self._task is not None and not self._ending

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._sender.run(), name="kurto-sender")

    def require_alive(self) -> None:
        """Raise what has ended the sender, if it has ended.

        Raises
        ------
        KurtoError
            If the service has refused the stream for good, or the stream is closed.
        """
        if not self.open:
            raise StreamClosedError("the stream is closed; open the sensor again")
        assert self._task is not None
        if self._task.done() and not self._task.cancelled():
            error = self._task.exception()
            if isinstance(error, CallError):
                raise CallError(
                    str(error), code=error.code, reason=error.reason, metadata=error.metadata
                ) from error
            if isinstance(error, KurtoError):
                raise type(error)(*error.args) from error
            raise StreamClosedError(f"the stream has ended ({error!r}); open it again") from error

    async def acknowledgment(self) -> None:
        """Wait for the next acknowledgment, or raise what ends the sender meanwhile."""
        self.require_alive()
        assert self._task is not None
        waiter = asyncio.ensure_future(self._sender.acknowledgment())
        try:
            await asyncio.wait([waiter, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        self.require_alive()

    async def finish(self, timeout_s: float, *, unless_offline_s: float) -> bool:
        """Take no more samples; tell whether all became durable in time.

        Parameters
        ----------
        timeout_s : float
            How long to wait in seconds.
        unless_offline_s : float
            How long to wait for a service that cannot be reached, in seconds.

        Raises
        ------
        CallError
            If the service has refused the stream for good.
        """
        self._ending = True
        self._sender.finish()
        assert self._task is not None
        first_s = min(timeout_s, unless_offline_s)
        done, _ = await asyncio.wait([self._task], timeout=first_s)
        if not done and self._sender.connected:
            done, _ = await asyncio.wait([self._task], timeout=timeout_s - first_s)
        if done:
            self._task.result()
        return bool(done)

    async def end(self) -> None:
        """Stop at once."""
        self._ending = True
        if self._task is not None:
            await cancel(self._task)
