"""Health of the services behind the gateway, as they report it."""

from __future__ import annotations

import asyncio
import logging

import grpc
from grpc_health.v1 import health_pb2

from kurto_service.clock import Clock

__all__ = ["PeerHealth", "PeerNotServing"]

_LOG = logging.getLogger(__name__)
_RETRY_S = 0.3
_SERVING = health_pb2.HealthCheckResponse.SERVING
_Status = health_pb2.HealthCheckResponse.ServingStatus


class PeerNotServing(Exception):
    """The service behind the gateway does not serve."""


class PeerHealth:
    """Follows the health of one service of another process.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Leads to the process.
    service : str
        Full name of the service.
    clock : Clock
        Paces retries.
    """

    def __init__(self, channel: grpc.aio.Channel, service: str, clock: Clock) -> None:
        self._watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        self._service = service
        self._clock = clock
        self._problem = "not heard of yet"

    async def check(self) -> None:
        """Return if the service serves.

        Raises
        ------
        PeerNotServing
            If it doesn't, or does not answer.
        """
        if self._problem:
            raise PeerNotServing(self._problem)

    async def run(self) -> None:
        """Follow it for ever."""
        request = health_pb2.HealthCheckRequest(service=self._service)
        while True:
            call = self._watch(request)
            try:
                async for response in call:
                    self._note(response.status)
                self._problem = "shutting down"
            except grpc.aio.AioRpcError as error:
                self._problem = f"{error.code().name}: {error.details()}"
            except asyncio.InvalidStateError:  # grpc.aio's way to say that the stream is broken
                self._problem = "UNAVAILABLE: the stream broke"
            finally:
                call.cancel()
            await self._clock.sleep(_RETRY_S)

    def _note(self, status: int) -> None:
        self._problem = "" if status == _SERVING else f"it reports {_Status.Name(status)}"
