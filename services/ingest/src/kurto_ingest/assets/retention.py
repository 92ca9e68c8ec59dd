"""How long raw samples are kept: policies of sensors, and the classes that storage knows.

A class is a number that stored blocks carry. Blocks of one class are kept for the same time and
lie in partitions of their own, so that they go by dropping whole partitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

__all__ = [
    "BUFFER_CLASS",
    "DEFAULT_CLASS",
    "FOREVER_CLASS",
    "KEPT_CLASS",
    "MAX_TIME_CLASSES",
    "AroundAlarms",
    "ClassKind",
    "KeepAll",
    "KeepFor",
    "RetentionClass",
    "RetentionPolicy",
    "Snapshots",
    "span_for",
]

#: Different times that sensors may be kept for, besides the default and for ever.
MAX_TIME_CLASSES = 32
_LATE = 1000  # a late class has the number of the class it belongs to plus this
_WEEK_H = 168
_DAY_H = 24
_WIDE_H = 720


@dataclass(frozen=True, slots=True)
class KeepAll:
    """Keeps samples for ever."""


@dataclass(frozen=True, slots=True)
class KeepFor:
    """Keeps samples for a whole number of hours, >= 1."""

    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Keeps `length_s` of samples every `interval_s`; `keep_for_s` None means for ever."""

    interval_s: float
    length_s: float
    keep_for_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundAlarms:
    """Keeps samples from `before_s` before to `after_s` after alarms of the machine."""

    before_s: float
    after_s: float
    keep_for_s: float | None = None


#: None stands for the service's default.
RetentionPolicy: TypeAlias = KeepAll | KeepFor | Snapshots | AroundAlarms


class ClassKind(Enum):
    """What the time of a class comes from."""

    DEFAULT = "default"  # a setting
    FOREVER = "forever"
    BUFFER = "buffer"  # a setting: until snapshots and evidence are copied out
    KEPT = "kept"  # copies of blocks; each range says how long
    TIME = "time"  # the class itself


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """A class of stored blocks.

    Attributes
    ----------
    number : int
        What blocks carry.
    kind : ClassKind
        Where its time comes from.
    keep_hours : int or None
        Its time, for the kind TIME.
    span_h : int
        Hours that one partition covers.
    """

    number: int
    kind: ClassKind
    keep_hours: int | None = None
    span_h: int = 1

    @property
    def is_late(self) -> bool:
        """True for blocks that come long after they were taken: recordings, uploads."""
        return self.number > _LATE

    def late(self) -> RetentionClass:
        """Return the class for this one's blocks that come long after they were taken.

        Its partitions are wide, so that few samples spread over years take few of them, and its
        time counts from the arrival. Nothing takes snapshots of such samples: those of the short
        class are kept as long as by default.
        """
        if self.kind is ClassKind.KEPT or self.is_late:
            return self
        base = DEFAULT_CLASS if self.kind is ClassKind.BUFFER else self
        return RetentionClass(base.number + _LATE, base.kind, base.keep_hours, _WIDE_H)


#: Kept for the time of a setting.
DEFAULT_CLASS = RetentionClass(1, ClassKind.DEFAULT)
#: Kept while the disk lasts.
FOREVER_CLASS = RetentionClass(2, ClassKind.FOREVER, None, _DAY_H)
#: Kept for a short while, until what matters is copied out.
BUFFER_CLASS = RetentionClass(3, ClassKind.BUFFER)
#: Copies.
KEPT_CLASS = RetentionClass(4, ClassKind.KEPT, None, _WIDE_H)


def span_for(keep_hours: int) -> int:
    """Return how many hours a partition covers where samples are kept for `keep_hours`.

    Partitions cost memory and time in every query: a class shall have some hundred at most.

    Examples
    --------
    >>> span_for(24), span_for(24 * 365)
    (1, 24)
    """
    return 1 if keep_hours <= _WEEK_H else _DAY_H
