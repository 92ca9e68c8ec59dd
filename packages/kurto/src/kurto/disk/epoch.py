"""What is stored of an epoch beside its samples: enough to upload it in another life."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

FILE_NAME = "epoch.json"
_VERSION = 1
_TYPES: dict[str, tuple[type, ...]] = {
    "sensor_id": (str,),
    "boot_id": (str,),
    "sample_rate_hz": (float, int),
    "channels": (list,),
    "encoding": (int,),
    "scales": (list,),
    "row_bytes": (int,),
    "start_time_us": (int, type(None)),
    "create_time_us": (int,),
}


@dataclass(frozen=True)
class EpochRecord:
    """One run of a converter.

    Parameters
    ----------
    sensor_id : str
        Sensor in question.
    boot_id : str
        Names the run.
    sample_rate_hz : float
        Nominal sample rate in Hz.
    channels : tuple of str
        Channel names.
    encoding : int
        Value of the contract's ``SampleEncoding``.
    scales : tuple of float
        Unit per integer step; empty for floats.
    row_bytes : int > 0
        Bytes of one sample of all channels.
    start_time_us : int or None
        Sender's clock at sample 0, in microseconds since 1970-01-01T00:00:00Z; None before the
        first sample.
    create_time_us : int
        When the record was made, in the same unit.
    """

    sensor_id: str
    boot_id: str
    sample_rate_hz: float
    channels: tuple[str, ...]
    encoding: int
    scales: tuple[float, ...]
    row_bytes: int
    create_time_us: int
    start_time_us: int | None = None

    def same_format(self, other: EpochRecord) -> bool:
        """Whether samples of another record can follow in the same epoch."""
        return self.format() == other.format()

    def format(self) -> tuple[object, ...]:
        """Return what must not change within an epoch."""
        return (self.sample_rate_hz, self.channels, self.encoding, self.scales, self.row_bytes)


def save(record: EpochRecord, directory: Path) -> None:
    """Write a record so that a crash leaves the old one or the new one."""
    temporary = directory / f"{FILE_NAME}.new"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump({"version": _VERSION, **asdict(record)}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / FILE_NAME)


def load(directory: Path) -> EpochRecord:
    """Read a record.

    Raises
    ------
    ValueError
        If the file is damaged or of a later version.
    OSError
        If it cannot be read.
    """
    path = directory / FILE_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError(f"{path} was not written by this version of kurto")
    values: dict[str, Any] = {}
    for field in fields(EpochRecord):
        value = content.get(field.name)
        if not isinstance(value, _TYPES[field.name]):
            raise ValueError(f"{path} is damaged: {field.name} is {value!r}")
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return EpochRecord(**values)
