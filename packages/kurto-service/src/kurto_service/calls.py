"""The guard around every call: principal, role, errors, metrics and log, for all four arities.

Handlers are wrapped once, when a servicer is registered. The wrapper runs once per call and stays
out of the way of messages: request iterators are handed to the servicer untouched, and responses
are written by the same statements that grpc.aio itself would use.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import grpc
from google.rpc.status_pb2 import Status
from grpc.aio import AbortError, ServicerContext

from kurto_service.admission import CallsInProgress, QueryLine, has_own_line
from kurto_service.clock import Clock
from kurto_service.decoding import Decoder, bounded_decoder
from kurto_service.errors import Draining, InternalError, classify, rich_status
from kurto_service.exceptions import KurtoError
from kurto_service.identity import Role, acting_as, required_roles
from kurto_service.logs import FailureBudget
from kurto_service.metrics import RpcMetrics
from kurto_service.tokens import Authenticator

__all__ = ["CallGuard", "behavior_of"]

_LOG = logging.getLogger(__name__)
_LOGGED_PER_MINUTE = 10  # records per method and status
_CODES = {code.value[0]: code for code in grpc.StatusCode}
Context: TypeAlias = "ServicerContext[Any, Any]"  # generic in the stubs only
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Behavior: TypeAlias = Callable[[Any, Context], Any]


def behavior_of(handler: Handler) -> Behavior:
    """Return the servicer's function inside `handler`, whatever its arity."""
    behavior: Any = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    return cast("Behavior", behavior)


