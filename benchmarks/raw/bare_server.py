"""A grpc.aio server that parses the messages of Push calls and does nothing with them."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import uvloop

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_service.server import server_options

_SERVICE = "kurto.ingest.v1.IngestService"
_MAX_MESSAGE_BYTES = 4 * 2**20
_FRAME_BYTES = 4  # two channels of two bytes


async def push(request_iterator: Any, context: Any) -> pb.PushResponse:
    """Read until the sender half-closes; answer with the end of what came."""
    slots: dict[int, pb.SensorPushResult] = {}
    read = context.read
    while True:
        request = await read()
        if request is grpc.aio.EOF:
            return pb.PushResponse(results=slots.values())
        if request.WhichOneof("kind") == "batch":
            message = request.batch
            batch = message.batch
            count = len(batch.planar) // _FRAME_BYTES
            slots[message.slot].next_index = batch.first_index + count
        else:
            start = request.start
            slots[start.slot] = pb.SensorPushResult(slot=start.slot)


async def _serve() -> None:
    server = grpc.aio.server(options=server_options(_MAX_MESSAGE_BYTES))
    handler = grpc.stream_unary_rpc_method_handler(
        push, pb.PushRequest.FromString, pb.PushResponse.SerializeToString
    )
    handlers = grpc.method_handlers_generic_handler(_SERVICE, {"Push": handler})
    server.add_generic_rpc_handlers((handlers,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
