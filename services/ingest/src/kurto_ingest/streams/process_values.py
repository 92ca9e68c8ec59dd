"""Slow values beside the samples of one stream: which wait for their block, which load holds."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kurto_ingest.assets.process_values import ProcessValueDefinition
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.sequence import Intake

__all__ = ["BAD", "VALUE_BYTES", "LoadTrack", "ProcessValue", "ValuesInHand", "hop_loads"]

BAD = 3
"""Quality of a worthless value: number of ``kurto.signal.v1.PROCESS_VALUE_QUALITY_BAD``."""
VALUE_BYTES = 256
"""Memory that a pending value is charged for."""
# A batch has fewer, and each hop asks: what is older was never asked for, since hops were gaps.
_MAX_TRACKED = 65


@dataclass(frozen=True, slots=True, order=True)
class ProcessValue:
    """A value taken at the moment of a sample; sorts by index."""

    index: int
    name: str
    unit: str
    value: float
    quality: int = 0


class LoadTrack:
    """Tells the load at the end of hop after hop.

    Live and from the store it is the same code on the same values, so that a window has the same
    load whenever it is analysed.

    Parameters
    ----------
    definition : ProcessValueDefinition
        The value that is the load.
    time_us : callable
        Returns the time of a sample in microseconds.
    """

    def __init__(self, definition: ProcessValueDefinition, time_us: Callable[[int], int]) -> None:
        self._definition = definition
        self._time_us = time_us
        self._values: list[ProcessValue] = []

    @property
    def values(self) -> tuple[ProcessValue, ...]:
        """What may still be asked for, ascending."""
        return tuple(self._values)

    def note(self, values: Iterable[ProcessValue]) -> None:
        """Take values; those of other names or units are passed over."""
        for value in values:
            if (value.name, value.unit) == (self._definition.name, self._definition.unit):
                insort(self._values, value)
        del self._values[:-_MAX_TRACKED]

    def at(self, end: int) -> float | None:
        """Return the last value below index `end` if it still holds at the sample before it.

        Ends must ascend: what is older than the answer is forgotten.
        """
        values = self._values
        while len(values) > 1 and values[1].index < end:
            del values[0]
        if not values or values[0].index >= end or values[0].quality == BAD:
            return None
        age_us = self._time_us(end - 1) - self._time_us(values[0].index)
        return values[0].value if age_us <= self._definition.valid_for_us else None


class ValuesInHand:
    """Accepted values whose samples are in no block yet.

    Parameters
    ----------
    hop_samples : int
        Samples per channel in a hop.
    time_us : callable
        Returns the time of a sample in microseconds.

    Attributes
    ----------
    waiting : list of ProcessValue
        The values.
    """

    def __init__(self, hop_samples: int, time_us: Callable[[int], int]) -> None:
        self._hop = hop_samples
        self._time_us = time_us
        self.waiting: list[ProcessValue] = []
        self._newest_cell: dict[str, int] = {}
        self._load: LoadTrack | None = None

    def follow_load(
        self, definition: ProcessValueDefinition | None, known: Iterable[ProcessValue] = ()
    ) -> None:
        """Tell the load by `definition` from here on, beginning with values that are `known`."""
        before = () if self._load is None else self._load.values
        self._load = None if definition is None else LoadTrack(definition, self._time_us)
        if self._load is not None:
            self._load.note((*known, *before))

    def load_at(self, end: int) -> float | None:
        """Return the load at the sample before index `end`, the end of the next hop."""
        return None if self._load is None else self._load.at(end)

    def crowded(self, value: ProcessValue) -> bool:
        """Tell whether one of its name was taken in its hop, or a later one, already."""
        newest = self._newest_cell.get(value.name)
        return newest is not None and value.index // self._hop <= newest

    def hold(self, values: Sequence[ProcessValue]) -> int:
        """Take values whose samples are all accepted; returns the bytes that they take."""
        self.waiting.extend(values)
        for value in values:
            cell = value.index // self._hop
            self._newest_cell[value.name] = max(cell, self._newest_cell.get(value.name, cell))
        if self._load is not None:
            self._load.note(values)
        return VALUE_BYTES * len(values)

    def hold_part(self, values: Sequence[ProcessValue], intake: Intake) -> int:
        """Take those whose samples were accepted; the others came before, with their samples."""
        parts = (*intake.refills, *(() if intake.fresh is None else (intake.fresh,)))
        return self.hold(
            [one for one in values if any(part.first <= one.index < part.end for part in parts)]
        )

    def give(self, block: Block) -> None:
        """Put what was taken at the samples of `block` into it."""
        block.values = tuple(v for v in self.waiting if block.first <= v.index < block.end)
        if block.values:
            self.waiting = [v for v in self.waiting if not block.first <= v.index < block.end]


def hop_loads(
    definition: ProcessValueDefinition,
    time_us: Callable[[int], int],
    values: Iterable[ProcessValue],
    hops: range,
    hop_samples: int,
) -> tuple[float | None, ...]:
    """Return the load at the end of each hop, from stored values.

    Parameters
    ----------
    definition : ProcessValueDefinition
        The value that is the load.
    time_us : callable
        Returns the time of a sample in microseconds.
    values : iterable of ProcessValue
        Values at samples of these hops, and the last one before them; ascending.
    hops : range
        The hops.
    hop_samples : int
        Samples per channel in a hop.
    """
    track, ahead = LoadTrack(definition, time_us), sorted(values)
    loads: list[float | None] = []
    at = 0
    for hop in hops:
        end = (hop + 1) * hop_samples
        while at < len(ahead) and ahead[at].index < end:
            track.note(ahead[at : at + 1])
            at += 1
        loads.append(track.at(end))
    return tuple(loads)
