"""Other machines are let in with tokens only."""

import pytest

from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.options import UpOptions, require_safe

TOKENS = {"KURTO_TOKENS_FILE": "tokens.toml"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_no_tokens(host: str) -> None:
    require_safe(UpOptions(host=host), {})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "plant.example"])
def test_other_machines_need_tokens(host: str) -> None:
    with pytest.raises(StackError, match="KURTO_TOKENS_FILE"):
        require_safe(UpOptions(host=host), {})
    require_safe(UpOptions(host=host), TOKENS | {"KURTO_SERVICE_TOKEN": "x"})


def test_tokens_need_one_for_the_services() -> None:
    with pytest.raises(StackError, match="KURTO_SERVICE_TOKEN"):
        require_safe(UpOptions(), TOKENS)


@pytest.mark.parametrize(
    ("host", "local"),
    [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("10.0.0.1", "10.0.0.1")],
)
def test_programs_of_this_machine_get_an_address_that_works(host: str, local: str) -> None:
    assert UpOptions(host=host).local_host == local
