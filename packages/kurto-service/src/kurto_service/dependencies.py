"""Waiting, while a process starts, for the parts that it depends on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError

from kurto_service.clock import Clock
from kurto_service.errors import is_unavailable

__all__ = ["DependencyRefused", "DependencyTimeout", "wait_until_up"]

_LOG = logging.getLogger(__name__)
_RETRY_INTERVAL_S = 0.5
_REFUSALS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.exceptions.ClientConfigurationError,
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
)
ValueT = TypeVar("ValueT")


class DependencyTimeout(Exception):
    """A dependency did not come up while the process was starting."""


class DependencyRefused(Exception):
    """A dependency is there but will not do: waiting does not help."""


async def wait_until_up(
    name: str, attempt: Callable[[], Awaitable[ValueT]], *, clock: Clock, timeout_s: float
) -> ValueT:
    """Repeat ``attempt()`` until the dependency is up, and return its result.

    Parameters
    ----------
    name : str
        The dependency, as logs call it.
    attempt : async callable
        Connects; bounded by itself.
    clock : Clock
        Paces the attempts.
    timeout_s : float
        Seconds after which no further attempt is made.

    Raises
    ------
    DependencyTimeout
        When it stayed away, with the last problem.
    DependencyRefused
        At once when address, credentials or version are wrong.
    """
    deadline = clock.monotonic() + timeout_s
    while True:
        try:
            return await attempt()
        except DependencyRefused:
            raise
        except _REFUSALS as error:
            raise DependencyRefused(
                f"{name} refuses the connection ({error}): check the address and credentials "
                "in KURTO_POSTGRES_DSN or KURTO_VALKEY_URL"
            ) from error
        except Exception as error:
            if not (isinstance(error, TimeoutError) or is_unavailable(error)):
                raise
            problem = str(error) or type(error).__name__
            if clock.monotonic() >= deadline:
                raise DependencyTimeout(
                    f"{name} did not come up within {timeout_s:g} s "
                    f"(KURTO_STARTUP_TIMEOUT_S): {problem}"
                ) from error
        extra = {"action": "dependency_wait", "dependency": name, "problem": problem}
        _LOG.info("Waiting for a dependency", extra=extra)
        await clock.sleep(_RETRY_INTERVAL_S)
