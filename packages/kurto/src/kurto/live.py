"""Follow the live stream through reconnections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc

from kurto.backoff import Backoff
from kurto.credentials import Credentials
from kurto.exceptions import from_rpc_error
from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.gateway.v1 import live_service_pb2_grpc as pb_grpc

_SILENCE_S = 45.0  # three missed heartbeats


async def follow(
    stub: pb_grpc.LiveServiceStub,
    request: pb.SubscribeRequest,
    credentials: Credentials,
) -> AsyncIterator[pb.SubscribeResponse]:
    """Yield events without heartbeats; reconnect after each break and resume by cursor.

    Raises
    ------
    CallError
        If the service refuses for good.
    """
    backoff = Backoff()
    while True:
        call = stub.Subscribe(request, metadata=credentials.metadata())
        retry_after_s: float | None = None
        try:
            while True:
                async with asyncio.timeout(_SILENCE_S):
                    event = await call.read()
                if not isinstance(event, pb.SubscribeResponse):
                    break  # the service ended the stream
                backoff.reset()
                request.cursor = event.cursor
                if event.WhichOneof("event") != "heartbeat":
                    yield event
        except grpc.RpcError as error:
            failure = from_rpc_error(error)
            if not failure.retryable:
                raise failure from error
            retry_after_s = failure.retry_after_s
        except TimeoutError:
            pass  # a dead connection: begin again
        finally:
            call.cancel()
        await asyncio.sleep(backoff.next_s(retry_after_s))