class CallGuard:
    """Wraps method handlers.

    Parameters
    ----------
    authenticator : Authenticator
        Turns the call's authorization metadata into a principal.
    metrics : RpcMetrics
        Counts calls by method and status.
    clock : Clock
        Measures latency.
    max_message_bytes : int
        Largest request message, in bytes.
    max_concurrent_calls : int
        Calls in progress beyond which new ones are refused.
    queries : QueryLine, optional
        Where queries wait for their turn: calls with one request and one response that viewers
        may make and sensors need not, but for those with a line of their own. Without it they
        don't wait.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        metrics: RpcMetrics,
        clock: Clock,
        *,
        max_message_bytes: int,
        max_concurrent_calls: int,
        queries: QueryLine | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._metrics = metrics
        self._clock = clock
        self._max_message_bytes = max_message_bytes
        self._queries = queries
        self._budget = FailureBudget(_LOGGED_PER_MINUTE)
        #: Calls that are not of health or reflection.
        self.in_progress = CallsInProgress(max_concurrent_calls)

    def wrap(self, method: str, handler: Handler, *, public: bool = False) -> Handler:
        """Return `handler` with the guard around its function.

        Parameters
        ----------
        method : str
            Full name, such as ``/kurto.ingest.v1.IngestService/Push``.
        handler : grpc.RpcMethodHandler
            What generated code registers.
        public : bool
            True for health and reflection, which ask for no token.

        Raises
        ------
        TypeError
            When the method declares no role.
        """
        behavior = behavior_of(handler)
        roles = required_roles(behavior)
        if roles is None and not public:
            raise TypeError(f"{method} declares no role: decorate it with @requires(...)")
        self._metrics.zero(method)
        run = self._streaming(behavior) if handler.response_streaming else behavior
        decode = bounded_decoder(handler.request_deserializer, self._max_message_bytes)
        if handler.request_streaming:
            guarded = self._guarded(method, run, None if public else roles, handler)
            return _with_behavior(handler, guarded, decode)
        # A single request is decoded inside the guard, so that a failure gets its reason.
        run = _decoding(run, decode)
        queued = _is_query(roles) and not (handler.response_streaming or has_own_line(behavior))
        if self._queries is not None and queued:
            run = _in_turn(run, self._queries)
        guarded = self._guarded(method, run, None if public else roles, handler)
        return _with_behavior(handler, guarded, None)

    def _guarded(
        self,
        method: str,
        run: Behavior,
        roles: tuple[Role, ...] | None,
        handler: Handler,
    ) -> Callable[[Any, Context], Awaitable[Any]]:
        in_progress = self._metrics.in_progress.labels(method)
        latency = self._metrics.latency.labels(method)
        timed = not (handler.request_streaming or handler.response_streaming)
        ok = self._metrics.calls.labels(method, "OK")

        async def call(request: Any, context: Context) -> Any:
            in_progress.inc()
            task = None
            started = self._clock.monotonic()
            try:
                if roles is not None:
                    task = self.in_progress.enter()
                response = await self._as_principal(run, roles, request, context)
                if _ended_ok(context):
                    ok.inc()
                else:
                    self._count(method, _CODES[_code(context)].name)
                return response
            except BaseException as error:
                await self._fail(method, error, context)
                raise
            finally:
                in_progress.dec()
                if task is not None:
                    self.in_progress.leave(task)
                if timed:
                    latency.observe(self._clock.monotonic() - started)

        return call

    async def _as_principal(
        self, run: Behavior, roles: tuple[Role, ...] | None, request: Any, context: Context
    ) -> Any:
        if roles is None:
            return await run(request, context)
        principal = self._authenticator.authenticate(_authorization(context))
        principal.require(*roles)
        with acting_as(principal):
            return await run(request, context)

    @staticmethod
    def _streaming(behavior: Behavior) -> Behavior:
        async def run(request: Any, context: Context) -> None:
            # A response-streaming function may be an async generator or a coroutine that writes.
            outcome = behavior(request, context)
            if not inspect.isasyncgen(outcome):
                await outcome
                return
            async with aclosing(outcome) as responses:
                async for response in responses:
                    await context.write(response)

        return run

    async def _fail(self, method: str, error: BaseException, context: Context) -> None:
        """Answer the call; returns only for errors that must go on unchanged."""
        if isinstance(error, AbortError):
            self._count(method, _CODES[_code(context)].name)
            return
        if self.in_progress.are_cut and isinstance(error, asyncio.CancelledError):
            error = Draining(retry_after_s=0.5)
        if not isinstance(error, Exception) or _caller_left(error, context):
            self._count(method, "CANCELLED")  # the caller left, or its deadline passed
            return
        known = classify(error)
        status = rich_status(known) if isinstance(known, KurtoError) else known
        code = _CODES[status.code]
        self._count(method, code.name)
        self._log(method, code, error, unexpected=isinstance(known, InternalError))
        await _abort(context, code, status)

    def _count(self, method: str, code: str) -> None:
        self._metrics.calls.labels(method, code).inc()

    def _log(
        self, method: str, code: grpc.StatusCode, error: Exception, *, unexpected: bool
    ) -> None:
        held_back = self._budget.admit(f"{method} {code.name}", self._clock.monotonic())
        if held_back is None:
            return
        extra = {"action": "call_failed", "method": method, "code": code.name, "error": str(error)}
        if held_back:
            extra["held_back"] = str(held_back)
        level = logging.ERROR if unexpected else logging.INFO
        _LOG.log(level, "Call failed", extra=extra, exc_info=error if unexpected else None)


async def _abort(context: Context, code: grpc.StatusCode, status: Status) -> None:
    details = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(code, status.message, trailing_metadata=details)


def _caller_left(error: Exception, context: Context) -> bool:
    # Reading or writing on a call that is over raises errors of grpc.aio's own.
    return isinstance(error, (grpc.aio.BaseError, asyncio.InvalidStateError)) and context.done()


def _code(context: Context) -> int:
    code: Any = context.code()
    return int(code.value[0]) if isinstance(code, grpc.StatusCode) else int(code or 0)


def _ended_ok(context: Context) -> bool:
    return not context.code()


def _authorization(context: Context) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("ascii", "replace")
    return None


def _decoding(run: Behavior, decode: Decoder) -> Behavior:
    def decoded(request: bytes, context: Context) -> Any:
        return run(decode(request), context)

    return decoded


def _is_query(roles: tuple[Role, ...] | None) -> bool:
    return roles is not None and "viewer" in roles and "sensor" not in roles


def _in_turn(run: Behavior, queries: QueryLine) -> Behavior:
    async def waited(request: bytes, context: Context) -> Any:
        async with queries.turn():
            return await run(request, context)

    return waited


def _with_behavior(
    handler: Handler, behavior: Callable[[Any, Context], Awaitable[Any]], decode: Decoder | None
) -> Handler:
    make: Callable[..., Handler] = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[bool(handler.request_streaming), bool(handler.response_streaming)]
    return make(behavior, decode, handler.response_serializer)
