"""The processes of a measurement: those that push, and the bare server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psutil

from benchmarks.raw.load_process import Plan, as_argument

_STOP_TIMEOUT_S = 10.0


class LoadProcess:
    """One process that pushes.

    Parameters
    ----------
    plan : Plan
        What it does.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.raw.load_process", as_argument(plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> dict[str, Any]:
        """Wait for its next line.

        Raises
        ------
        RuntimeError
            If it ended instead; what happened stands on its standard error.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a load process ended with {self._process.wait()}")
        report: dict[str, Any] = json.loads(line)
        return report

    def go(self, start_s: float = 0.0) -> None:
        """Let it do its next step, a paced one from the monotonic time `start_s` on."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{start_s}\n")
        self._process.stdin.flush()

    @property
    def cpu_s(self) -> float:
        """CPU time that it has used."""
        return cpu_s(self._process.pid)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_STOP_TIMEOUT_S)


@contextmanager
def load(plans: Sequence[Plan]) -> Iterator[list[LoadProcess]]:
    """Start processes for `plans`; they have opened their sensors and wait."""
    with ExitStack() as stack:
        processes = []
        for plan in plans:
            processes.append(LoadProcess(plan))
            stack.callback(processes[-1].stop)
        for process in processes:
            process.answer()
        yield processes


@contextmanager
def bare_server() -> Iterator[tuple[str, int]]:
    """Run the server that only parses; yields its address and its process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.raw.bare_server"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"the bare server ended with {process.wait()}")
        yield f"127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(_STOP_TIMEOUT_S)


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, in seconds."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
