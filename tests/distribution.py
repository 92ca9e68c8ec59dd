"""Which tests stay together, and in what order, when several processes run them.

``make test`` runs pytest with several workers (pytest-xdist), each with servers of its own. The
tests of a file stay together, for they share what their module starts. So do those that need the
whole stack for long: one of it is enough, and the drills that kill its members disturb nobody.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

ON_THE_STACK = ("tests/e2e/", "tests/faults/")
# What takes long starts first, so that no worker is left with it at the end.
LONG_FIRST = (
    *ON_THE_STACK,
    "tests/integration/stack/test_up.py",
    "tests/integration/gateway/",
    "tests/integration/",
    "tests/contract/",
    "tests/properties/",
)


class TogetherScheduling(LoadFileScheduling):
    """Gives a worker all tests of a file, or all that share the stack."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TogetherScheduling:
    """Distribute groups of tests."""
    return TogetherScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long tests first if workers run them; every worker has to see the same order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: turn_of(item.nodeid))


def group_of(nodeid: str) -> str:
    """Return the name of the group whose tests one worker runs."""
    return "stack" if nodeid.startswith(ON_THE_STACK) else nodeid.partition("::")[0]


def turn_of(nodeid: str) -> int:
    """Return a number that is smaller for tests which start earlier."""
    turns = (turn for turn, start in enumerate(LONG_FIRST) if nodeid.startswith(start))
    return next(turns, len(LONG_FIRST))
