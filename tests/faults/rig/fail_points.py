"""Named points inside a service at which a drill makes it die, fail or wait.

A point is armed by a file in a directory that both sides know. The service that reaches it removes
the file, so that each arming acts once, also over a restart.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "FAIL_POINTS_DIRECTORY"
_POLL_S = 0.005
_LONGEST_HOLD_S = 60.0


@dataclass(frozen=True)
class FailPoints:
    """A drill's side of the fail points.

    Parameters
    ----------
    directory : Path
        Given to the services in ``FAIL_POINTS_DIRECTORY``.
    """

    directory: Path

    def arm(self, point: str, action: str) -> None:
        """Let the service that next reaches a point do something there.

        Parameters
        ----------
        point : str
            Such as ``"ingest.before_commit"``; see `tests.faults.rig.failing_service`.
        action : {"kill", "error", "hold"}
            Die by SIGKILL; raise ConnectionResetError; wait for `release`.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        draft = self.directory / f".{point}"
        draft.write_text(action, encoding="ascii")
        draft.rename(self.directory / point)

    async def fired(self, point: str, timeout_s: float = 60.0) -> None:
        """Wait until a service has reached an armed point."""
        async with asyncio.timeout(timeout_s):
            while (self.directory / point).exists():
                await asyncio.sleep(_POLL_S)

    def release(self, point: str) -> None:
        """Let a service go on that waits at a point."""
        (self.directory / f"{point}.held").unlink(missing_ok=True)


async def reach(point: str) -> None:
    """Do what is armed for a point, if anything; called by the service."""
    directory = os.environ.get(VARIABLE)
    if not directory:
        return
    path = Path(directory) / point
    try:
        action = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return
    held = Path(directory) / f"{point}.held"
    if action == "hold":
        held.touch()
    path.unlink()
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "error":
        raise ConnectionResetError(f"fail point {point}")
    elif action == "hold":
        async with asyncio.timeout(_LONGEST_HOLD_S):
            while held.exists():
                await asyncio.sleep(_POLL_S)
    else:
        raise ValueError(f"{path}: {action!r} is no action; use kill, error or hold")
