"""The client against a real Valkey."""

import asyncio
import socket
import time

import pytest
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import TimeoutError as ValkeyTimeoutError

from kurto_service.errors import is_unavailable
from kurto_service.valkey import ValkeyTooOld, connect, ping


async def test_values_come_back_as_bytes(valkey_url: str) -> None:
    client = await connect(valkey_url, client_name="kurto-test")
    try:
        await ping(client)
        await client.set("key", b"\x00\xff")
        assert await client.get("key") == b"\x00\xff"
        assert await client.client_getname() == "kurto-test"
    finally:
        await client.aclose()


async def test_no_server_is_told_within_the_bounds(free_port: int) -> None:
    started = time.monotonic()

    with pytest.raises(ValkeyConnectionError) as caught:
        await connect(f"redis://127.0.0.1:{free_port}/0")

    assert is_unavailable(caught.value)
    assert time.monotonic() - started < 20.0


async def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with pytest.raises(ValkeyTimeoutError) as caught:
            await connect(url, timeout_s=0.1)

    assert is_unavailable(caught.value)


async def test_a_busy_pool_is_bounded(valkey_url: str) -> None:
    client = await connect(valkey_url, max_connections=1)
    try:
        blocked = asyncio.ensure_future(client.xread({"stream": "$"}, block=250))
        await asyncio.sleep(0.02)
        assert await client.ping()  # waits for the only connection, within the limit
        await blocked
    finally:
        await client.aclose()


async def test_an_old_server_is_refused(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kurto_service.valkey._MINIMUM_VERSION", (99, 0))

    with pytest.raises(ValkeyTooOld, match="KURTO_VALKEY_URL"):
        await connect(valkey_url)
