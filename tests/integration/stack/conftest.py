"""A stack that asks for tokens, shared by the tests that need one."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import running_stack

from kurto_service.tokens import hash_token

ENTRY = '[[tokens]]\nsha256 = "{}"\nprincipal = "{}"\nroles = ["{}"]\n'
ROLES = ("admin", "engineer", "viewer", "sensor")  # each role's token is its name


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A stack that asks for tokens; tests share it, so they use sensors of their own names."""
    directory = tmp_path_factory.mktemp("guarded")
    tokens = directory / "tokens.toml"
    tokens.write_text("".join(ENTRY.format(hash_token(role), role, role) for role in ROLES))
    environment = {
        "KURTO_TOKENS_FILE": str(tokens),
        "KURTO_SERVICE_TOKEN": "admin",
        "KURTO_ANALYZER_SAMPLE_READ_TIMEOUT_S": "3",
    }
    with running_stack(directory, environment=environment) as stack:
        yield stack
