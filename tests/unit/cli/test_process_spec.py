"""The order of the stack's processes."""

from pathlib import Path

import pytest

from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.probes import always
from kurto_cli.stack.process_spec import ProcessSpec, require_order


def spec(name: str, *after: str) -> ProcessSpec:
    return ProcessSpec(name, ("true",), always, {}, Path("/"), after)


def test_a_process_may_wait_for_those_before_it() -> None:
    require_order([spec("a"), spec("b", "a"), spec("c", "a", "b")])


@pytest.mark.parametrize(
    ("specs", "problem"),
    [
        ([spec("a", "b"), spec("b")], "'a' waits for 'b'"),
        ([spec("a", "a")], "'a' waits for 'a'"),
        ([spec("a", "x")], "'a' waits for 'x'"),
        ([spec("a"), spec("a")], "two processes are called 'a'"),
    ],
)
def test_an_order_that_never_starts_is_refused(specs: list[ProcessSpec], problem: str) -> None:
    with pytest.raises(StackError, match=problem):
        require_order(specs)
