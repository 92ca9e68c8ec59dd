"""Waiting for dependencies at start."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest
from redis.exceptions import AuthenticationError

from kurto_service.dependencies import DependencyRefused, DependencyTimeout, wait_until_up
from kurto_service.postgres import PostgresTooOld
from kurto_service.testing import FakeClock


class Dependency:
    """Raises each of `errors`, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.attempt_count = 0

    async def attempt(self) -> str:
        self.attempt_count += 1
        if self._errors:
            raise self._errors.pop(0)
        return "up"


async def outcome(dependency: Dependency, elapsed_s: float, timeout_s: float = 3.0) -> str:
    clock = FakeClock()
    waiting = asyncio.create_task(
        wait_until_up("postgresql", dependency.attempt, clock=clock, timeout_s=timeout_s)
    )
    await clock.advance(elapsed_s)
    return await asyncio.wait_for(waiting, 30.0)


async def test_attempts_go_on_until_it_is_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    dependency = Dependency(
        ConnectionRefusedError("no"), TimeoutError(), asyncpg.CannotConnectNowError("starting")
    )

    assert await outcome(dependency, 5.0) == "up"
    assert caplog.messages == ["Waiting for a dependency"] * 3


async def test_it_gives_up_with_the_last_problem() -> None:
    dependency = Dependency(*[ConnectionRefusedError("nobody listens")] * 100)

    with pytest.raises(DependencyTimeout, match=r"within 3 s .*TIMEOUT_S\): nobody listens"):
        await outcome(dependency, 60.0)
    assert dependency.attempt_count == 7  # every half second


@pytest.mark.parametrize(
    "make",
    [
        lambda: asyncpg.InvalidPasswordError("password authentication failed"),
        lambda: asyncpg.InvalidCatalogNameError("database does not exist"),
        lambda: AuthenticationError("WRONGPASS"),
        lambda: PostgresTooOld("PostgreSQL 9 is too old"),
    ],
)
async def test_what_waiting_cannot_help_is_told_at_once(make: Callable[[], Exception]) -> None:
    dependency = Dependency(make())

    with pytest.raises(DependencyRefused):
        await outcome(dependency, 0.0)
    assert dependency.attempt_count == 1


async def test_a_bug_is_not_waited_for() -> None:
    with pytest.raises(KeyError):
        await outcome(Dependency(KeyError("x")), 0.0)
