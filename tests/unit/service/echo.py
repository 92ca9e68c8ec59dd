"""A servicer with one method of each arity, built without generated code."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from kurto_service.identity import current_principal, requires

SERVICE = "kurto.echo.v1.EchoService"
ARITIES = ("Unary", "ServerStream", "ClientStream", "Duplex", "Writer")
CODEC: dict[str, Any] = {
    "request_serializer": StringValue.SerializeToString,
    "response_deserializer": StringValue.FromString,
}


class EchoServicer:
    """Echoes each message through `act`, which may raise."""

    def __init__(self, act: Callable[[str], object]) -> None:
        self._act = act

    def _answer(self, request: StringValue) -> StringValue:
        self._act(request.value)
        return StringValue(value=f"{current_principal().name}:{request.value}")

    @requires("viewer")
    async def Unary(self, request: StringValue, context: Any) -> StringValue:
        """Answer one message."""
        return self._answer(request)

    @requires("viewer")
    async def ServerStream(self, request: StringValue, context: Any) -> AsyncIterator[StringValue]:
        """Answer one message twice, from an async generator."""
        yield self._answer(request)
        await asyncio.sleep(0)
        yield self._answer(request)

    @requires("viewer")
    async def Writer(self, request: StringValue, context: Any) -> None:
        """Answer one message twice, from a coroutine that writes."""
        await context.write(self._answer(request))
        await context.write(self._answer(request))

    @requires("sensor")
    async def ClientStream(self, requests: AsyncIterator[StringValue], context: Any) -> StringValue:
        """Answer the last message."""
        answer = StringValue()
        async for request in requests:
            answer = self._answer(request)
        return answer

    @requires("sensor")
    async def Duplex(
        self, requests: AsyncIterator[StringValue], context: Any
    ) -> AsyncIterator[StringValue]:
        """Answer each message."""
        async for request in requests:
            yield self._answer(request)


def add_echo(servicer: EchoServicer, server: Any) -> None:
    """Register the servicer as generated code does."""
    codec: dict[str, Any] = {
        "request_deserializer": StringValue.FromString,
        "response_serializer": StringValue.SerializeToString,
    }
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(servicer.Unary, **codec),
        "ServerStream": grpc.unary_stream_rpc_method_handler(servicer.ServerStream, **codec),
        "Writer": grpc.unary_stream_rpc_method_handler(servicer.Writer, **codec),
        "ClientStream": grpc.stream_unary_rpc_method_handler(servicer.ClientStream, **codec),
        "Duplex": grpc.stream_stream_rpc_method_handler(servicer.Duplex, **codec),
    }
    generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_registered_method_handlers(SERVICE, handlers)


async def call(channel: grpc.aio.Channel, method: str, text: str, **options: Any) -> list[str]:
    """Send `text` twice (or once, if the method takes one message) and return all answers."""
    path = f"/{SERVICE}/{method}"

    async def requests() -> AsyncIterator[StringValue]:
        yield StringValue(value=text)
        yield StringValue(value=text)

    message = StringValue(value=text)
    if method == "Unary":
        return [(await channel.unary_unary(path, **CODEC)(message, **options)).value]
    if method == "ClientStream":
        return [(await channel.stream_unary(path, **CODEC)(requests(), **options)).value]
    if method == "Duplex":
        stream = channel.stream_stream(path, **CODEC)(requests(), **options)
        return [answer.value async for answer in stream]
    answers = channel.unary_stream(path, **CODEC)(message, **options)
    return [answer.value async for answer in answers]


async def call_open(channel: grpc.aio.Channel, method: str, texts: tuple[str, ...]) -> None:
    """Send `texts` on a request-streaming method, leave it open, and await the answer.

    A write that meets the end of the call makes grpc.aio's client replace the server's status by
    INTERNAL (grpc/grpc#36066), so a test of a status must not write after what causes it.
    """
    path, options = f"/{SERVICE}/{method}", {**CODEC}
    if method == "ClientStream":
        upload = channel.stream_unary(path, **options)(timeout=60)
        for text in texts:
            await upload.write(StringValue(value=text))
        await upload
    else:
        duplex = channel.stream_stream(path, **options)(timeout=60)
        for text in texts:
            await duplex.write(StringValue(value=text))
        await duplex.read()


async def send_bytes(channel: grpc.aio.Channel, method: str, data: bytes) -> None:
    """Send one message that is made of `data`, and await the answer."""
    path, raw = (
        f"/{SERVICE}/{method}",
        {"request_serializer": bytes, "response_deserializer": bytes},
    )
    if method == "Unary":
        await channel.unary_unary(path, **raw)(data, timeout=60)
    elif method == "ClientStream":
        upload = channel.stream_unary(path, **raw)(timeout=60)
        await upload.write(data)
        await upload
    elif method == "Duplex":
        duplex = channel.stream_stream(path, **raw)(timeout=60)
        await duplex.write(data)
        await duplex.read()
    else:
        await channel.unary_stream(path, **raw)(data, timeout=60).read()
