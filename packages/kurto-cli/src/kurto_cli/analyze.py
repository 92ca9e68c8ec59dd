"""`kurto analyze`: features and diagnosis of recordings, by the code of the live path."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Annotated, NoReturn

import typer

from kurto_cli.analysis.file import FileJob
from kurto_cli.analysis.formats import AnalysisFormat, RecordWriter, writer_of
from kurto_cli.analysis.options import AnalysisOptions
from kurto_cli.analysis.picture import require_matplotlib
from kurto_cli.analysis.pool import records_of
from kurto_cli.analysis.progress import ProgressLine
from kurto_cli.exports.part_file import PartFile
from kurto_cli.recordings import SUFFIXES
from kurto_dsp import parse_unit
from kurto_dsp.bearings import BearingGeometry, known_bearings, parse_bearing, read_bearings
from kurto_dsp.diagnosis import SpeedSource

_WRONG = 2
_STOPPED = 130
_TERMINATED = 143

Files = Annotated[list[Path], typer.Argument(help=f"Recordings: {', '.join(SUFFIXES)}.")]
SampleRate = Annotated[
    float | None, typer.Option(metavar="HZ", help="Sample rate, if the file does not tell it.")
]
Rpm = Annotated[
    float | None, typer.Option(metavar="R", help="Shaft speed in r/min. Default: the file's.")
]
SpeedIs = Annotated[
    SpeedSource | None,
    typer.Option(
        help="Lines are searched within 1 % of a measured speed, 2 % of a nameplate's."
        " Default: as the file says; nameplate for --rpm."
    ),
]
Bearing = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|n,d,D[,angle]",
        help="Designation, or elements, their diameter, the pitch diameter (mm), contact angle.",
    ),
]
Catalogue = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Bearings of your own, looked at first.")
]
LineFrequency = Annotated[
    float | None, typer.Option(metavar="HZ", help="Of the mains, to tell electrical vibration.")
]
Unit = Annotated[
    str | None,
    typer.Option(metavar="g|m/s2", help="Unit of the samples. Default: the file's, else g."),
]
FullScale = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        help="Largest acceleration that the input holds, in the unit: scales integers of WAV files,"
        " and tells clipping.",
    ),
]
Window = Annotated[float | None, typer.Option(metavar="S", help="Length of a window. [default: 1]")]
Hop = Annotated[
    float | None, typer.Option(metavar="S", help="Time between two windows. [default: 0.1]")
]
Format = Annotated[AnalysisFormat, typer.Option("--format", help="How results are written.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="OUT.png",
        help="Draw waveform, spectrum and envelope spectrum with the fault lines.",
    ),
]
Channel = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this channel; may be repeated.")
]
Variable = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Variable of a .mat, .npz or .tdms; may be repeated."),
]
Jobs = Annotated[
    int | None, typer.Option(metavar="N", help="Processes for several files. [default: all cores]")
]


def analyze(
    files: Files,
    *,
    sample_rate: SampleRate = None,
    rpm: Rpm = None,
    speed_source: SpeedIs = None,
    bearing: Bearing = None,
    catalogue: Catalogue = None,
    line_frequency: LineFrequency = None,
    unit: Unit = None,
    full_scale: FullScale = None,
    window: Window = None,
    hop: Hop = None,
    file_format: Format = AnalysisFormat.TABLE,
    output: Output = None,
    plot: Plot = None,
    channel: Channel = None,
    variable: Variable = None,
    jobs: Jobs = None,
) -> None:
    """Analyse recordings offline, by the code of the live path."""
    try:
        options = AnalysisOptions(
            sample_rate_hz=sample_rate,
            rpm=rpm,
            speed_source=speed_source,
            bearing=_bearing(bearing, catalogue),
            line_frequency_hz=line_frequency,
            unit=None if unit is None else parse_unit(unit),
            full_scale=full_scale,
            window_s=window,
            hop_s=hop,
            channels=tuple(channel or ()),
            variables=tuple(variable or ()),
        )
        file_jobs = _file_jobs(files, options, plot, output)
        workers = _workers(jobs)
    except (ValueError, OSError) as error:
        _refuse(str(error))
    wrong = False
    with _explained(), _stream(output, file_format) as stream:
        wrong = _run(file_jobs, workers, writer_of(file_format, stream))
    if wrong:
        raise typer.Exit(_WRONG)


def _bearing(text: str | None, catalogue: Path | None) -> BearingGeometry | None:
    if text is None:
        if catalogue is not None:
            raise ValueError("--catalogue needs --bearing NAME, one of its designations")
        return None
    own = () if catalogue is None else _own_bearings(catalogue)
    return parse_bearing(text, bearings=(*own, *known_bearings()))


def _own_bearings(catalogue: Path) -> tuple[BearingGeometry, ...]:
    try:
        return read_bearings(catalogue.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"--catalogue {catalogue}: {error.strerror}; check the name") from None
    except ValueError as error:  # no table of bearings, or no text
        raise ValueError(f"--catalogue {catalogue}: {error}") from None


def _file_jobs(
    files: Sequence[Path], options: AnalysisOptions, plot: Path | None, output: Path | None
) -> list[FileJob]:
    """Return the jobs; with several files the picture of each bears its name."""
    for written in (plot, output):
        if written is not None and written.resolve() in {path.resolve() for path in files}:
            raise ValueError(f"{written}: is a recording; write to another file")
        if written is not None and (written.is_dir() or not written.parent.is_dir()):
            raise ValueError(f"{written}: give the name of a file in a directory that exists")
    if plot is None:
        return [FileJob(path, options) for path in files]
    require_matplotlib(plot)
    pictures = [plot] if len(files) == 1 else _pictures(plot, files)
    return [FileJob(path, options, picture) for path, picture in zip(files, pictures, strict=True)]


def _pictures(plot: Path, files: Sequence[Path]) -> list[Path]:
    """Return a name for each file's picture: its own, with a number where two have the same."""
    counts: Counter[str] = Counter()
    pictures = []
    for path in files:
        counts[path.stem] += 1
        number = f"-{counts[path.stem]}" if counts[path.stem] > 1 else ""
        pictures.append(plot.with_stem(f"{plot.stem}-{path.stem}{number}"))
    return pictures


