"""Requests from bytes, with a reason for those that are too large or malformed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from kurto_service.exceptions import InvalidArgument, ResourceExhausted

__all__ = ["MalformedMessage", "MessageTooLarge", "bounded_decoder"]

Decoder = Callable[[bytes], Any]


class MalformedMessage(InvalidArgument):
    """The bytes are not a message of this method: build both sides from the same protos."""


class MessageTooLarge(ResourceExhausted):
    """A message of {actual_bytes} bytes is over the limit of {limit_bytes}: send smaller ones."""

    reason = "MESSAGE_TOO_LARGE"


def bounded_decoder(decode: Decoder | None, limit_bytes: int) -> Decoder:
    """Return `decode` within a bound.

    Parameters
    ----------
    decode : callable, optional
        From bytes to a message; None keeps the bytes.
    limit_bytes : int
        Largest message that is decoded, in bytes.

    Returns
    -------
    callable
        Raises `MessageTooLarge` and `MalformedMessage`, which gRPC would report without a reason.
    """

    def bounded(data: bytes) -> Any:
        if len(data) > limit_bytes:
            raise MessageTooLarge(actual_bytes=len(data), limit_bytes=limit_bytes)
        if decode is None:
            return data
        try:
            return decode(data)
        except DecodeError:
            raise MalformedMessage() from None

    return bounded
