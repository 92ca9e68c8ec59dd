"""No test of this area may leave a task behind."""

from collections.abc import AsyncIterator

import pytest

from kurto_service.testing import no_leaked_tasks


@pytest.fixture(autouse=True)
async def _no_leaks() -> AsyncIterator[None]:
    async with no_leaked_tasks():
        yield
