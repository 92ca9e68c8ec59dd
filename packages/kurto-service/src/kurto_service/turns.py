"""Long work in the event loop, in pieces between which others get their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["in_turns"]

_In = TypeVar("_In")
_Out = TypeVar("_Out")


async def in_turns(
    function: Callable[[_In], _Out], items: Iterable[_In], *, per_turn: int = 20
) -> list[_Out]:
    """Return ``[function(item) for item in items]``, pausing now and then.

    Parameters
    ----------
    function : callable
        Quick: some tenths of a millisecond at most.
    items : iterable
        Its arguments.
    per_turn : int
        Items after which the event loop may do something else.
    """
    found: list[_Out] = []
    for number, item in enumerate(items, 1):
        found.append(function(item))
        if number % per_turn == 0:
            await asyncio.sleep(0)
    return found
