"""A scripted ingest: one AnalyzeWindows call, driven step by step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import grpc
from tests.integration.analyzer.recordings import Recording, hops_request, open_request

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.analyzer.v1 import analyzer_service_pb2_grpc

AnalyzeCall: TypeAlias = (
    "grpc.aio.StreamStreamCall[pb.AnalyzeWindowsRequest, pb.AnalyzeWindowsResponse]"
)
ANSWER_S = 20.0


class Sender:
    """One stream to the analyzer.

    Attributes
    ----------
    positions : dict of int
        The newest position of every slot.
    """

    def __init__(self, call: AnalyzeCall) -> None:
        self.call = call
        self.positions: dict[int, int] = {}

    async def open(self, recording: Recording, slot: int = 1) -> int:
        """Open a sensor and return the position that is answered."""
        await self.call.write(open_request(recording, slot))
        async with asyncio.timeout(ANSWER_S):
            while True:
                for position in await self.answer():
                    if position.slot == slot and position.opened:
                        return position.next_window_index

    async def send(self, *runs: pb.HopRun) -> None:
        await self.call.write(hops_request(*runs))

    async def answer(self) -> list[pb.WindowPosition]:
        async with asyncio.timeout(ANSWER_S):
            response = await self.call.read()
        if not isinstance(response, pb.AnalyzeWindowsResponse):
            raise EOFError
        self.positions |= {p.slot: p.next_window_index for p in response.positions}
        return list(response.positions)

    async def committed(self, window: int, slot: int = 1) -> None:
        """Wait until every window below `window` is acknowledged."""
        while self.positions.get(slot, 0) < window:
            await self.answer()

    async def send_all(self, recording: Recording, slot: int = 1, *, chunk: int = 7) -> None:
        """Open, send everything, and wait for the acknowledgment of the last window."""
        first = await self.open(recording, slot)
        for run in recording.runs(first, chunk, slot=slot):
            await self.send(run)
        await self.committed(recording.window_count, slot)

    async def error(self) -> grpc.aio.AioRpcError:
        """Return the error with which the analyzer ends the stream."""
        try:
            while True:
                await self.answer()
        except grpc.aio.AioRpcError as error:
            return error


@asynccontextmanager
async def sender(stub: analyzer_service_pb2_grpc.AnalyzerServiceStub) -> AsyncIterator[Sender]:
    call = stub.AnalyzeWindows()
    try:
        yield Sender(call)
    finally:
        call.cancel()
