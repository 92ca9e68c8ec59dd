"""A tiny service that the tests run as a process; its dependency is the existence of a file."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from pydantic import Field

from kurto_service.identity import current_principal, requires
from kurto_service.runtime import Runtime, main
from kurto_service.settings import ServiceSettings, service_config

SERVICE = "kurto.room.v1.RoomService"


class RoomSettings(ServiceSettings):
    """Settings of the tiny service."""

    model_config = service_config("room")

    dependency: Path = Field(description="File that stands for a dependency.")
    notes: Path = Field(description="File that gets one line per step of the process's life.")
    fault: str = Field("", description="What goes wrong, if anything.")


class RoomServicer:
    """Echoes, slowly if asked to."""

    def __init__(self, settings: RoomSettings) -> None:
        self._settings = settings

    @requires("viewer")
    async def Echo(self, request: StringValue, context: Any) -> StringValue:
        """Return who said what, after as many seconds as the text says."""
        if request.value.replace(".", "").isdigit():
            await asyncio.sleep(float(request.value))
        return StringValue(value=f"{current_principal().name}: {request.value}")

    @requires("sensor")
    async def Mirror(self, requests: Any, context: Any) -> AsyncIterator[StringValue]:
        """Return every message."""
        async for request in requests:
            yield request


def add_room(servicer: RoomServicer, server: Any) -> None:
    """Register the servicer as generated code does."""
    codec: dict[str, Any] = {
        "request_deserializer": StringValue.FromString,
        "response_serializer": StringValue.SerializeToString,
    }
    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(servicer.Echo, **codec),
        "Mirror": grpc.stream_stream_rpc_method_handler(servicer.Mirror, **codec),
    }
    server.add_registered_method_handlers(SERVICE, handlers)


class Life:
    """The steps of the process's life, and what goes wrong with them."""

    def __init__(self, settings: RoomSettings) -> None:
        self._settings = settings

    def note(self, text: str) -> None:
        """Append a line to the notes."""
        with self._settings.notes.open("a") as file:
            file.write(f"{text}\n")

    async def connect(self) -> None:
        """Raise OSError unless the file is there."""
        await asyncio.to_thread(self._settings.dependency.stat)

    async def check(self) -> None:
        """Do the same, or hang."""
        if self._settings.dependency.read_text() == "hang":
            await asyncio.sleep(60)

    async def drain(self) -> None:
        """Note it, and hang if asked to."""
        self.note("drain")
        if self._settings.fault == "drain hangs":
            await asyncio.sleep(60)

    async def close(self) -> None:
        """Note it, and block the loop if asked to."""
        self.note("close")
        if self._settings.fault == "loop blocks at close":
            time.sleep(60)  # noqa: ASYNC251 (blocking is the fault)

    async def tick(self) -> None:
        """Run for ever unless something goes wrong."""
        try:
            while self._settings.fault != "task returns":
                await asyncio.sleep(0.05)
                if self._settings.fault == "task dies":
                    raise ValueError("the ticker broke")
        finally:
            self.note("ticker ended")


async def wire(settings: RoomSettings, runtime: Runtime[RoomSettings]) -> None:
    """Build the tiny service."""
    life = Life(settings)
    await runtime.connect("dependency", life.connect)
    if settings.fault == "wire fails":
        raise ValueError("cannot be built")
    runtime.push_close(life.close)
    runtime.on_drain(life.drain)
    runtime.add_probe("dependency", life.check)
    runtime.add_servicer(add_room, RoomServicer(settings), SERVICE)
    runtime.spawn("ticker", life.tick())


if __name__ == "__main__":
    main("room", RoomSettings, wire)
