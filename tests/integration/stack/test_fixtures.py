"""The servers that the other tests rely on are real, fresh and quick."""

import asyncpg
import redis.asyncio as redis


async def test_a_database_is_empty(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    try:
        assert connection.get_server_version().major >= 15
        query = "SELECT count(*) FROM pg_class WHERE relname = 'left_behind'"
        assert await connection.fetchval(query) == 0
        await connection.execute("CREATE TABLE left_behind ()")
    finally:
        await connection.close()


test_the_next_database_is_empty_again = test_a_database_is_empty


async def test_valkey_is_empty(valkey_url: str) -> None:
    async with redis.from_url(valkey_url) as client:
        assert await client.dbsize() == 0
        await client.set("left_behind", "1")


test_valkey_is_empty_again = test_valkey_is_empty
