"""Fixtures of the drills: the book of what was measured, the scale, the load."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.conftest import RunningStack
from tests.faults.rig.calibration import Capacity, measure_capacity
from tests.faults.rig.report import DrillBook
from tests.faults.rig.scale import Scale, scale_of_environment


@pytest.fixture(scope="session")
def scale() -> Scale:
    """How large and long the drills are."""
    return scale_of_environment()


BOOK = pytest.StashKey[DrillBook]()
_DRILLS_BEFORE = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def book(request: pytest.FixtureRequest, scale: Scale) -> Iterator[DrillBook]:
    """Takes what drills measured; a table at the end, and ``faults.json`` after full drills."""
    book = request.config.stash.setdefault(BOOK, DrillBook())
    yield book
    if scale.full:
        book.write(Path(os.environ.get("KURTO_FAULTS_FILE", "faults.json")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note drills that break before anything is measured: they must not vanish from the table."""
    report = yield
    book = item.config.stash.get(BOOK, None)
    noted = book is not None and len(book.drills) > item.stash.get(_DRILLS_BEFORE, 0)
    is_drill = isinstance(item, pytest.Function) and "book" in item.fixturenames
    if report.failed and book is not None and is_drill and not noted:
        book.fail(item.nodeid, report.longreprtext.strip().rpartition("\n")[2])
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember how many drills there were before a test."""
    book = item.config.stash.get(BOOK, None)
    item.stash[_DRILLS_BEFORE] = len(book.drills) if book is not None else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave drills that cannot be short to ``make faults``."""
    if scale_of_environment().full:
        return
    left = [item for item in items if item.get_closest_marker("full_drill")]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table of drills."""
    if book := config.stash.get(BOOK, None):
        terminalreporter.section("drills")
        for line in book.table():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def capacity(stack: RunningStack, book: DrillBook) -> Capacity:
    """What a sensor costs on this machine, measured once."""
    ready = stack.ready
    measuring = measure_capacity(urlsplit(ready["http"]).netloc)
    with ThreadPoolExecutor(1) as executor:  # the drill that asks first has a loop running
        found = executor.submit(asyncio.run, measuring).result()
    book.capacity = str(found)
    return found


SensorCount = Callable[..., int]


@pytest.fixture
def sensor_count(scale: Scale, request: pytest.FixtureRequest) -> SensorCount:
    """Tells how many sensors a load has: ``sensor_count(busy=0.7, short=4)``.

    Full drills get as many as keep the machine busy to the given share, short ones a few.
    """

    def count(*, busy: float = 0.7, short: int = 4) -> int:
        if scale.fixed_sensors is not None:
            return scale.fixed_sensors
        if not scale.full:
            return short
        capacity: Capacity = request.getfixturevalue("capacity")
        return capacity.sensors(busy)

    return count
