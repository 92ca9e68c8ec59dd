"""Services of this release and of the one before, as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kurto_cli.stack import ports
from kurto_service.channels import open_channel

SERVICES = ("ingest", "analyzer", "alerts")
START_S = 90.0
STOP_S = 15.0
# One service of each process says whether it serves; Valkey and the like are its own affair.
SERVED = {
    "ingest": "kurto.ingest.v1.IngestService",
    "analyzer": "kurto.analyzer.v1.FeatureService",
    "alerts": "kurto.alerts.v1.AlertService",
}


@dataclass(frozen=True)
class Release:
    """Sources of one release.

    Attributes
    ----------
    root : Path or None
        Where its sources are unpacked; None for those that are installed.
    """

    root: Path | None

    def environment(self) -> dict[str, str]:
        """Return the environment in which Python imports this release."""
        if self.root is None:
            return dict(os.environ)
        sources = [*self.root.glob("packages/*/src"), *self.root.glob("services/*/src")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sorted(sources)))}

    async def run(self, code: str, *arguments: str) -> str:
        """Run a piece of Python in this release and return what it prints."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, *arguments),
            env=self.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, problem = await process.communicate()
        if process.returncode:
            raise RuntimeError(problem.decode())
        return output.decode()

    async def migrate(self, dsn: str) -> None:
        """Bring all schemas up to date, all at the same time, as services that start together."""
        await self.run(_MIGRATE, dsn, *SERVICES)


_MIGRATE = """
import asyncio, sys
from kurto_service.postgres import migrate
async def all_at_once(dsn, services):
    await asyncio.gather(*(migrate(dsn, s, f"kurto_{s}:migrations") for s in services))
asyncio.run(all_at_once(sys.argv[1], sys.argv[2:]))
"""


def unpack(repository: Path, commit: str, folder: Path) -> Release | None:
    """Return a release of this repository, or None when the clone does not hold its commit."""
    words = ["git", "-C", str(repository), "archive", commit, "packages", "services"]
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Release(folder)


@dataclass
class Plant:
    """Ingest, analyzer and alerts of one release, on servers that are there.

    Attributes
    ----------
    release : Release
        Whose code runs.
    ports : dict of str to int
        gRPC port of each service.
    """

    release: Release
    dsn: str
    valkey_url: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = dict(zip(SERVICES, ports.free_ports("127.0.0.1", 3), strict=True))

    def target(self, name: str = "ingest") -> str:
        """Return the address of a service."""
        return f"127.0.0.1:{self.ports[name]}"

    async def start(self, *names: str) -> None:
        """Start services and wait until they serve."""
        for name in names or SERVICES:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", f"kurto_{name}"),
                    env=self._environment(name),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        await asyncio.gather(*(self._serving(name) for name in names or SERVICES))

    async def kill(self, name: str) -> None:
        """Kill a service."""
        self.processes[name].kill()
        await self.processes[name].wait()

    async def stop(self) -> None:
        """End what still runs."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes.values():
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    @property
    def died(self) -> list[str]:
        """Services that ended by themselves."""
        return [name for name, one in self.processes.items() if one.returncode is not None]

    def said(self) -> str:
        """Return the end of all logs, for error messages."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in logs)

    def _environment(self, name: str) -> dict[str, str]:
        return {
            **self.release.environment(),
            "KURTO_POSTGRES_DSN": self.dsn,
            "KURTO_VALKEY_URL": self.valkey_url,
            f"KURTO_{name.upper()}_GRPC_PORT": str(self.ports[name]),
            f"KURTO_{name.upper()}_METRICS_PORT": "0",
            "KURTO_INGEST_ANALYZER_ADDRESS": self.target("analyzer"),
            "KURTO_ALERTS_ANALYZER_ADDRESS": self.target("analyzer"),
            "KURTO_ALERTS_INGEST_ADDRESS": self.target("ingest"),
            "KURTO_ANALYZER_INGEST_ADDRESS": self.target("ingest"),
            **self.settings,
        }

    async def _serving(self, name: str) -> None:
        request = health_pb2.HealthCheckRequest(service=SERVED[name])
        try:
            async with asyncio.timeout(START_S), open_channel(self.target(name)) as channel:
                health: Any = health_pb2_grpc.HealthStub(channel)
                while self.processes[name].returncode is None:
                    with contextlib.suppress(grpc.RpcError):
                        response = await health.Check(request, wait_for_ready=True, timeout=1.0)
                        if response.status == health_pb2.HealthCheckResponse.SERVING:
                            return
                    await asyncio.sleep(0.2)
        except TimeoutError:
            pass
        raise RuntimeError(f"{name} does not serve:\n{self.said()}")


@contextlib.asynccontextmanager
async def running(
    release: Release, dsn: str, valkey_url: str, folder: Path, **settings: str
) -> AsyncIterator[Plant]:
    """Run a plant for the duration of the block; `settings` are environment variables."""
    plant = Plant(release, dsn, valkey_url, folder, settings)
    try:
        await plant.start()
        yield plant
    finally:
        await plant.stop()
