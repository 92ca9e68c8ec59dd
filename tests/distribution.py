"""Which tests stay together, and in what order, when several processes run them.

``make test`` runs pytest with several workers (pytest-xdist), each with servers of its own. The
tests of a file stay together, for they share what their module starts. So do the tests of the page,
the drills, and those of `kurto up`, for one whole stack is enough for each: starting one takes
longer than most tests.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

ON_THE_STACK = ("tests/e2e/", "tests/faults/")
SHARING = {
    "the stack": ("tests/integration/stack/test_up.py", "tests/integration/stack/test_refusals.py"),
    "a stack with tokens": (
        "tests/integration/stack/test_reading_back.py",
        "tests/integration/stack/test_spectra.py",
    ),
}
# Drills that start a stack of their own, and tests of the drills' tools.
BY_THEMSELVES = (
    "tests/faults/test_calibration.py",
    "tests/faults/test_checker.py",
    "tests/faults/test_commit.py",
    "tests/faults/test_database_away.py",
    "tests/faults/test_proxy.py",
    "tests/faults/test_report.py",
)
# What takes long starts first, so that no worker is left with it at the end.
LONG_FIRST = (
    *ON_THE_STACK,
    *(start for starts in SHARING.values() for start in starts),
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
    if not nodeid.startswith(BY_THEMSELVES):
        for start in ON_THE_STACK:
            if nodeid.startswith(start):
                return start
    for name, starts in SHARING.items():
        if nodeid.startswith(starts):
            return name
    return nodeid.partition("::")[0]


def turn_of(nodeid: str) -> int:
    """Return a number that is smaller for tests which start earlier."""
    turns = (turn for turn, start in enumerate(LONG_FIRST) if nodeid.startswith(start))
    return next(turns, len(LONG_FIRST))
