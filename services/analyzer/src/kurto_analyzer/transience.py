"""Which failures of PostgreSQL pass by themselves."""

from __future__ import annotations

import asyncpg

from kurto_service.errors import is_unavailable
from kurto_service.exceptions import KurtoError

__all__ = ["is_transient"]

# SQLSTATE classes of conditions that pass: connection, resources, locks, operator, system.
_TRANSIENT_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})


def is_transient(error: Exception) -> bool:
    """Tell whether the same statements may succeed later.

    Examples
    --------
    >>> is_transient(asyncpg.DeadlockDetectedError("deadlock"))
    True
    >>> is_transient(asyncpg.UndefinedColumnError("no such column"))
    False
    """
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "")[:2] in _TRANSIENT_CLASSES or is_unavailable(error)
    return isinstance(error, (TimeoutError, KurtoError)) or is_unavailable(error)
