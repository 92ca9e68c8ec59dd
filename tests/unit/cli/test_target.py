"""Where commands call."""

import pytest
import typer

from kurto_cli.target import with_port


@pytest.mark.parametrize("target", ["localhost", "localhost:", "localhost:http"])
def test_a_missing_port_is_said(target: str) -> None:
    with pytest.raises(typer.BadParameter, match="give HOST:PORT"):
        with_port(target)


def test_a_port_is_enough() -> None:
    assert with_port("[::1]:8080") == "[::1]:8080"
