"""The gateway's gRPC services."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import grpc
from grpc.aio import ServicerContext

from kurto.gateway.v1 import live_service_pb2, session_service_pb2, session_service_pb2_grpc
from kurto_gateway.delivery import Delivery
from kurto_gateway.live.encoding import Event
from kurto_service.identity import ANONYMOUS, current_principal, requires
from kurto_service.tokens import Authenticator

__all__ = ["LIVE_SERVICE", "SESSION_SERVICE", "LiveServicer", "SessionServicer", "add_live_service"]

LIVE_SERVICE = live_service_pb2.DESCRIPTOR.services_by_name["LiveService"].full_name
SESSION_SERVICE = session_service_pb2.DESCRIPTOR.services_by_name["SessionService"].full_name
Context = ServicerContext[Any, Any]


class LiveServicer:
    """``kurto.gateway.v1.LiveService``, whose responses are bytes that were encoded before.

    Parameters
    ----------
    delivery : Delivery
        Streams events.
    authenticator : Authenticator
        Asked again while a stream is open, since it outlives the call that opened it.
    """

    def __init__(self, delivery: Delivery, authenticator: Authenticator) -> None:
        self._delivery = delivery
        self._authenticator = authenticator

    @requires("viewer")
    async def Subscribe(self, request: live_service_pb2.SubscribeRequest, context: Context) -> None:
        """Stream events until the client leaves."""
        authorization = _authorization(context)

        def authorise() -> None:
            self._authenticator.authenticate(authorization).require("viewer")

        await self._delivery.run(
            request, transport="grpc", authorise=authorise, encode=Event.wire, write=context.write
        )


def add_live_service(servicer: LiveServicer, server: Any) -> None:
    """Register `servicer` as generated code does, except that responses are bytes already."""
    handler = grpc.unary_stream_rpc_method_handler(
        servicer.Subscribe,
        request_deserializer=live_service_pb2.SubscribeRequest.FromString,
        response_serializer=bytes,
    )
    handlers = {"Subscribe": handler}
    generic = grpc.method_handlers_generic_handler(LIVE_SERVICE, handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_registered_method_handlers(LIVE_SERVICE, handlers)


class SessionServicer(session_service_pb2_grpc.SessionServiceServicer):
    """``kurto.gateway.v1.SessionService``."""

    @requires("viewer", "operator", "engineer", "admin", "sensor")
    async def GetSession(
        self, request: session_service_pb2.GetSessionRequest, context: Context
    ) -> session_service_pb2.GetSessionResponse:
        """Tell the caller who it is."""
        principal = current_principal()
        return session_service_pb2.GetSessionResponse(
            principal=principal.name,
            roles=sorted(principal.roles),
            anonymous=principal == ANONYMOUS,
            version=version("kurto-gateway"),
        )


def _authorization(context: Context) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return None
