"""`kurto replay`: stream a recording as a live sensor."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import kurto
from kurto_cli.analysis import declared
from kurto_cli.recordings import SUFFIXES, Recording, RecordingError, read_recording
from kurto_cli.sources.delivery import require_durable
from kurto_cli.sources.player import PlayOptions, play
from kurto_cli.target import DEFAULT_TARGET, CaCertificate, Target, Token, fail, run
from kurto_dsp import ParameterError
from kurto_dsp.bearings import BearingGeometry, parse_bearing

_CALLED_WRONGLY = 2

Files = Annotated[
    list[Path],
    typer.Argument(help=f"Recordings: {', '.join(SUFFIXES)}, also those of kurto export."),
]
Sensor = Annotated[str, typer.Option(help="Id of the sensor; made if it does not exist.")]
SampleRate = Annotated[
    float | None, typer.Option(metavar="HZ", help="Sample rate, if the file does not tell it.")
]
Speed = Annotated[str, typer.Option(help="1.0: as recorded; max: as fast as it is taken.")]
Unit = Annotated[
    str | None, typer.Option(metavar="g|m/s2", help="Unit of the samples, if the file is silent.")
]
Variable = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Variable that holds the samples, in files with several."),
]
Rpm = Annotated[
    float | None,
    typer.Option(metavar="R", help="Speed of the shaft in r/min, in place of the file's own."),
]
Bearing = Annotated[
    str | None, typer.Option(metavar="NAME|n,d,D[,angle]", help="Bearing, such as SKF 6205-2RS.")
]
Loop = Annotated[bool, typer.Option("--loop", help="Begin again at the end.")]


def replay(
    files: Files,
    *,
    sensor: Sensor,
    sample_rate: SampleRate = None,
    unit: Unit = None,
    variable: Variable = None,
    speed: Speed = "1.0",
    loop: Loop = False,
    rpm: Rpm = None,
    bearing: Bearing = None,
    target: Target = DEFAULT_TARGET,
    token: Token = None,
    ca_certificate: CaCertificate = None,
) -> None:
    """Stream recordings, one after the other, as a live sensor."""
    pace = _pace(speed)
    known = _bearing(bearing)
    for option, value, what in (("--rpm", rpm, "speed"), ("--sample-rate", sample_rate, "rate")):
        if value is not None and not 0.0 < value < math.inf:
            fail(f"{option} is {value:g}; give a {what} above 0", status=_CALLED_WRONGLY)

    async def work(stop: asyncio.Event) -> None:
        async with kurto.connect(target, token=token, ca_certificate=ca_certificate) as client:
            for path in files:
                recording = _with_unit(path, read_recording(path, variable or ()), unit)
                rate_hz = declared.sample_rate(path, recording, sample_rate)
                options = PlayOptions(sensor, rate_hz, pace, loop, rpm=rpm, bearing=known)
                _announce(path, recording, options)
                delivery = await play(client, recording, options, stop=stop)
                typer.echo(f"{path.name}: {delivery.summary}")
                require_durable([delivery])
                if stop.is_set():
                    break

    run(work)


def _pace(speed: str) -> float:
    try:
        pace = math.inf if speed == "max" else float(speed)
    except ValueError:
        pace = math.nan
    if not pace > 0:
        fail(f"--speed is {speed!r}; give a number above 0, or max")
    return pace


def _bearing(text: str | None) -> BearingGeometry | None:
    try:
        return None if text is None else parse_bearing(text)
    except ParameterError as error:
        fail(f"--bearing: {error}", status=_CALLED_WRONGLY)


def _with_unit(path: Path, recording: Recording, given: str | None) -> Recording:
    """Return a recording whose unit is known: what is stored is never guessed."""
    unit = recording.unit or given
    if unit not in ("g", "m/s2"):
        raise RecordingError(f"{path}: does not tell its unit; give --unit g or --unit m/s2")
    if given not in (None, unit):
        raise RecordingError(f"{path}: is in {unit}, not in {given}; leave --unit out")
    return replace(recording, unit=unit)


def _announce(path: Path, recording: Recording, options: PlayOptions) -> None:
    count = recording.index_count
    what = f"{len(recording.channels)} channels ({', '.join(recording.channels)})"
    if recording.burst_samples and recording.burst_interval_s:
        bursts = count // recording.burst_samples
        pace = (
            f"{bursts} bursts of {recording.burst_samples}, each {recording.burst_interval_s:g} s"
        )
    else:
        pace = f"{count / options.sample_rate_hz:.1f} s"
    typer.echo(
        f"{path.name}: {what} at {options.sample_rate_hz:g} Hz, {pace} → sensor {options.sensor_id}"
    )
