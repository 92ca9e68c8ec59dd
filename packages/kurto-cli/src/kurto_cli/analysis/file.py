"""One file from its name to its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.analysis.options import AnalysisOptions
from kurto_cli.analysis.records import Record, summary_records, window_records
from kurto_cli.analysis.summary import Summariser
from kurto_cli.analysis.task import AnalysisTask, prepare
from kurto_cli.analysis.windows import analysed_windows
from kurto_cli.recordings.exceptions import one_line

Progress = Callable[[float], None]
"""Told which part of a file is done, from 0 to 1."""


@dataclass(frozen=True)
class FileJob:
    """One file and what is wanted of it.

    Parameters
    ----------
    path : Path
    options : AnalysisOptions
    picture : Path, optional
        Where to draw its picture.
    """

    path: Path
    options: AnalysisOptions
    picture: Path | None = None


def file_records(job: FileJob, progress: Progress) -> Iterator[Record]:
    """Yield the records of a file: windows, then one summary for each channel.

    A file that cannot be analysed gives one record with the key ``error``, a line that says what
    to do; records of windows may have come before.

    Parameters
    ----------
    job : FileJob
    progress : callable
        Told now and then which part is done.
    """
    try:
        yield from _records(job, progress)
    except (ValueError, OSError, MemoryError) as error:
        # The errors of recordings and of signal processing are ValueErrors too.
        text = one_line(error)
        named = text if str(job.path) in text else f"{job.path}: {text}"
        yield {"file": str(job.path), "error": named}


def _records(job: FileJob, progress: Progress) -> Iterator[Record]:
    task = prepare(job.path, job.options)
    summariser = Summariser(task)
    count = max(1, window_count(task))
    for number, window in enumerate(analysed_windows(task), start=1):
        summariser.add(window)
        yield from window_records(task, window)
        progress(number / count)
    summary = summariser.summary()
    if job.picture is not None:
        # Drawing is an extra: nobody pays for its library without asking.
        from kurto_cli.analysis.picture import draw  # noqa: PLC0415

        draw(task, summary, job.picture)
    yield from summary_records(task, summary)
    progress(1.0)


def window_count(task: AnalysisTask) -> int:
    """Return how many windows a recording has, with those that span gaps."""
    return task.plan.geometry.window_count(task.recording.index_count)
