"""The gRPC server of a process: options, registration of servicers, binding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import grpc
from grpc.aio import Server
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kurto_service.calls import CallGuard
from kurto_service.errors import Draining
from kurto_service.exceptions import Unavailable
from kurto_service.health import Health, HealthServicer
from kurto_service.reflection import add_v1, add_v1alpha, reflection_servicer

__all__ = [
    "AddServicer",
    "BindError",
    "MethodTable",
    "add_standard_services",
    "bind",
    "create_server",
    "server_options",
]

AddServicer = Callable[[Any, Any], None]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in the stubs only
_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
# The transport's limits are twice the service's, so that the usual mistake is answered by the call
# guard, with a reason, and only a gross one by the transport.
_SLACK_FACTOR = 2
_PUBLIC_CALLS = 2048  # health must answer while the service is at its limit


class BindError(Exception):
    """An address cannot be listened on."""


def server_options(max_message_bytes: int) -> list[tuple[str, int]]:
    """Return channel arguments of a server behind Envoy.

    Parameters
    ----------
    max_message_bytes : int
        Largest message that a service means to accept, in bytes.
    """
    return [
        # A second process on the same port must fail, not share it silently.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", _SLACK_FACTOR * max_message_bytes),
        ("grpc.max_send_message_length", _SLACK_FACTOR * max_message_bytes),
        # HTTP/2's usual 1024 would hang the next stream without a word.
        ("grpc.max_concurrent_streams", 100_000),
        # When more than 1000 calls arrive faster than Python takes them up, gRPC cancels some at
        # random: all sensors of a site that connect again at once, say. The call guard refuses
        # surplus calls with a reason instead.
        ("grpc.server.max_pending_requests", 20_000),
        ("grpc.server.max_pending_requests_hard_limit", 40_000),
        # Notice dead peers in seconds; ping_timeout is a setting of its own beside keepalive's.
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.ping_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # Below the interval at which Envoy pings us, else idle streams die of "too many pings".
        ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ]


class MethodTable(grpc.GenericRpcHandler):
    """All methods of a server, each within the call guard.

    The table is attached to the server before it starts and filled while the process is being
    wired, so that health answers (NOT_SERVING) from the first moment. Generated
    ``add_XServicer_to_server`` functions take it in place of a server.

    Parameters
    ----------
    guard : CallGuard
        Wrapped around every method.
    """

    def __init__(self, guard: CallGuard) -> None:
        self._guard = guard
        self._methods: dict[str, Handler] = {}
        self._open = False
        self._refusal = guard.wrap("(starting)", _handler(_refuse_starting), public=True)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        """Return the guarded handler of a call, or None for UNIMPLEMENTED."""
        method: Any = handler_call_details.method
        name = method.decode() if isinstance(method, bytes) else method
        handler = self._methods.get(name)
        if handler is not None and (self._open or name.startswith(f"/{_HEALTH}/")):
            return handler
        return None if self._open else self._refusal

    def open(self) -> None:
        """Let calls in; until then they are answered UNAVAILABLE."""
        self._open = True

    def close(self) -> None:
        """Answer new calls UNAVAILABLE from now on; those in progress go on."""
        self._open = False
        self._refusal = self._guard.wrap("(draining)", _handler(_refuse_draining), public=True)

    def add(self, add_fn: AddServicer, servicer: object, *, public: bool = False) -> None:
        """Register `servicer` with the generated function `add_fn`.

        Raises
        ------
        TypeError
            When one of its methods declares no role with ``@requires``.
        """
        recorder = _Recorder()
        add_fn(servicer, recorder)
        for method, handler in recorder.handlers.items():
            self._methods[method] = self._guard.wrap(method, handler, public=public)

    @property
    def methods(self) -> frozenset[str]:
        """Full names of all methods, such as ``/kurto.ingest.v1.IngestService/Push``."""
        return frozenset(self._methods)


class _Recorder:
    """Stands in for a server while generated code registers a servicer."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Ignored: it carries the same handlers without a readable name."""

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: Mapping[str, Handler]
    ) -> None:
        for name, handler in method_handlers.items():
            self.handlers[f"/{service_name}/{name}"] = handler


async def _refuse_starting(requests: object, context: object) -> object:
    raise Unavailable("The service is still starting: retry in a moment.", retry_after_s=0.5)


async def _refuse_draining(requests: object, context: object) -> object:
    raise Draining(retry_after_s=0.5)


def _handler(behavior: Any) -> Handler:
    return grpc.stream_unary_rpc_method_handler(behavior)  # fits a call of any arity that fails


def add_standard_services(table: MethodTable, health: Health, services: Iterable[str]) -> None:
    """Register health and reflection; neither asks for a token."""
    table.add(health_pb2_grpc.add_HealthServicer_to_server, HealthServicer(health), public=True)
    reflected = reflection_servicer((*services, _HEALTH))
    for add_fn in (add_v1, add_v1alpha):
        table.add(add_fn, reflected, public=True)


def create_server(
    table: MethodTable, *, max_message_bytes: int, max_concurrent_calls: int
) -> Server:
    """Return a server that answers with the methods of `table`; not bound, not started."""
    return grpc.aio.server(
        handlers=(table,),
        options=server_options(max_message_bytes),
        maximum_concurrent_rpcs=max_concurrent_calls + _PUBLIC_CALLS,
    )


def bind(server: Server, host: str, port: int) -> int:
    """Listen on `host` and `port` and return the port bound.

    Raises
    ------
    BindError
        When another process listens there, or the address is not of this machine.
    """
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        return server.add_insecure_port(address)
    except RuntimeError as error:
        raise BindError(f"cannot listen on {address} ({error})") from error
