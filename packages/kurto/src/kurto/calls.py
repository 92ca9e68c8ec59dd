"""Await a call and translate its failure."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import grpc

from kurto.exceptions import from_rpc_error

Response = TypeVar("Response")


async def answer(call: Awaitable[Response]) -> Response:
    """Return the response of a unary call.

    Raises
    ------
    CallError
        If the call failed.
    """
    try:
        return await call
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error
