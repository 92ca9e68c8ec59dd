"""What can go wrong, as Python exceptions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import grpc
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "kurto"
STATUS_DETAILS_KEY = "grpc-status-details-bin"

RETRYABLE_CODES = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


# What to change, where the service has not said it: proxies and other servers don't.
_HINTS = {
    grpc.StatusCode.UNAVAILABLE: "is kurto running at this host:port, with TLS or without?",
    grpc.StatusCode.UNIMPLEMENTED: "check the address: no kurto service of this version is there",
    grpc.StatusCode.UNAUTHENTICATED: "give connect() a valid token, or a function that returns one",
    grpc.StatusCode.PERMISSION_DENIED: "the token lacks the role; sending needs the role sensor",
}


class KurtoError(Exception):
    """Any error of this package."""


class CallError(KurtoError):
    """A call was refused or broke.

    Parameters
    ----------
    message : str
        What the service said, or what happened to the connection.
    code : grpc.StatusCode
        Status of the call.
    reason : str
        Name of a ``kurto.errors.v1.ErrorReason`` value without its prefix; empty when the service
        gave none, as with broken connections.
    metadata : Mapping[str, str]
        Variables of the message, such as ``sensor_id``.
    retry_after_s : float or None
        How long the service asks to wait, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.retry_after_s = retry_after_s

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.code in RETRYABLE_CODES or self.reason == "STALE_FENCE"


class ConfigurationMismatchError(KurtoError):
    """The sensor exists with another configuration than the caller gives."""


class NotDurableError(KurtoError):
    """Samples were not acknowledged in time; the message says what becomes of them."""


class BufferFullError(KurtoError):
    """The buffer is full of samples that are not acknowledged."""


class BufferDirectoryError(KurtoError):
    """The directory of the disk buffer cannot be used; the message says why."""


class StreamClosedError(KurtoError):
    """The stream is closed; open the sensor again."""


def from_rpc_error(error: grpc.RpcError | asyncio.InvalidStateError) -> CallError:
    """Translate what grpc.aio raises.

    grpc.aio raises ``asyncio.InvalidStateError`` for most writes on a broken stream; that is a lost
    connection like any other.
    """
    if not isinstance(error, grpc.aio.AioRpcError):
        message = f"The connection broke while sending ({type(error).__name__})."
        return CallError(message, code=grpc.StatusCode.UNAVAILABLE)
    info, retry_after_s = _details(error)
    message = error.details() or error.code().name
    if info is None and (hint := _HINTS.get(error.code())):
        message = f"{message} ({hint})"
    return CallError(
        message,
        code=error.code(),
        reason=info.reason if info else "",
        metadata=dict(info.metadata) if info else None,
        retry_after_s=retry_after_s,
    )


def _details(
    error: grpc.aio.AioRpcError,
) -> tuple[error_details_pb2.ErrorInfo | None, float | None]:
    status = status_pb2.Status()
    for key, value in error.trailing_metadata():
        if key == STATUS_DETAILS_KEY and isinstance(value, bytes):
            status.ParseFromString(value)
    found: error_details_pb2.ErrorInfo | None = None
    retry_after_s: float | None = None
    for detail in status.details:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            found = info
        elif detail.Unpack(retry):
            retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
    return found, retry_after_s
