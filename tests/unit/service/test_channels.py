"""Channels that carry this process's token."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from kurto_service.channels import AuthorizedChannel, channel_options, open_channel
from kurto_service.identity import current_principal, requires
from kurto_service.testing import FakeClock, serve
from kurto_service.tokens import TokenFile, hash_token

CODEC: dict[str, Any] = {
    "request_serializer": StringValue.SerializeToString,
    "response_deserializer": StringValue.FromString,
}
PATH = "/kurto.who.v1.WhoService/"


class WhoServicer:
    """Says who calls."""

    @requires("admin")
    async def Unary(self, request: Any, context: Any) -> StringValue:
        return StringValue(value=current_principal().name)

    @requires("admin")
    async def Stream(self, requests: Any, context: Any) -> AsyncIterator[StringValue]:
        async for _ in requests:
            yield StringValue(value=current_principal().name)


def add_who(servicer: WhoServicer, server: Any) -> None:
    codec: dict[str, Any] = {
        "request_deserializer": StringValue.FromString,
        "response_serializer": StringValue.SerializeToString,
    }
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(servicer.Unary, **codec),
        "Stream": grpc.stream_stream_rpc_method_handler(servicer.Stream, **codec),
    }
    server.add_registered_method_handlers("kurto.who.v1.WhoService", handlers)


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    path = tmp_path / "tokens.toml"
    entry = '[[tokens]]\nsha256 = "{}"\nprincipal = "{}"\nroles = ["admin"]\n'
    path.write_text(
        entry.format(hash_token("s"), "analyzer") + entry.format(hash_token("u"), "alice")
    )
    return TokenFile(path, FakeClock())


async def requests() -> AsyncIterator[StringValue]:
    yield StringValue()


async def test_every_call_carries_the_token(tokens: TokenFile) -> None:
    async with serve(add_who, WhoServicer(), authenticator=tokens) as inner:
        channel = AuthorizedChannel(inner, "s")
        answer = await channel.unary_unary(PATH + "Unary", **CODEC)(StringValue())
        assert answer.value == "analyzer"
        stream = channel.stream_stream(PATH + "Stream", **CODEC)(requests())
        assert [one.value async for one in stream] == ["analyzer"]


async def test_the_token_of_a_user_on_whose_behalf_we_call_wins(tokens: TokenFile) -> None:
    async with serve(add_who, WhoServicer(), authenticator=tokens) as inner:
        call = AuthorizedChannel(inner, "s").unary_unary(PATH + "Unary", **CODEC)
        answer = await call(StringValue(), metadata=(("authorization", "Bearer u"),))
        assert answer.value == "alice"


async def test_a_channel_without_token_is_plain() -> None:
    async with open_channel("127.0.0.1:1") as channel:
        assert not isinstance(channel, AuthorizedChannel)
    async with open_channel("127.0.0.1:1", token="s") as channel:
        assert isinstance(channel, AuthorizedChannel)


def test_streams_are_never_replayed() -> None:
    assert dict(channel_options(1024))["grpc.enable_retries"] == 0
