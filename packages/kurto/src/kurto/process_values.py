"""Slow values beside the samples: how they are declared, and which go with the next samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kurto.assets.v1 import assets_pb2
from kurto.signal.v1 import process_values_pb2 as pb

__all__ = ["ProcessValueDefinition", "SentValue", "ValueQuality", "WaitingValues"]

ValueQuality = Literal["good", "uncertain", "bad"]
_QUALITIES: Mapping[str, int] = {
    "good": pb.PROCESS_VALUE_QUALITY_GOOD,
    "uncertain": pb.PROCESS_VALUE_QUALITY_UNCERTAIN,
    "bad": pb.PROCESS_VALUE_QUALITY_BAD,
}
_ROLES = {
    None: assets_pb2.PROCESS_VALUE_ROLE_UNSPECIFIED,
    "load": assets_pb2.PROCESS_VALUE_ROLE_LOAD,
}


@dataclass(frozen=True)
class ProcessValueDefinition:
    """A slow value that is pushed beside the samples.

    Parameters
    ----------
    name : str
        Such as ``"load"`` or ``"bearing_temperature"``.
    unit : str
        Such as ``"%"``, ``"kW"`` or ``"degC"``; ``"1"`` for a ratio.
    role : {"load"}, optional
        ``"load"``: the machine is compared with itself at the same load. At most one of a sensor.
    bin_width : float > 0, optional
        Width of a bin of load in the unit, which the load needs: a tenth of the full load is usual.
    valid_for_s : float, optional
        How long a value holds when no other comes, in seconds; 60 without it.
    """

    name: str
    unit: str
    role: Literal["load"] | None = None
    bin_width: float | None = None
    valid_for_s: float | None = None

    def to_proto(self) -> assets_pb2.ProcessValueDefinition:
        """Return the declaration as a message.

        Raises
        ------
        ValueError
            If the role is another one.
        """
        if self.role not in _ROLES:
            raise ValueError(f'role of {self.name!r} is {self.role!r}; give "load" or leave it out')
        message = assets_pb2.ProcessValueDefinition(
            name=self.name, unit=self.unit, role=_ROLES[self.role], bin_width=self.bin_width
        )
        if self.valid_for_s is not None:
            message.valid_for.FromNanoseconds(round(self.valid_for_s * 1e9))
        return message


@dataclass(frozen=True, slots=True)
class SentValue:
    """A value taken with a sample.

    Parameters
    ----------
    index : int >= 0
        Absolute index of the sample.
    name, unit : str
        As declared.
    value : float
        The value.
    quality : int
        A ``kurto.signal.v1.ProcessValueQuality``.
    """

    index: int
    name: str
    unit: str
    value: float
    quality: int = 0

    def to_proto(self) -> pb.ProcessValue:
        """Return the value as a message."""
        return pb.ProcessValue(
            name=self.name,
            unit=self.unit,
            value=self.value,
            sample_index=self.index,
            quality=pb.ProcessValueQuality.Name(self.quality),
        )


class WaitingValues:
    """Values that go with the next samples; of each name one a hop, as the service takes them.

    Parameters
    ----------
    definitions : iterable of ProcessValueDefinition
        What is declared.
    hop_samples : int > 0
        Samples per channel in a hop.
    first_index : int >= 0
        Index that the next sample gets; in its hop there may be a value of an earlier run.
    """

    def __init__(
        self, definitions: Iterable[ProcessValueDefinition], *, hop_samples: int, first_index: int
    ) -> None:
        self._units = {one.name: one.unit for one in definitions}
        self._hop = hop_samples
        self._waiting: dict[str, tuple[float, int]] = {}
        self._begun_hop = (first_index - 1) // hop_samples
        self._newest_hop: dict[str, int] = {}

    def note(self, values: Mapping[str, float], quality: ValueQuality) -> None:
        """Take values; the newest of a name goes.

        Raises
        ------
        ValueError
            If a name is not declared, a value is not finite, or the quality is another word.
        """
        if quality not in _QUALITIES:
            raise ValueError(f"quality is {quality!r}; give one of {sorted(_QUALITIES)}")
        for name, value in values.items():
            if name not in self._units:
                raise ValueError(
                    f"{name!r} is not declared; give it to open_sensor in process_values, where "
                    f"there are {sorted(self._units)}"
                )
            if not math.isfinite(value):
                raise ValueError(
                    f"{name} is {value!r}; give a finite value, with quality='bad' if it is of no"
                    " worth"
                )
        for name, value in values.items():
            self._waiting[name] = (float(value), _QUALITIES[quality])

    def take(self, first_index: int, sample_count: int) -> tuple[SentValue, ...]:
        """Return the values that go with some samples, and let the others wait."""
        taken: list[SentValue] = []
        for name, (value, quality) in self._waiting.items():
            newest = self._newest_hop.get(name, self._begun_hop)
            index = max(first_index, (newest + 1) * self._hop)
            if index < first_index + sample_count:
                taken.append(SentValue(index, name, self._units[name], value, quality))
        for sent in taken:
            del self._waiting[sent.name]
            self._newest_hop[sent.name] = sent.index // self._hop
        return tuple(taken)


def declared_units(
    definitions: Sequence[assets_pb2.ProcessValueDefinition],
) -> frozenset[tuple[str, str]]:
    """Return the names and units that a configuration declares."""
    return frozenset((one.name, one.unit) for one in definitions)
