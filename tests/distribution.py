"""Which tests stay together, and in what order, when several processes run them.

``make test`` runs pytest with several workers (pytest-xdist, ``--dist loadgroup``), each with
servers of its own. The tests of a file stay together, for they share what their module starts.
All tests on the shared stack stay together, for one of it is enough and some kill parts of it.
"""

import pytest

STACK = "stack"
# What takes long starts first, so that no worker is left with it at the end.
LONG_FIRST = ("tests/e2e/", "tests/faults/", "tests/integration/", "tests/contract/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group the tests and put the long ones first if workers run them."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=lambda item: _turn(item.nodeid))


def group_of(item: pytest.Item) -> str:
    """Return the name of the group whose tests one worker runs."""
    on_stack = STACK in getattr(item, "fixturenames", ())
    return STACK if on_stack else item.nodeid.partition("::")[0]


def _turn(node: str) -> int:
    turns = (turn for turn, start in enumerate(LONG_FIRST) if node.startswith(start))
    return next(turns, len(LONG_FIRST))
