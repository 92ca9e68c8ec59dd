"""From exceptions to gRPC statuses with one `google.rpc.ErrorInfo`, and back on the client."""

from __future__ import annotations

import math

import asyncpg
import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as ValkeyTimeoutError

from kurto_service.exceptions import Aborted, KurtoError, ResourceExhausted, Unavailable

__all__ = [
    "DOMAIN",
    "DependencyUnavailable",
    "Draining",
    "InternalError",
    "PoolExhausted",
    "classify",
    "error_info",
    "is_unavailable",
    "rich_status",
    "status_code",
]

DOMAIN = "kurto"
_DETAILS_KEY = "grpc-status-details-bin"
_RETRY_AFTER_S = 1.0
# The server said no to us, or the link to it broke. A statement that failed on a healthy server is
# a bug of ours and stays INTERNAL.
_POSTGRES_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # connections, disk or memory of the server
    asyncpg.ReadOnlySQLTransactionError,  # a replica, for as long as a fail-over takes
    asyncpg.InternalClientError,  # what asyncpg says when the link breaks between two statements
)
# An InterfaceError says in words alone that the link is gone: "connection is closed", "pool is
# closing", and of one whose loss the pool has noticed, "has been released back to the pool".
_LINK_IS_GONE = ("clos", "released back to the pool")
_POSTGRES_SLOW = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)
_VALKEY_AWAY = (ValkeyConnectionError, ValkeyTimeoutError, ReadOnlyError, OutOfMemoryError)


class DependencyUnavailable(Unavailable):
    """A part that this service depends on does not answer: retry in a moment."""

    reason = "DEPENDENCY_UNAVAILABLE"


class Draining(Unavailable):
    """The service is shutting down: retry in a moment."""

    reason = "DRAINING"


class PoolExhausted(ResourceExhausted):
    """All database connections are busy: retry with less concurrency."""

    reason = "OVERLOADED"


class InternalError(KurtoError):
    """The service failed unexpectedly; its log holds the cause."""

    status = "INTERNAL"
    reason = "INTERNAL"


def is_unavailable(error: BaseException) -> bool:
    """Tell whether `error` means that PostgreSQL, Valkey or another peer is away for now."""
    if isinstance(error, asyncpg.InterfaceError):
        return any(words in str(error) for words in _LINK_IS_GONE)
    return isinstance(error, (*_POSTGRES_AWAY, *_VALKEY_AWAY, OSError))


def classify(error: Exception) -> KurtoError | Status:
    """Return what the caller may know about `error`: nothing of a driver's own words.

    Parameters
    ----------
    error : Exception
        Whatever a handler raised.

    Returns
    -------
    KurtoError or google.rpc.status_pb2.Status
        A `Status` only when another kurto service had already answered with a rich one.
    """
    if isinstance(error, KurtoError):
        return error
    if isinstance(error, grpc.aio.AioRpcError):
        return _from_upstream(error)
    if isinstance(error, asyncpg.TransactionRollbackError):  # deadlock, serialization failure
        return Aborted(retry_after_s=0.0)
    if isinstance(error, (TimeoutError, *_POSTGRES_SLOW)):
        # A free connection, a lock or a statement took longer than its limit.
        message = "A dependency took too long: retry with less concurrency or a smaller range."
        return PoolExhausted(message, retry_after_s=_RETRY_AFTER_S)
    if is_unavailable(error):
        return DependencyUnavailable(retry_after_s=_RETRY_AFTER_S, dependency=_dependency(error))
    return InternalError()


def _dependency(error: Exception) -> str:
    if isinstance(error, _VALKEY_AWAY):
        return "valkey"
    return "network" if isinstance(error, OSError) else "postgresql"


def _from_upstream(error: grpc.aio.AioRpcError) -> KurtoError | Status:
    info = error_info(error)
    if info is not None and info.domain == DOMAIN:
        return _upstream_status(error) or InternalError()
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return DependencyUnavailable(retry_after_s=_RETRY_AFTER_S, dependency="service")
    return InternalError()


def rich_status(error: KurtoError) -> Status:
    """Return `error` as ``google.rpc.Status`` with one ErrorInfo, and RetryInfo if it names one."""
    info = ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    details: list[Message] = [info]
    if error.retry_after_s is not None:
        retry = RetryInfo()
        retry.retry_delay.FromNanoseconds(max(0, math.ceil(error.retry_after_s * 1e9)))
        details.append(retry)
    status = Status(code=status_code(error.status).value[0], message=error.message)
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def status_code(name: str) -> grpc.StatusCode:
    """Return the gRPC status called `name`, such as ``"INVALID_ARGUMENT"``."""
    return grpc.StatusCode[name]


def error_info(error: grpc.RpcError) -> ErrorInfo | None:
    """Return the ErrorInfo that a failed call carries, or None."""
    if not isinstance(error, grpc.aio.AioRpcError):
        return None
    status = _upstream_status(error)
    for detail in status.details if status else ():
        info = ErrorInfo()
        if detail.Unpack(info):
            return info
    return None


def _upstream_status(error: grpc.aio.AioRpcError) -> Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                return None
    return None
