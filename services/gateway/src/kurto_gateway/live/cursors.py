"""Where a client stands in the live streams, as an opaque text."""

from __future__ import annotations

import re
from typing import NamedTuple

from kurto_gateway.exceptions import InvalidCursor

__all__ = ["START", "Cursor", "EntryId", "Position"]

_NONE = "-"
_LAST_ORDINAL = 999_999_999
_CURSOR = re.compile(r"1~(-|\d{1,19}\.\d{1,19}\.\d{1,9})~(-|\d{1,18})")


class EntryId(NamedTuple):
    """Id of an entry in a stream of Valkey; ids grow."""

    milliseconds: int
    sequence: int

    @classmethod
    def parse(cls, text: str) -> EntryId:
        """Return the id that Valkey writes as ``milliseconds-sequence``."""
        milliseconds, _, sequence = text.partition("-")
        return cls(int(milliseconds), int(sequence or 0))

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.sequence}"


class Position(NamedTuple):
    """A place between frames: just after frame number `ordinal` of an entry.

    An entry holds the frames of many sensors, and one event need not take all of them.
    """

    entry: EntryId
    ordinal: int

    @classmethod
    def after_all_of(cls, entry: EntryId) -> Position:
        """Return the place behind every frame of `entry`."""
        return cls(entry, _LAST_ORDINAL)


class Cursor(NamedTuple):
    """What a client has seen.

    Attributes
    ----------
    features : Position or None
        The last frame seen; None before the first.
    transition : int or None
        Number of the last alert transition seen; None before a snapshot.
    """

    features: Position | None = None
    transition: int | None = None

    def encode(self) -> str:
        """Return the cursor as clients carry it."""
        features = _NONE
        if self.features is not None:
            entry, ordinal = self.features
            features = f"{entry.milliseconds}.{entry.sequence}.{ordinal}"
        transition = _NONE if self.transition is None else str(self.transition)
        return f"1~{features}~{transition}"

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Return the cursor that `encode` wrote; an empty text is `START`.

        Raises
        ------
        InvalidCursor
            If it's anything else.
        """
        if not text:
            return START
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise InvalidCursor
        features: Position | None = None
        if match[1] != _NONE:
            milliseconds, sequence, ordinal = (int(part) for part in match[1].split("."))
            features = Position(EntryId(milliseconds, sequence), ordinal)
        return cls(features, None if match[2] == _NONE else int(match[2]))


START = Cursor()
