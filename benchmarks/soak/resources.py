"""What every process of the stack holds: memory, file descriptors, threads, asyncio tasks."""

from __future__ import annotations

import contextlib
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

_TASKS = re.compile(r"^kurto_process_asyncio_tasks ([0-9.e+]+)$", re.MULTILINE)
_MIB = 2**20
PARENTS = ("kurto up", "senders")
"""Their children are looked at by themselves."""
QUANTITIES = ("memory_mib", "file_descriptors", "threads", "asyncio_tasks")


@dataclass(frozen=True)
class Usage:
    """What one process and its children hold.

    Parameters
    ----------
    pid : int
        The process.
    memory_mib : float
        Resident memory. Of PostgreSQL the anonymous part of all its processes, since each maps
        the shared buffers.
    file_descriptors, threads : int
        Open and running.
    asyncio_tasks : int or None
        Of services only.
    """

    pid: int
    memory_mib: float
    file_descriptors: int
    threads: int
    asyncio_tasks: int | None

    def quantity(self, name: str) -> float | None:
        """Return one of `QUANTITIES`."""
        value: float | None = getattr(self, name)
        return value


def look(pids: Mapping[str, int | None], metrics: Mapping[str, str]) -> dict[str, Usage]:
    """Return what each process holds now; those that are just being restarted are left out."""
    usages = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.Error, OSError):
            if pid is not None:
                tasks = _asyncio_tasks(metrics[name]) if name in metrics else None
                usages[name] = _usage(name, pid, tasks)
    return usages


def _usage(name: str, pid: int, tasks: int | None) -> Usage:
    memory = descriptors = threads = 0
    process = psutil.Process(pid)
    with process.oneshot():
        memory, descriptors = _memory_bytes(name, process), process.num_fds()
        threads = process.num_threads()
    for child in process.children(recursive=True) if name not in PARENTS else []:
        with contextlib.suppress(psutil.Error, OSError), child.oneshot():  # it may just have ended
            memory += _memory_bytes(name, child)
            descriptors += child.num_fds()
            threads += child.num_threads()
    return Usage(pid, memory / _MIB, descriptors, threads, tasks)


def _memory_bytes(name: str, process: psutil.Process) -> int:
    if name == "postgres":
        return _anonymous_bytes(process.pid)
    return int(process.memory_info().rss)


def _anonymous_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) * 1024
    return 0


def _asyncio_tasks(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5.0) as answer:
        found = _TASKS.search(answer.read().decode())
    if found is None:
        raise RuntimeError(f"{url} has no kurto_process_asyncio_tasks: is the service older?")
    return int(float(found.group(1)))
