"""Many files on several cores: results come in the order of the files, with bounded memory."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kurto_cli.analysis.file import FileJob, file_records
from kurto_cli.analysis.records import Record

_LOOK_S = 0.2

Progress = Callable[[int, float], None]
"""Told the place of a file and which part of it is done."""


def records_of(jobs: Sequence[FileJob], *, workers: int, progress: Progress) -> Iterator[Record]:
    """Yield the records of all files, file by file in the given order.

    Parameters
    ----------
    jobs : sequence of FileJob
    workers : int >= 1
        Processes; with one, or for one file, all happens in this process.
    progress : callable
        Told now and then how far the files are.

    Raises
    ------
    RuntimeError
        If a process was killed.
    """
    if workers == 1 or len(jobs) == 1:
        for place, job in enumerate(jobs):
            yield from file_records(job, _of_file(progress, place))
        return
    with tempfile.TemporaryDirectory(prefix="kurto-analyze-") as directory:
        yield from _parallel(jobs, min(workers, len(jobs)), progress, Path(directory))


def _of_file(progress: Progress, place: int) -> Callable[[float], None]:
    return lambda part: progress(place, part)


def _parallel(
    jobs: Sequence[FileJob], workers: int, progress: Progress, directory: Path
) -> Iterator[Record]:
    parts = np.memmap(directory / "parts", np.float64, "w+", shape=len(jobs))
    # Fresh processes: nothing of this one, such as open files or threads, is copied.
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        with _ignoring_interrupts():
            futures = [
                executor.submit(_work, job, directory, place, len(jobs))
                for place, job in enumerate(jobs)
            ]
        for place, future in enumerate(futures):
            _await(future, parts, progress)
            yield from _read(directory / str(place))
    except BrokenProcessPool:
        raise RuntimeError(
            "a process of the analysis was killed, perhaps for lack of memory; try --jobs 1"
        ) from None
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C: this one hears it, and ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_parent() -> None:
    """End this process when the first one is gone, however that ended."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(job: FileJob, directory: Path, place: int, count: int) -> None:
    """Analyse one file into a file of records."""
    parts = np.memmap(directory / "parts", np.float64, "r+", shape=count)

    def progress(part: float) -> None:
        parts[place] = part

    with (directory / str(place)).open("w", encoding="utf-8") as spool:
        for record in file_records(job, progress):
            spool.write(json.dumps(record, allow_nan=False))
            spool.write("\n")
    parts[place] = 1.0


def _await(future: Future[None], parts: npt.NDArray[np.float64], progress: Progress) -> None:
    while True:
        done, _ = wait([future], timeout=_LOOK_S)
        for place, part in enumerate(parts.tolist()):
            progress(place, part)
        if done:
            future.result()
            return


def _read(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8") as spool:
        for line in spool:
            yield json.loads(line)
    path.unlink()
