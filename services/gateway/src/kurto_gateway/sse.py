"""Live data as server-sent events, for programs without gRPC: ``GET /api/live``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from multidict import MultiMapping

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.delivery import Delivery
from kurto_gateway.exceptions import InvalidField
from kurto_gateway.http_errors import error_response
from kurto_gateway.live.encoding import Event
from kurto_service.exceptions import KurtoError
from kurto_service.tokens import Authenticator

__all__ = ["LiveEvents", "encode_event", "parse_query"]

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_PARAMETERS = ("sensor_id", "feature", "include_alerts", "include_stream_status", "cursor")
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_RETRY_MS = 1000


def parse_query(query: MultiMapping[str], last_event_id: str | None = None) -> pb.SubscribeRequest:
    """Return what the parameters of the address ask for.

    Parameters
    ----------
    query : multi-mapping of str to str
        ``sensor_id`` and ``feature`` may come several times.
    last_event_id : str, optional
        What a client sends that reconnects by itself; goes before ``cursor``.

    Raises
    ------
    InvalidField
        If a parameter is unknown or wrong.
    """
    for name in query:
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise InvalidField(f"{name!r} is no parameter here: use {known}.", field=name)
    return pb.SubscribeRequest(
        sensor_ids=query.getall("sensor_id", []),
        feature_names=query.getall("feature", []),
        include_alerts=_flag(query, "include_alerts"),
        include_stream_status=_flag(query, "include_stream_status"),
        cursor=last_event_id or query.get("cursor", ""),
    )


def _flag(query: MultiMapping[str], name: str) -> bool:
    text = query.get(name, "true")
    if text.lower() not in _TRUTH:
        raise InvalidField(f"{name} is {text!r}: use true or false.", field=name)
    return _TRUTH[text.lower()]


def encode_event(event: Event, server_time: datetime) -> bytes:
    """Return `event` as server-sent event; its id is the cursor."""
    cursor = event.cursor.encode()
    if event.kind == "heartbeat":
        # A comment keeps proxies awake and the id moves the client on, but no event is dispatched.
        return f": heartbeat\nid: {cursor}\n\n".encode()
    return f"event: {event.kind}\nid: {cursor}\ndata: {event.json(server_time)}\n\n".encode()


class LiveEvents:
    """Serves ``GET /api/live``.

    Parameters
    ----------
    delivery : Delivery
        Streams events.
    authenticator : Authenticator
        Reads the authorization header.
    """

    def __init__(self, delivery: Delivery, authenticator: Authenticator) -> None:
        self._delivery = delivery
        self._authenticator = authenticator

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Stream events until the client leaves."""
        response = web.StreamResponse(headers=_HEADERS)
        authorise = self._authoriser(request.headers.get("Authorization"))

        async def write(payload: bytes) -> None:
            if not response.prepared:
                await response.prepare(request)
                payload = f"retry: {_RETRY_MS}\n\n".encode() + payload
            await response.write(payload)

        try:
            authorise()
            wanted = parse_query(request.query, request.headers.get("Last-Event-ID"))
            await self._delivery.run(
                wanted, transport="sse", authorise=authorise, encode=encode_event, write=write
            )
        except KurtoError as error:
            if not response.prepared:
                return error_response(error)
        except ConnectionResetError:
            pass  # the client has left
        return response

    def _authoriser(self, authorization: str | None) -> Callable[[], None]:
        return lambda: self._authenticator.authenticate(authorization).require("viewer")
