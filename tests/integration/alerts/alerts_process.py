"""A real process of alerts that tests start, kill and end."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path


class AlertsProcess:
    """The service as a process of its own."""

    def __init__(self, environment: Mapping[str, str], port: int, log: Path) -> None:
        self._environment = environment
        self.module = "kurto_alerts"
        self.port = port
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.module,
                env={**os.environ, **self._environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def kill(self) -> None:
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()

    async def terminate(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return await self._process.wait()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def said(self) -> str:
        return self._log.read_text()[-4000:] if self._log.exists() else ""
