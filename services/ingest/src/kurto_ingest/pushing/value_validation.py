"""What process values of a batch must be like."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NoReturn

from kurto.signal.v1 import process_values_pb2 as pb
from kurto_ingest.assets.process_values import ProcessValueDefinition
from kurto_ingest.exceptions import InvalidField
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.process_values import BAD, ProcessValue

__all__ = ["DeclaredUnits", "read_values"]

_MAX_VALUES = 64


class DeclaredUnits:
    """Units by name, as a stream's sender may know them.

    A name that the newest change has taken away is still taken: its sender learns of the change
    only when it opens the stream again, and its samples shall not be held up meanwhile.
    """

    def __init__(self, definitions: Iterable[ProcessValueDefinition] = ()) -> None:
        self._declared: dict[str, str] = {}
        self._units: dict[str, str] = {}
        self.declare(definitions)

    def declare(self, definitions: Iterable[ProcessValueDefinition]) -> None:
        """Take what a configuration declares."""
        declared = {one.name: one.unit for one in definitions}
        if declared != self._declared:
            self._units = self._declared | declared
            self._declared = declared

    def unit_of(self, place: str, message: pb.ProcessValue) -> str:
        """Return the unit of a value.

        Raises
        ------
        InvalidField
            If its name is not declared, or with another unit.
        """
        unit = self._units.get(message.name)
        if unit is None:
            _refuse(
                f"{place}.name",
                f"is {message.name[:40]!r}, but the sensor declares {sorted(self._units)}: add it"
                " to the process_values of its configuration with UpdateSensor, or leave it out",
            )
        if message.unit not in {"", unit}:
            _refuse(
                f"{place}.unit",
                f"is {message.unit[:40]!r}, but the sensor declares {message.name} in {unit!r}:"
                " change the sender, or the configuration with UpdateSensor",
            )
        return unit


def read_values(
    messages: Sequence[pb.ProcessValue],
    declared: DeclaredUnits,
    live: LiveStream,
    *,
    first: int,
    count: int,
) -> list[ProcessValue]:
    """Return the values of a batch.

    Parameters
    ----------
    messages : sequence of ProcessValue
        As they came.
    declared : DeclaredUnits
        Names and units.
    live : LiveStream
        The stream that they belong to.
    first, count : int
        Index of the first sample of the batch, and its samples per channel.

    Raises
    ------
    InvalidField
        If there are too many, or one is not declared, not finite, outside the batch, or the second
        of its name in a hop.
    """
    if len(messages) > _MAX_VALUES:
        _refuse("", f"may have {_MAX_VALUES} entries, not {len(messages)}: send several batches")
    values = [
        _value(f"[{number}]", message, declared, first, first + count)
        for number, message in enumerate(messages)
    ]
    hop = live.format.hop_samples
    if len({(value.name, value.index // hop) for value in values}) < len(values) or any(
        value.index >= live.accepted.next_index and live.values.crowded(value) for value in values
    ):
        _refuse(
            "",
            f"may hold one value of each name in a hop of {hop} samples: these are slow values,"
            " send fast ones as a channel",
        )
    return values


def _value(
    place: str, message: pb.ProcessValue, declared: DeclaredUnits, first: int, end: int
) -> ProcessValue:
    unit = declared.unit_of(place, message)
    if not math.isfinite(message.value):
        _refuse(
            f"{place}.value",
            f"must be finite, not {message.value}: send the last one with the quality BAD",
        )
    if not 0 <= message.quality <= BAD:
        _refuse(
            f"{place}.quality",
            f"must be GOOD (1), UNCERTAIN (2), BAD (3) or absent, not {message.quality}",
        )
    if not first <= message.sample_index < end:
        _refuse(
            f"{place}.sample_index",
            f"is {message.sample_index}, but the batch has samples {first} to {end - 1}: send a"
            " value together with the sample of its moment",
        )
    return ProcessValue(message.sample_index, message.name, unit, message.value, message.quality)


def _refuse(place: str, problem: str) -> NoReturn:
    field = f"batch.process_values{place}"
    raise InvalidField(f"{field} {problem}.", field=field)
