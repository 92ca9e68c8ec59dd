"""Free ports, and who holds a taken one."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kurto_cli.stack import ports
from kurto_cli.stack.exceptions import StackError


@pytest.fixture
def taken() -> Iterator[int]:
    server = socket.create_server(("127.0.0.1", 0))
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def test_free_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    found = ports.free_ports("127.0.0.1", 50)
    assert len(set(found)) == 50
    assert max(found) < ports.ephemeral_floor()
    assert all(ports.is_free("127.0.0.1", port) for port in found)


def test_a_taken_port_is_refused_by_the_name_of_its_process(taken: int) -> None:
    name = Path("/proc/self/comm").read_text().strip()
    with pytest.raises(StackError) as refusal:
        ports.require_free("127.0.0.1", taken, option="--http-port")
    message = str(refusal.value)
    assert f"port {taken} is in use by {name} (pid {os.getpid()})" in message
    assert "--http-port" in message


def test_a_port_that_nobody_listens_on_has_no_holder(free_port: int) -> None:
    assert ports.holder_of(free_port) is None
    ports.require_free("127.0.0.1", free_port, option="--http-port")
