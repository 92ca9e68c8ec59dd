"""Which failures of a commit pass by themselves."""

from __future__ import annotations

import asyncpg

from kurto_ingest.space.exceptions import PartitionLostError
from kurto_service.errors import is_unavailable
from kurto_service.exceptions import ResourceExhausted

__all__ = ["is_transient"]

_TRANSIENT = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.UndefinedTableError,  # somebody drops the partition, again and again
    PartitionLostError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # this process stood still in the middle
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.CrashShutdownError,
    ResourceExhausted,
    TimeoutError,
)


def is_transient(error: BaseException) -> bool:
    """Tell whether `error` says "not now".

    Anything else says that the rows of some stream cannot be stored at all.
    """
    return is_unavailable(error) or isinstance(error, _TRANSIENT)
