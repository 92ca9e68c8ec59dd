"""A stack of its own for a benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 40.0


@dataclass(frozen=True)
class LocalStack:
    """A running stack.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway without TLS.
    pids : Mapping[str, int]
        Process id by process name, as they were when it was ready.
    launcher_pid : int
        Process id of `kurto up`.
    ready_file : Path
        Where the stack says where it is.
    """

    target: str
    pids: Mapping[str, int]
    launcher_pid: int
    ready_file: Path

    def ready(self) -> dict[str, Any]:
        """Return what the stack says now: process ids change when something is restarted."""
        report: dict[str, Any] = json.loads(self.ready_file.read_text())
        return report

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU time that each process and its children have used, in seconds."""
        return {name: _cpu_s(pid) for name, pid in self.pids.items()}


@contextmanager
def local_stack(environment: Mapping[str, str] | None = None) -> Iterator[LocalStack]:
    """Run `kurto up` on free ports with an empty data directory.

    Parameters
    ----------
    environment : Mapping[str, str], optional
        Settings on top of those of the caller.

    Raises
    ------
    RuntimeError
        If it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="kurto-bench-") as directory:
        ready = Path(directory) / "ready.json"
        words = ["up", "--http-port", "0", "--tls-port", "0", "--ready-file", str(ready)]
        words += ["--data-dir", f"{directory}/data", "--log-dir", f"{directory}/logs"]
        command = [sys.executable, "-m", "kurto_cli", *words]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        try:
            report = _wait(ready, process)
            target = urlsplit(report["http"]).netloc
            yield LocalStack(target, report["pids"], process.pid, ready)
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


def _wait(ready: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if ready.exists():
            report: dict[str, Any] = json.loads(ready.read_text())
            return report
        if process.poll() is not None:
            raise RuntimeError(
                f"kurto up ended with {process.returncode}; run it by hand to see why"
            )
        time.sleep(0.1)
    raise RuntimeError(f"kurto up was not ready within {START_TIMEOUT_S:g} s")


def _cpu_s(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system
    return total
