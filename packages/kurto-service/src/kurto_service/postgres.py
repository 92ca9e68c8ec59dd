"""PostgreSQL with every wait bounded, and migrations that replicas do not race for."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Generator
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext

from kurto_service.dependencies import DependencyRefused
from kurto_service.errors import PoolExhausted

__all__ = ["Pool", "PostgresTooOld", "create_pool", "migrate", "ping"]

_LOG = logging.getLogger(__name__)
_MINIMUM_MAJOR = 15
_MIGRATION_LOCK = 0x6B7572746F  # "kurto": one lock for the database, since schemas share extensions
_MIGRATION_LOCK_TIMEOUT_S = 60
_PING_TIMEOUT_S = 1.0

if TYPE_CHECKING:  # generic in the stubs only
    BasePool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    BaseAcquire: TypeAlias = PoolAcquireContext[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
    PooledConnection: TypeAlias = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    BasePool, BaseAcquire = asyncpg.Pool, PoolAcquireContext


class Init(Protocol):
    """Prepares a new connection."""

    async def __call__(self, con: Connection, /) -> None:
        """Set type codecs and the like."""
        ...


class PostgresTooOld(DependencyRefused):
    """The server is older than kurto supports."""


class Pool(BasePool):
    """A pool whose `acquire` gives up after a while instead of waiting for ever.

    Made by `create_pool`. The shortcuts ``pool.fetch`` and so on are bounded in the same way.

    Attributes
    ----------
    acquire_timeout_s : float
        Seconds that `acquire` waits at most.
    """

    acquire_timeout_s: float = 2.0

    def acquire(self, *, timeout: float | None = None) -> _Acquire:
        """Return a connection, to be awaited or entered.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait instead of `acquire_timeout_s`.

        Raises
        ------
        PoolExhausted
            When all connections stay busy for that long.
        TimeoutError
            When the server does not answer for that long.
        """
        return _Acquire(self, self.acquire_timeout_s if timeout is None else timeout)


class _Acquire(BaseAcquire):
    """A connection of a pool, awaited or entered."""

    def __await__(self) -> Generator[Any, None, PooledConnection]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> PooledConnection:
        try:
            return await super().__aenter__()
        except TimeoutError:
            pool = self.pool
            if pool.get_idle_size() or pool.get_size() < pool.get_max_size():
                raise  # a connection was to be made: the server is slow, not the pool too small
            raise PoolExhausted(
                f"All {pool.get_max_size()} database connections stayed busy for "
                f"{self.timeout:g} s: retry with less concurrency.",
                retry_after_s=self.timeout,
            ) from None


async def create_pool(
    dsn: str,
    *,
    application_name: str = "kurto",
    min_size: int = 1,
    max_size: int = 10,
    acquire_timeout_s: float = 2.0,
    command_timeout_s: float = 30.0,
    connect_timeout_s: float = 3.0,
    statement_cache_size: int = 100,
    idle_transaction_timeout_s: float = 60.0,
    init: Init | None = None,
) -> Pool:
    """Connect to PostgreSQL.

    Parameters
    ----------
    dsn : str
        Server and database as a URL.
    application_name : str
        Shown in ``pg_stat_activity``.
    min_size, max_size : int
        Connections kept open, and open at most.
    acquire_timeout_s, command_timeout_s, connect_timeout_s : float
        Seconds to wait for a free connection, for a statement, and for a new connection.
    statement_cache_size : int
        Prepared statements per connection; 0 behind pgbouncer in transaction mode.
    idle_transaction_timeout_s : float
        Seconds after which the server ends a transaction in which nothing is asked: whoever is gone
        without a word holds no locks for longer. TCP would take two hours. 0: as the server has it.
    init : async callable, optional
        Prepares each new connection, for example with type codecs.

    Raises
    ------
    PostgresTooOld
        When the server is older than 15.
    OSError, asyncpg.PostgresError, TimeoutError
        When the server does not answer or refuses; see `errors.is_unavailable`.
    """
    pool = Pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=asyncio.get_running_loop(),
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        init=init,
        timeout=connect_timeout_s,
        command_timeout=command_timeout_s,
        statement_cache_size=statement_cache_size,
        server_settings=_session_settings(application_name, idle_transaction_timeout_s),
    )
    pool.acquire_timeout_s = acquire_timeout_s
    await pool
    try:
        async with pool.acquire() as connection:
            _check_version(connection)
    except BaseException:
        pool.terminate()
        raise
    return pool


def _session_settings(application_name: str, idle_transaction_timeout_s: float) -> dict[str, str]:
    settings = {"application_name": application_name}
    if idle_transaction_timeout_s > 0:
        idle_ms = f"{idle_transaction_timeout_s * 1000:.0f}"
        settings["idle_in_transaction_session_timeout"] = idle_ms
    return settings


def _check_version(connection: Connection | PooledConnection) -> None:
    version = connection.get_server_version()
    if version.major < _MINIMUM_MAJOR:
        raise PostgresTooOld(
            f"PostgreSQL {version.major} is too old: point KURTO_POSTGRES_DSN to "
            f"{_MINIMUM_MAJOR} or newer"
        )


async def ping(pool: Pool) -> None:
    """Raise unless PostgreSQL answers; a pool that is merely busy counts as answering."""
    try:
        async with pool.acquire(timeout=_PING_TIMEOUT_S / 2) as connection:
            await connection.execute("SELECT 1", timeout=_PING_TIMEOUT_S)
    except PoolExhausted:
        return


async def migrate(dsn: str, schema: str, package: str) -> None:
    """Bring `schema` up to date with the newest revision of `package`.

    Everything happens in one transaction under a lock, so replicas that start together wait for
    the first and then find nothing to do. A database that a newer release has migrated is left as
    it is: migrations only go forward, and the previous release must work with the new schema.

    Parameters
    ----------
    dsn : str
        Server and database as a URL.
    schema : str
        The service's own schema; created when absent, also holds the version table.
    package : str
        Where the revisions are, such as ``"kurto_ingest:migrations"``.

    Raises
    ------
    PostgresTooOld
        When the server is older than 15.
    asyncpg.PostgresError
        When a revision fails; nothing of it remains.
    asyncpg.LockNotAvailableError
        When another process holds the lock for longer than a minute.
    """
    await asyncio.to_thread(_load_alembic)  # before the lock, so that it is held for less long
    connection = await asyncpg.connect(dsn, timeout=3.0, statement_cache_size=0)
    try:
        _check_version(connection)
        async with connection.transaction():
            await _migrate_locked(connection, schema, package)
    finally:
        await connection.close(timeout=2.0)


async def _migrate_locked(connection: Connection, schema: str, package: str) -> None:
    await connection.execute(f"SET LOCAL lock_timeout = '{_MIGRATION_LOCK_TIMEOUT_S}s'")
    await connection.execute(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
    quoted = '"' + schema.replace('"', '""') + '"'
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    current = await _current_revision(connection, quoted)
    script = await asyncio.to_thread(_script, package, schema, current)
    if script is None:
        extra = {"action": "migrate_ahead", "schema": schema, "revision": str(current)}
        _LOG.warning("Database is newer than this program", extra=extra)
    elif script:
        await connection.execute(script)
        extra = {"action": "migrate", "schema": schema, "from_revision": str(current)}
        _LOG.info("Schema migrated", extra=extra)


def _load_alembic() -> ModuleType:
    # Alembic and SQLAlchemy take 16 MiB and half a second: imported only where they are used.
    return importlib.import_module("kurto_service.migration_script")


def _script(package: str, schema: str, current: str | None) -> str | None:
    from kurto_service.migration_script import migrations_folder, upgrade_script  # noqa: PLC0415

    return upgrade_script(migrations_folder(package), schema, current)


async def _current_revision(connection: Connection, quoted_schema: str) -> str | None:
    table = f"{quoted_schema}.alembic_version"
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return None
    revision = await connection.fetchval(f"SELECT version_num FROM {table}")
    return None if revision is None else str(revision)
