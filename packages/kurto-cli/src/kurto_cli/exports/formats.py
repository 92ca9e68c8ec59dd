"""The formats by name."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path

from kurto_cli.exports.csv_table import CsvWriter
from kurto_cli.exports.npz import NpzWriter
from kurto_cli.exports.parquet import ParquetWriter
from kurto_cli.exports.wav import WavWriter
from kurto_cli.exports.writers import MakeWriter


class ExportFormat(StrEnum):
    """A format of files."""

    NPZ = "npz"
    CSV = "csv"
    WAV = "wav"
    PARQUET = "parquet"


#: Tables are read by people and data frames: in the unit, unless told otherwise.
SCALED_BY_DEFAULT = frozenset({ExportFormat.CSV, ExportFormat.PARQUET})


def format_of(path: Path, given: ExportFormat | None) -> ExportFormat:
    """Return the format of a file: the given one, or the one that its name ends in.

    Raises
    ------
    ValueError
        If neither tells.
    """
    if given is not None:
        return given
    try:
        return ExportFormat(path.suffix.lower().removeprefix("."))
    except ValueError:
        known = ", ".join(member.value for member in ExportFormat)
        raise ValueError(
            f"{path}: the name tells no format; give --format, one of {known}"
        ) from None


def writer_factory(chosen: ExportFormat, *, scaled: bool | None, fill_gaps: bool) -> MakeWriter:
    """Return what makes writers of a format.

    Parameters
    ----------
    chosen : ExportFormat
        The format.
    scaled : bool or None
        Whether to write values in the unit instead of the converter's steps; None for what suits
        the format.
    fill_gaps : bool
        Whether a WAV file gets zeros where samples are not there.

    Raises
    ------
    ValueError
        If the format cannot do it.
    """
    if fill_gaps and chosen is not ExportFormat.WAV:
        raise ValueError(
            "--fill-gaps is for wav: the other formats tell where samples are not there"
        )
    in_units = chosen in SCALED_BY_DEFAULT if scaled is None else scaled
    match chosen:
        case ExportFormat.NPZ:
            return partial(NpzWriter, scaled=in_units)
        case ExportFormat.CSV:
            return partial(CsvWriter, scaled=in_units)
        case ExportFormat.WAV:
            return partial(WavWriter, scaled=in_units, fill_gaps=fill_gaps)
        case ExportFormat.PARQUET:
            return partial(ParquetWriter, scaled=in_units)
