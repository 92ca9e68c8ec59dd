"""Real servers for the tests: one PostgreSQL and one Valkey a session, fresh for every test."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.distribution import (  # noqa: F401 (hooks)
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)

from kurto_cli.stack import ports, postgres, valkey
from kurto_cli.stack.postgres import Postgres
from kurto_cli.stack.valkey import Valkey

REPOSITORY = Path(__file__).resolve().parent.parent
SERVER_START_S = 120.0
SERVER_STOP_S = 60.0
STACK_START_S = 180.0
STACK_STOP_S = 60.0


def pytest_configure() -> None:
    """Let programs under test hear Ctrl-C, though a shell in the background does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory of the real recordings."""
    directory = Path(os.environ.get("KURTO_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not directory.is_dir():
        pytest.skip(f"no recordings at {directory}: set KURTO_SHARED_DATA to their directory")
    return directory


@pytest.fixture
def free_port() -> int:
    """A TCP port on the loopback interface that nobody listens on."""
    return ports.free_ports("127.0.0.1", 1)[0]


@dataclass
class Databases:
    """Makes databases on the session's PostgreSQL server."""

    server: Postgres
    templates: dict[str, str] = field(default_factory=dict)

    def create(self, template: str = "template1") -> str:
        """Make a database and return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.execute(f'CREATE DATABASE {name} TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, ending the sessions that still use it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def template(self, key: str, prepare: Callable[[str], None]) -> str:
        """Return the name of a template which `prepare` filled once, given its DSN."""
        if key not in self.templates:
            name = self.create()
            prepare(self.server.dsn(name))
            self.templates[key] = name
        return self.templates[key]

    def execute(self, statement: str) -> None:
        """Run one statement in the maintenance database."""
        dsn = self.server.dsn("postgres")
        words = [postgres.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement]
        done = subprocess.run(
            [*words, dsn], capture_output=True, text=True, check=False, env=postgres.environment()
        )
        if done.returncode != 0:
            raise RuntimeError(f"{statement}: {done.stderr}")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The session's real PostgreSQL server."""
    directory = tmp_path_factory.mktemp("postgres")
    settings = (("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off"))
    port = ports.free_ports("127.0.0.1", 1)[0]
    server = Postgres(directory, port, "test", settings)
    server.initialise(durable=False)
    isready = [postgres.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]

    def ready() -> bool:
        return subprocess.run(isready, check=False).returncode == 0

    log = directory / "log"
    with running(server.command(), log, ready, postgres.STOP_SIGNAL, postgres.environment()):
        yield Databases(server)


@pytest.fixture
def postgres_dsn(databases: Databases) -> Iterator[str]:
    """DSN of a fresh, empty database."""
    name = databases.create()
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The session's real Valkey server."""
    directory = tmp_path_factory.mktemp("valkey")
    server = Valkey(directory, ports.free_ports("127.0.0.1", 1)[0], "test", append_only=False)
    server.initialise()

    def ready() -> bool:
        with contextlib.suppress(OSError):
            return ask_valkey(server, b"PING").startswith(b"+PONG")
        return False

    with running(server.command(), directory / "log", ready, valkey.STOP_SIGNAL, None):
        yield server


@pytest.fixture
def valkey_url(valkey_server: Valkey) -> str:
    """Address of a real Valkey server that holds nothing."""
    assert ask_valkey(valkey_server, b"FLUSHALL").startswith(b"+OK")
    return valkey_server.url


def ask_valkey(server: Valkey, command: bytes) -> bytes:
    """Send one inline command and return the answer's first line."""
    with socket.create_connection(("127.0.0.1", server.port), 60.0) as connection:
        connection.sendall(b"AUTH " + server.password.encode() + b"\r\n")
        connection.recv(64)
        connection.sendall(command + b"\r\n")
        return connection.recv(64)


@dataclass(frozen=True)
class Chromium:
    """The browser of the end-to-end tests: its program and the environment that it needs."""

    executable: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """The browser that `make test` provided."""
    record = REPOSITORY / ".chromium" / "browser.json"
    if not record.exists():
        pytest.fail("no browser for the end-to-end tests: run make browser")
    content = json.loads(record.read_text(encoding="utf-8"))
    return Chromium(content["executable"], content["environment"])


@dataclass(frozen=True)
class RunningStack:
    """A real `kurto up`."""

    launcher: subprocess.Popen[bytes]
    directory: Path

    @property
    def ready_file(self) -> Path:
        """Where the stack tells where it is."""
        return self.directory / "ready.json"

    @property
    def ready(self) -> dict[str, Any]:
        """Content of the ready file, read again each time: process ids change."""
        return dict(json.loads(self.ready_file.read_text(encoding="utf-8")))

    def pid(self, name: str) -> int:
        """Process id of a member of the stack."""
        return int(self.ready["pids"][name])

    def log(self, name: str) -> str:
        """What a member of the stack has logged."""
        return (self.directory / "logs" / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a member of the stack and return its process id."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def wait_for_restart(self, name: str, old_pid: int) -> int:
        """Wait until all is serving again with another process; return its id."""
        self._wait(lambda: self.ready_file.exists() and self.pid(name) != old_pid)
        return self.pid(name)

    def wait_until_ready(self) -> None:
        """Wait until all is serving."""
        self._wait(self.ready_file.exists)

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + STACK_START_S
        while not condition():
            if self.launcher.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stack isn't ready:\n{self.said()}")
            time.sleep(0.05)

    def said(self) -> str:
        """Return what the launcher and the members said last, for error messages."""
        text = (self.directory / "launcher.log").read_text(errors="replace")
        for path in sorted((self.directory / "logs").glob("*.log")):
            text += f"\n--- {path.name}\n{path.read_text(errors='replace')[-1500:]}"
        return text


@contextlib.contextmanager
def running_stack(
    directory: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[RunningStack]:
    """Run a stack of its own on free ports for the duration of the block."""
    words = [sys.executable, "-m", "kurto_cli", "up", "--http-port", "0", "--tls-port", "0"]
    words += ["--data-dir", str(directory / "data"), "--log-dir", str(directory / "logs")]
    words += ["--ready-file", str(directory / "ready.json"), *options]
    (directory / "ready.json").unlink(missing_ok=True)
    with (directory / "launcher.log").open("ab") as log:
        launcher = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    try:
        stack = RunningStack(launcher, directory)
        stack.wait_until_ready()
        yield stack
    finally:
        launcher.terminate()
        try:
            launcher.wait(STACK_STOP_S)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait(STACK_STOP_S)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The session's real stack; tests share it, so they use sensors of their own names."""
    with running_stack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def own_stack(
    tmp_path: Path,
) -> Callable[..., contextlib.AbstractContextManager[RunningStack]]:
    """Makes a stack that belongs to one test: ``with own_stack(*options, environment=...)``."""
    return partial(running_stack, tmp_path)


@contextlib.contextmanager
def running(
    command: list[str],
    log: Path,
    ready: Callable[[], bool],
    stop_signal: int,
    environment: dict[str, str] | None,
) -> Iterator[None]:
    """Run a server for the duration of the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=environment,
        )
    try:
        deadline = time.monotonic() + SERVER_START_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[-1]} didn't start:\n{log.read_text()[-3000:]}")
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(stop_signal)
        try:
            process.wait(SERVER_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SERVER_STOP_S)