def _workers(jobs: int | None) -> int:
    if jobs is None:
        return len(os.sched_getaffinity(0))
    if jobs < 1:
        raise ValueError(f"--jobs is {jobs}; give a number of processes from 1 up")
    return jobs


def _run(jobs: Sequence[FileJob], workers: int, writer: RecordWriter) -> bool:
    """Write the records of all files; return whether one of them could not be analysed."""
    wrong = False
    said: set[str] = set()
    with ProgressLine([_size(job.path) for job in jobs]) as progress:
        for record in records_of(jobs, workers=workers, progress=progress.update):
            if "error" in record:
                wrong = True
                typer.echo(f"kurto: {record['error']}", err=True)
                continue
            writer.write(record)
            for note in record.get("notes", ()):
                if note not in said:
                    said.add(note)
                    typer.echo(f"kurto: note: {note}", err=True)
        writer.finish()
    return wrong


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading it will tell why


@contextmanager
def _stream(output: Path | None, file_format: AnalysisFormat) -> Iterator[IO[bytes]]:
    """Give what to write to; a file appears when it is complete."""
    if output is None:
        if file_format is AnalysisFormat.PARQUET and sys.stdout.isatty():
            raise ValueError("--format parquet is nothing for a terminal; give --output FILE")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = PartFile(output.parent)
    try:
        with part.path.open("wb") as stream:
            yield stream
        part.publish(output)
    finally:
        part.discard()


@contextmanager
def _explained() -> Iterator[None]:
    """Say in one line what went wrong, and clean up when told to end."""
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("kurto: stopped", err=True)
        raise typer.Exit(_STOPPED) from None
    except BrokenPipeError:
        # Whoever read has enough; Python would complain when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError, RuntimeError) as error:
        _refuse(str(error))
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_TERMINATED)


def _refuse(message: str) -> NoReturn:
    typer.echo(f"kurto: {' '.join(message.split())}", err=True)
    raise typer.Exit(_WRONG)
