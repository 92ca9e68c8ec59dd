"""With tokens in force nobody listens without one, nor longer than it holds."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from tests.integration.gateway.conftest import sse_events
from tests.integration.gateway.test_live import subscribe, until

from kurto_service.errors import error_info
from kurto_service.tokens import hash_token

ENTRY = '[[tokens]]\nsha256 = "{}"\nprincipal = "{}"\nroles = ["{}"]\n'


def write_tokens(path: Path, **roles: str) -> None:
    """Write a tokens file in which each principal's token is its name."""
    entries = [ENTRY.format(hash_token(name), name, role) for name, role in roles.items()]
    path.write_text("\n".join(entries))


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


async def test_callers_are_known_by_their_tokens(own_edge: Any, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    write_tokens(tokens, ada="viewer", bob="viewer", edge7="sensor")
    with own_edge(KURTO_TOKENS_FILE=str(tokens)) as edge:
        async with aiohttp.ClientSession(edge.http) as web:
            for address in ("/api/session", "/api/live"):
                async with web.get(address) as answer:
                    assert answer.status == 401
                    error = await answer.json()
                    assert error["details"][0]["reason"] == "UNAUTHENTICATED"
            async with web.get("/api/session", headers=bearer("ada")) as answer:
                session = await answer.json()
            assert (session["principal"], session["roles"]) == ("ada", ["viewer"])
            assert session["anonymous"] is False
            async with web.get("/api/live", headers=bearer("edge7")) as answer:
                assert answer.status == 403
            async with web.get("/api/live", headers=bearer("ada")) as answer:
                assert answer.status == 200
                async for event in sse_events(answer):
                    if event.kind == "comment":
                        break
            async with web.get("/") as answer:
                assert answer.status == 200  # the page itself holds nothing


async def test_a_stream_ends_when_its_token_does(own_edge: Any, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    write_tokens(tokens, ada="viewer", bob="viewer")
    with own_edge(KURTO_TOKENS_FILE=str(tokens)) as edge:
        async with grpc.aio.insecure_channel(edge.target) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await subscribe(channel).read()
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
            calls = {name: subscribe(channel, token=name) for name in ("ada", "bob")}
            for call in calls.values():
                await until(call, "heartbeat")
            write_tokens(tokens, bob="viewer")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async with asyncio.timeout(10):
                    while await calls["ada"].read():
                        pass
            info = error_info(caught.value)
            assert info is not None
            assert info.reason == "UNAUTHENTICATED"
            for _ in range(2):
                await until(calls["bob"], "heartbeat")
            calls["bob"].cancel()
