"""One running process."""

import asyncio
import contextlib
import os
import signal

from kurto_cli.stack.logs import ProcessLog
from kurto_cli.stack.process_spec import ProcessSpec

_OUTPUT_END_S = 1.0


class Child:
    """A process that was started; made by `start`.

    It runs in a session of its own, so that a Ctrl-C in the terminal reaches the launcher only,
    which stops everything in the right order.
    """

    def __init__(
        self, spec: ProcessSpec, process: asyncio.subprocess.Process, following: asyncio.Task[None]
    ) -> None:
        self._spec = spec
        self._process = process
        self._following = following

    @classmethod
    async def start(cls, spec: ProcessSpec, log: ProcessLog) -> "Child":
        """Start the process; must be called from the main thread, whose end ends the process."""
        with log.opened() as output:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                cwd=spec.directory,
                env=dict(spec.environment),
                start_new_session=True,
            )
        following = asyncio.create_task(log.follow(process.stdout), name=f"log of {spec.name}")
        return cls(spec, process, following)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it hasn't ended."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end and its last output; return the exit code, negative for a signal."""
        code = await self._process.wait()
        # A grandchild that outlives it may hold the output open: don't wait for that.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._following, _OUTPUT_END_S)
        return code

    async def stop(self, timeout_s: float) -> bool:
        """Ask it to stop and kill it after a while.

        Parameters
        ----------
        timeout_s : float
            Seconds that it gets, at most its own limit.

        Returns
        -------
        bool
            Whether it stopped by itself.
        """
        self._send(self._spec.stop_signal)
        try:
            await asyncio.wait_for(
                self._process.wait(), max(0.0, min(timeout_s, self._spec.stop_timeout_s))
            )
        except TimeoutError:
            self.kill()
            await self._process.wait()
            return False
        return True

    def kill(self) -> None:
        """Kill it and everything in its session that stayed in its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def describe_end(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
