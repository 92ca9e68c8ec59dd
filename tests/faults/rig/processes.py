"""Processes of a stack: what they use, and faults that befall them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import psutil

MIB = 2**20
_INTERVAL_S = 0.1


@dataclass(frozen=True)
class Sample:
    """What one process used at one moment.

    Parameters
    ----------
    at_s : float
        When, on the monotonic clock.
    pid : int
        Process id.
    rss_bytes : int
        Resident memory.
    descriptor_count : int
        Open file descriptors.
    """

    at_s: float
    pid: int
    rss_bytes: int
    descriptor_count: int


@dataclass
class Usage:
    """What one process used over time; restarts begin a new process id.

    Parameters
    ----------
    samples : list of Sample
        Ascending in time.
    """

    samples: list[Sample] = field(default_factory=list)

    @property
    def largest_rss_bytes(self) -> int:
        """Largest resident memory."""
        return max(sample.rss_bytes for sample in self.samples)

    @property
    def rss_growth_bytes(self) -> int:
        """Largest resident memory above the first that was seen."""
        return self.largest_rss_bytes - self.samples[0].rss_bytes

    def growth_since(self, at_s: float) -> int:
        """Return the largest resident memory after a moment above that at the moment, in bytes."""
        before = [one.rss_bytes for one in self.samples if one.at_s <= at_s]
        after = [one.rss_bytes for one in self.samples if one.at_s > at_s]
        return max(after) - before[-1]


@asynccontextmanager
async def usage(*pids: Callable[[], int]) -> AsyncIterator[list[Usage]]:
    """Sample processes until the block ends; each is named by a function, for ids change.

    Yields
    ------
    list of Usage
        In the order of the arguments.
    """
    seen = [Usage() for _ in pids]

    async def look() -> None:
        while True:
            for one, pid in zip(seen, pids, strict=True):
                _look(one, pid)
            await asyncio.sleep(_INTERVAL_S)

    task = asyncio.create_task(look())
    try:
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _look(into: Usage, pid: Callable[[], int]) -> None:
    with contextlib.suppress(psutil.Error, OSError, ValueError, KeyError):
        process = psutil.Process(pid())
        into.samples.append(
            Sample(time.monotonic(), process.pid, process.memory_info().rss, process.num_fds())
        )


class MachineMeter:
    """Measures how busy the cores are that this process may use, by all processes in sight.

    From the processes' own clocks: the kernel's tick counts what sleeps by timers at half.
    """

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._before_s = _all_seconds()

    def share(self) -> float:
        """Return the share, 0 to 1, that was used since the meter was made."""
        wall_s = (time.monotonic() - self._started_s) * len(os.sched_getaffinity(0))
        return (_all_seconds() - self._before_s) / wall_s if wall_s else 0.0


def _all_seconds() -> float:
    """Return the CPU time of all processes, with those that they have waited for."""
    return sum(
        sum(process.info["cpu_times"][:4])
        for process in psutil.process_iter(["cpu_times"])
        if process.info["cpu_times"] is not None
    )


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its living descendants, in seconds; 0 if it ended."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0.0
    for one in family:
        with contextlib.suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system
    return total


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process (SIGSTOP) for the duration of the block; it goes on afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
