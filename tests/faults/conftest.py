"""Collects what the fault tests measure: a table at the end, and ``faults.json``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from tests.faults.checker import Verdict
from tests.faults.load import Load, Pushed


@dataclass(frozen=True)
class Drill:
    """One fault under load.

    Parameters
    ----------
    id : str
        Number of the promise.
    promise, load, fault, measured : str
        In words.
    passed : bool
        Whether the promise was kept.
    """

    id: str
    promise: str
    load: str
    fault: str
    measured: str
    passed: bool

    def as_json(self) -> dict[str, object]:
        """Return the entry of ``faults.json``."""
        entry = asdict(self)
        entry["pass"] = entry.pop("passed")
        return entry


Report = Callable[..., None]


@pytest.fixture(scope="session")
def drills(request: pytest.FixtureRequest) -> Iterator[list[Drill]]:
    """The drills of this session."""
    done: list[Drill] = []
    yield done
    entries = [drill.as_json() for drill in done]
    Path("faults.json").write_text(json.dumps(entries, indent=1) + "\n")
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line("")
        for drill in done:
            result = "pass" if drill.passed else "FAIL"
            reporter.write_line(f"{drill.id:>3} {result}  {drill.fault}: {drill.measured}")


@pytest.fixture
def report(drills: list[Drill]) -> Report:
    """Notes a drill and fails the test if the promise was broken."""

    def note(
        number: str, promise: str, *, load: Load, fault: str, verdict: Verdict, pushed: list[Pushed]
    ) -> None:
        reconnections = sum(one.reconnect_count for one in pushed)
        lag_s = max(one.longest_lag_s for one in pushed)
        measured = f"{verdict}; {reconnections} reconnections, longest lag {lag_s:.1f} s"
        drills.append(Drill(number, promise, str(load), fault, measured, verdict.flawless))
        assert verdict.flawless, measured

    return note
