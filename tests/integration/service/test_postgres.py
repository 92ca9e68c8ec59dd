"""Pools and migrations against a real PostgreSQL."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from kurto_service.clock import SystemClock
from kurto_service.dependencies import DependencyRefused, wait_until_up
from kurto_service.errors import PoolExhausted, is_unavailable
from kurto_service.postgres import Pool, PostgresTooOld, create_pool, migrate, ping

FIRST = '''
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE rooms.readings (
        id bigint PRIMARY KEY,
        detail jsonb NOT NULL DEFAULT '{"a":1, "share": "10%"}'
    );
    INSERT INTO rooms.readings (id) VALUES (1), (2);
    CREATE FUNCTION rooms.quoted(word text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        RETURN format('%L:%s', word, 1::text);
    END $$;
    -- ends in a comment""")
'''
SECOND = """
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE rooms.readings ADD COLUMN note text")
    op.execute("INSERT INTO rooms.readings (id, note) VALUES (3, 'x'); {extra}")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "room_service" / "migrations"
    folder.mkdir(parents=True)
    for init in (folder.parent / "__init__.py", folder / "__init__.py"):
        init.write_text("")
    (folder / "0001_readings.py").write_text(FIRST)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    sys.modules.pop("room_service", None)


async def upgrade(dsn: str) -> None:
    await migrate(dsn, "rooms", "room_service:migrations")


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def small_pool(dsn: str, **options: float) -> AsyncIterator[Pool]:
    options = {"acquire_timeout_s": 30.0, **options}
    pool = await create_pool(dsn, max_size=1, **options)  # type: ignore[arg-type]
    try:
        yield pool
    finally:
        await pool.close()


async def test_locks_of_whoever_is_gone_in_a_transaction_are_let_go(postgres_dsn: str) -> None:
    async with connected(postgres_dsn) as connection:
        await connection.execute("CREATE TABLE held (id int); INSERT INTO held VALUES (1)")
        pool = await create_pool(postgres_dsn, max_size=1, idle_transaction_timeout_s=0.2)
        async with pool.acquire() as gone:
            transaction = gone.transaction()
            await transaction.start()
            await gone.execute("UPDATE held SET id = 2")
            # What is asked for now waits for the lock until the server lets go of it.
            await connection.execute("UPDATE held SET id = 3", timeout=60)
            with pytest.raises(asyncpg.InterfaceError, match="released"):
                async with asyncio.timeout(60):
                    while True:  # until the pool has heard of it
                        gone.is_closed()
                        await asyncio.sleep(0.01)
        for _ in range(2):  # a connection that was used before is bounded all the same
            limit = await pool.fetchval("SHOW idle_in_transaction_session_timeout")
            assert limit == "200ms"
        assert await pool.fetchval("SELECT id FROM held") == 3
        await pool.close()


async def test_an_idle_transaction_may_be_left_to_the_server(postgres_dsn: str) -> None:
    asked = "SHOW idle_in_transaction_session_timeout"
    async with connected(postgres_dsn) as connection:
        of_the_server = await connection.fetchval(asked)
    async with small_pool(postgres_dsn, idle_transaction_timeout_s=0.0) as pool:
        assert await pool.fetchval(asked) == of_the_server
    async with small_pool(postgres_dsn) as pool:
        assert await pool.fetchval(asked) == "1min"


@pytest.mark.usefixtures("package")
async def test_sql_of_a_revision_reaches_the_server_verbatim(postgres_dsn: str) -> None:
    await upgrade(postgres_dsn)

    async with connected(postgres_dsn) as connection:
        detail = await connection.fetchval("SELECT detail::text FROM rooms.readings WHERE id = 1")
        assert detail == '{"a": 1, "share": "10%"}'
        assert await connection.fetchval("SELECT rooms.quoted('it''s')") == "'it''s':1"
        assert await connection.fetchval("SELECT version_num FROM rooms.alembic_version") == "0001"


async def test_upgrade_goes_on_from_where_the_database_is(postgres_dsn: str, package: Path) -> None:
    await upgrade(postgres_dsn)
    (package / "0002_note.py").write_text(SECOND.replace("{extra}", ""))

    await upgrade(postgres_dsn)
    await upgrade(postgres_dsn)

    async with connected(postgres_dsn) as connection:
        assert await connection.fetchval("SELECT version_num FROM rooms.alembic_version") == "0002"
        assert await connection.fetchval("SELECT count(*) FROM rooms.readings") == 3


async def test_nothing_of_a_failed_upgrade_remains(postgres_dsn: str, package: Path) -> None:
    (package / "0002_note.py").write_text(SECOND.replace("{extra}", "SELECT 1/0"))

    with pytest.raises(asyncpg.DivisionByZeroError):
        await upgrade(postgres_dsn)

    async with connected(postgres_dsn) as connection:
        assert await connection.fetchval("SELECT to_regnamespace('rooms')") is None


@pytest.mark.usefixtures("package")
async def test_replicas_that_start_together_migrate_once(postgres_dsn: str) -> None:
    await asyncio.gather(*(upgrade(postgres_dsn) for _ in range(6)))

    async with connected(postgres_dsn) as connection:
        assert await connection.fetchval("SELECT count(*) FROM rooms.readings") == 2


async def test_a_database_of_a_newer_release_is_left_alone(
    postgres_dsn: str, package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = package / "0002_note.py"
    newer.write_text(SECOND.replace("{extra}", ""))
    await upgrade(postgres_dsn)
    newer.unlink()

    await upgrade(postgres_dsn)

    async with connected(postgres_dsn) as connection:
        assert await connection.fetchval("SELECT version_num FROM rooms.alembic_version") == "0002"
    assert "Database is newer than this program" in caplog.messages


async def test_missing_migrations_are_named(postgres_dsn: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="kurto_service:nowhere"):
        await migrate(postgres_dsn, "rooms", "kurto_service:nowhere")


async def test_acquire_gives_up_when_all_connections_are_busy(postgres_dsn: str) -> None:
    async with small_pool(postgres_dsn, acquire_timeout_s=0.2) as pool, pool.acquire():
        with pytest.raises(PoolExhausted, match="All 1 database connections stayed busy"):
            await pool.fetchval("SELECT 1")
        with pytest.raises(PoolExhausted):
            await pool.acquire()
        await ping(pool)  # busy is not the same as away


async def test_connections_return_to_the_pool(postgres_dsn: str) -> None:
    async with small_pool(postgres_dsn) as pool:
        for number in range(3):
            async with pool.acquire() as connection:
                assert await connection.fetchval("SELECT $1::int", number) == number
        connection = await pool.acquire()
        await pool.release(connection)
        assert await pool.fetchval("SELECT 7") == 7


async def test_a_slow_statement_is_cut(postgres_dsn: str) -> None:
    async with small_pool(postgres_dsn, command_timeout_s=1.0) as pool:
        with pytest.raises(TimeoutError):
            await pool.fetchval("SELECT pg_sleep(60)")
        assert await pool.fetchval("SELECT 1") == 1


async def test_without_statement_cache_nothing_is_prepared_by_name(postgres_dsn: str) -> None:
    async with small_pool(postgres_dsn, statement_cache_size=0) as pool, pool.acquire() as one:
        await one.fetchval("SELECT 1 + $1::int", 1)
        assert await one.fetchval("SELECT count(*) FROM pg_prepared_statements") == 0


async def taken_away(connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
    """Wait until the pool has noticed that a connection is dead, and taken it from its user."""
    with pytest.raises(asyncpg.InterfaceError, match="released back to the pool"):
        async with asyncio.timeout(60):
            while True:
                connection.is_closed()
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("noticed", [False, True], ids=["at-once", "after-the-pool-noticed"])
async def test_a_killed_connection_counts_as_unavailable_and_heals(
    postgres_dsn: str, noticed: bool
) -> None:
    async with small_pool(postgres_dsn) as pool:
        async with connected(postgres_dsn) as other, pool.acquire() as connection:
            pid = connection.get_server_pid()
            await other.fetchval("SELECT pg_terminate_backend($1)", pid)
            if noticed:
                await taken_away(connection)
            with pytest.raises(Exception, match=r".") as caught:  # asyncpg has five words for it
                await connection.fetchval("SELECT 1")
        assert is_unavailable(caught.value), repr(caught.value)
        assert await pool.fetchval("SELECT 1") == 1


async def test_no_server_counts_as_unavailable(free_port: int) -> None:
    with pytest.raises(OSError, match="onnect") as caught:
        await create_pool(f"postgresql://kurto@127.0.0.1:{free_port}/kurto")

    assert is_unavailable(caught.value)


async def test_a_missing_database_is_told_at_once(postgres_dsn: str) -> None:
    dsn = postgres_dsn + "_missing" if "?" not in postgres_dsn else postgres_dsn.replace("?", "x?")

    with pytest.raises(DependencyRefused, match=r"does not exist.*KURTO_POSTGRES_DSN"):
        await wait_until_up(
            "postgresql", lambda: create_pool(dsn), clock=SystemClock(), timeout_s=60.0
        )


async def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TimeoutError):
            await create_pool(f"postgresql://kurto@127.0.0.1:{port}/kurto", connect_timeout_s=0.2)


async def test_an_old_server_is_refused(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kurto_service.postgres._MINIMUM_MAJOR", 999)

    with pytest.raises(PostgresTooOld, match="KURTO_POSTGRES_DSN to 999 or newer"):
        await create_pool(postgres_dsn)
