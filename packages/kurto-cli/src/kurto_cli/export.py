"""`kurto export`: write stored samples to files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

import kurto
from kurto_cli.exports.exporter import Exporter
from kurto_cli.exports.formats import ExportFormat, format_of, writer_factory
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, fail, run_to_end

Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")]
Sensor = Annotated[str, typer.Option(help="Id of the sensor.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="First time, such as 2026-01-31T12:00Z."),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, exclusive.")]
Epoch = Annotated[int | None, typer.Option(help="One epoch, by index, instead of times.")]
First = Annotated[int, typer.Option(min=0, help="First index of the epoch.")]
End = Annotated[int | None, typer.Option(help="End index, exclusive.")]
Channels = Annotated[str, typer.Option(metavar="A,B", help="Only these channels, in this order.")]
Format = Annotated[
    ExportFormat | None, typer.Option("--format", help="Default: what FILE ends in.")
]
Scaled = Annotated[
    bool | None,
    typer.Option(
        "--scaled/--raw",
        help="Values in the unit, or the converter's integer steps."
        " Default: raw for npz and wav, scaled for csv and parquet.",
    ),
]
Quarantined = Annotated[
    bool,
    typer.Option(
        "--include-quarantined", help="Also samples that lay too far in the future when they came."
    ),
]
FillGaps = Annotated[
    bool, typer.Option("--fill-gaps", help="WAV: zeros for gaps instead of several files.")
]


def export(
    output: Output,
    *,
    sensor: Sensor,
    start: From = None,
    end_time: To = None,
    epoch: Epoch = None,
    first: First = 0,
    end: End = None,
    channels: Channels = "",
    file_format: Format = None,
    scaled: Scaled = None,
    fill_gaps: FillGaps = False,
    include_quarantined: Quarantined = False,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Write stored samples to a file, exactly as they were sent."""
    if output.is_dir() or not output.parent.is_dir():
        fail(f"{output}: give the name of a file in a directory that exists")

    async def work() -> None:
        make = writer_factory(format_of(output, file_format), scaled=scaled, fill_gaps=fill_gaps)
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            pieces = client.read_samples(
                sensor,
                start=_moment("--from", start),
                end=_moment("--to", end_time),
                epoch=epoch,
                first_index=first,
                end_index=end,
                channels=[name.strip() for name in channels.split(",") if name.strip()],
                raw=True,
                include_quarantined=include_quarantined,
            )
            with Progress() as progress:
                paths = await Exporter(make, output, progress.add).run(pieces)
        _summarise(progress, paths)

    run_to_end(work)


def _moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} is {text!r}; give a time such as 2026-01-31T12:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{option} is {text!r}, without a zone; add Z for UTC, or +01:00")
    return moment


class Progress(ExitStack):
    """Counts what comes, and shows it on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.sample_count = 0
        self.absent: dict[str, int] = {}
        self._epoch = 0
        self._update: Callable[[int], Any] = _ignore

    def add(self, piece: kurto.SamplesPiece) -> None:
        """Count a piece."""
        if piece.header.epoch != self._epoch:
            self._begin(piece.header)
        count = piece.end_index - piece.first_index
        if isinstance(piece, kurto.SamplesHole):
            self.absent[piece.reason] = self.absent.get(piece.reason, 0) + count
        else:
            self.sample_count += count
        self._update(count)

    def _begin(self, header: kurto.SamplesHeader) -> None:
        self._epoch = header.epoch
        if not sys.stderr.isatty():
            return
        self.pop_all().close()  # the bar of the epoch before
        bar = typer.progressbar(
            length=header.end_index - header.first_index,
            label=f"{header.sensor_id}, epoch {header.epoch}",
            file=sys.stderr,
        )
        self._update = self.enter_context(bar).update


def _ignore(_: int) -> None:
    """Show nothing."""


def _summarise(progress: Progress, paths: Sequence[Path]) -> None:
    absent = "".join(f", {count} {reason}" for reason, count in progress.absent.items())
    typer.echo(f"{progress.sample_count} samples per channel written{absent}")
    for path in paths:
        typer.echo(f"{path}: {path.stat().st_size} bytes")
