"""What a caller of the gateway can do wrong, or must wait for."""

from __future__ import annotations

from kurto_service.exceptions import InvalidArgument, ResourceExhausted, Unavailable

__all__ = ["ClientTooSlow", "Draining", "InvalidCursor", "InvalidField", "TooManySubscribers"]


class InvalidField(InvalidArgument):
    """The field {field} is out of range."""

    reason = "INVALID_FIELD"


class InvalidCursor(InvalidArgument):
    """The cursor is not one of this service: give back the last one unchanged, or none."""

    reason = "INVALID_CURSOR"


class TooManySubscribers(ResourceExhausted):
    """The gateway serves {limit} live clients already: try again later, or close some."""

    reason = "TOO_MANY_SUBSCRIBERS"


class ClientTooSlow(ResourceExhausted):
    """The client took nothing for too long: connect again with the last cursor."""

    reason = "OVERLOADED"


class Draining(Unavailable):
    """The gateway is shutting down: connect again with the last cursor."""

    reason = "DRAINING"
