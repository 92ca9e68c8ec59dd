"""Servers of the user's own instead of the embedded ones: checked before anything starts."""

from collections.abc import Mapping

import asyncpg
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from kurto_cli.stack.exceptions import StackError

OLDEST_POSTGRES = 15
OLDEST_REDIS = (7, 2)
POSTGRES_VARIABLE = "KURTO_POSTGRES_DSN"
VALKEY_VARIABLE = "KURTO_VALKEY_URL"
_TIMEOUT_S = 5.0


async def check(environ: Mapping[str, str]) -> None:
    """Refuse the servers that the environment names if they can't be used.

    Raises
    ------
    StackError
        Saying what is wrong with which variable.
    """
    if dsn := environ.get(POSTGRES_VARIABLE):
        await check_postgres(dsn)
    if url := environ.get(VALKEY_VARIABLE):
        await check_valkey(url)


async def check_postgres(dsn: str) -> None:
    """Refuse a server that can't be reached or is too old.

    Raises
    ------
    StackError
        Saying what is wrong with KURTO_POSTGRES_DSN.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=_TIMEOUT_S)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StackError(
            f"KURTO_POSTGRES_DSN can't be used ({error or type(error).__name__}): mend it, or "
            "unset it to use the embedded server"
        ) from error
    try:
        version = connection.get_server_version()
    finally:
        await connection.close(timeout=_TIMEOUT_S)
    if version.major < OLDEST_POSTGRES:
        raise StackError(
            f"KURTO_POSTGRES_DSN leads to PostgreSQL {version.major}, and kurto needs "
            f"{OLDEST_POSTGRES} or newer: upgrade it, or unset the variable to use the embedded one"
        )


async def check_valkey(url: str) -> None:
    """Refuse a server that can't be reached or is too old.

    Raises
    ------
    StackError
        Saying what is wrong with KURTO_VALKEY_URL.
    """
    try:
        async with Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            answer = await client.info("server")
    except (OSError, ValueError, RedisError) as error:
        raise StackError(
            f"KURTO_VALKEY_URL can't be used ({error}): mend it, or unset it to use the embedded "
            "server"
        ) from error
    require_recent_valkey(answer)


def require_recent_valkey(answer: Mapping[str, object]) -> None:
    """Refuse Redis before 7.2; every Valkey is newer.

    Parameters
    ----------
    answer : mapping
        The section "server" of what INFO answers.

    Raises
    ------
    StackError
        If it's too old.
    """
    if "valkey_version" in answer:
        return
    version = str(answer.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        raise StackError(
            f"KURTO_VALKEY_URL leads to Redis {version}, and kurto needs Valkey, or Redis 7.2 or "
            "newer: upgrade it, or unset the variable to use the embedded one"
        )
