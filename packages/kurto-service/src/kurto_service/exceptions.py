"""Errors that a caller can act on; raised anywhere, mapped to gRPC at the edge.

This module imports no gRPC, so pure domain modules may define and raise these errors. A subclass
names its gRPC status and its machine-readable reason as class attributes, and its docstring is the
default message::

    class SensorNotFound(NotFound):
        \"\"\"Sensor {sensor_id} is not registered: create it with CreateSensor.\"\"\"

        reason = "SENSOR_NOT_FOUND"

    raise SensorNotFound(sensor_id="pump-7")
"""

from __future__ import annotations

import inspect
from typing import ClassVar

__all__ = [
    "Aborted",
    "AlreadyExists",
    "FailedPrecondition",
    "InvalidArgument",
    "KurtoError",
    "NotFound",
    "PermissionDenied",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
]


class KurtoError(Exception):
    """The request failed.

    Parameters
    ----------
    message : str, optional
        What went wrong and what to change. The default is the first paragraph of the subclass's
        docstring, in which ``{name}`` stands for the metadata value ``name``.
    retry_after_s : float, optional
        Seconds after which the same request may succeed; sent as ``google.rpc.RetryInfo``.
    **metadata : object
        Facts for machines, sent as strings in ``google.rpc.ErrorInfo.metadata``.

    Attributes
    ----------
    status : str
        Name of the gRPC status, such as ``"INVALID_ARGUMENT"``.
    reason : str
        Name of a ``kurto.errors.v1.ErrorReason`` value without its ``ERROR_REASON_`` prefix.
    """

    status: ClassVar[str] = "INTERNAL"
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        **metadata: object,
    ) -> None:
        self.metadata: dict[str, str] = {key: str(value) for key, value in metadata.items()}
        self.retry_after_s = retry_after_s
        self.message = self._default_message() if message is None else message
        super().__init__(self.message)

    def _default_message(self) -> str:
        paragraph = (inspect.getdoc(type(self)) or type(self).__name__).split("\n\n")[0]
        text = " ".join(paragraph.split())
        try:
            return text.format_map(self.metadata)
        except (KeyError, ValueError, IndexError):
            return text  # an error must never fail to be raised


class InvalidArgument(KurtoError):
    """The request holds a value that is not allowed."""

    status = "INVALID_ARGUMENT"
    reason = "INVALID_FIELD"


class NotFound(KurtoError):
    """The named resource does not exist.

    Subclass it with the reason that names the kind of resource.
    """

    status = "NOT_FOUND"
    reason = "INVALID_FIELD"


class AlreadyExists(KurtoError):
    """A resource of that name exists already."""

    status = "ALREADY_EXISTS"
    reason = "ALREADY_EXISTS"


class FailedPrecondition(KurtoError):
    """The resource is not in a state that allows this request.

    Subclass it with the reason that names the state.
    """

    status = "FAILED_PRECONDITION"
    reason = "INVALID_FIELD"


class Aborted(KurtoError):
    """A concurrent change won: read the resource again and repeat the request."""

    status = "ABORTED"
    reason = "CONCURRENT_CHANGE"


class ResourceExhausted(KurtoError):
    """A limit of the service is reached: slow down and retry later."""

    status = "RESOURCE_EXHAUSTED"
    reason = "OVERLOADED"


class Unavailable(KurtoError):
    """The service cannot answer at the moment: retry later."""

    status = "UNAVAILABLE"
    reason = "DEPENDENCY_UNAVAILABLE"


class Unauthenticated(KurtoError):
    """The call carries no valid token: send the metadata 'authorization: Bearer <token>'."""

    status = "UNAUTHENTICATED"
    reason = "UNAUTHENTICATED"


class PermissionDenied(KurtoError):
    """The caller's roles do not allow this call."""

    status = "PERMISSION_DENIED"
    reason = "ROLE_REQUIRED"
