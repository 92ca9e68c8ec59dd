"""Slow values that a sensor's sender pushes beside the samples, as they are declared."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from kurto_ingest.exceptions import InvalidField

__all__ = ["ProcessValueDefinition", "ProcessValueRole", "check_process_values", "load_of"]

_FIELD = "sensor.config.process_values"
_MAX_DEFINITIONS = 16
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_MAX_UNIT = 32
_VALID_FOR_S = (1.0, 86_400.0)


class ProcessValueRole(IntEnum):
    """What a value is used for; the numbers are those of ``kurto.assets.v1.ProcessValueRole``."""

    UNSPECIFIED = 0
    LOAD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessValueDefinition:
    """A declared process value.

    Attributes
    ----------
    name, unit : str
        As values of it are pushed.
    role : ProcessValueRole
        What it is used for besides being trended.
    bin_width : float or None
        Width of a bin of load, in `unit`.
    valid_for_s : float or None
        How long a value holds; None means 60 s.
    """

    name: str
    unit: str
    role: ProcessValueRole = ProcessValueRole.UNSPECIFIED
    bin_width: float | None = None
    valid_for_s: float | None = None

    @property
    def valid_for_us(self) -> int:
        """How long a value holds, in microseconds."""
        return round(1e6 * (60.0 if self.valid_for_s is None else self.valid_for_s))


def load_of(definitions: Sequence[ProcessValueDefinition]) -> ProcessValueDefinition | None:
    """Return the one that is the load of the machine, if any is."""
    found = (one for one in definitions if one.role is ProcessValueRole.LOAD)
    return next(found, None)


def check_process_values(definitions: Sequence[ProcessValueDefinition]) -> None:
    """Raise `InvalidField` unless `definitions` may be stored."""
    if len(definitions) > _MAX_DEFINITIONS:
        _refuse("", f"may have {_MAX_DEFINITIONS} entries, not {len(definitions)}: drop some")
    names = [one.name for one in definitions]
    if len(set(names)) != len(names):
        _refuse("", f"must have different names, not {[name[:40] for name in names]}")
    if sum(one.role is ProcessValueRole.LOAD for one in definitions) > 1:
        _refuse("", "may have one entry with the role LOAD: a machine has one load")
    for index, one in enumerate(definitions):
        _check(f"[{index}]", one)


def _check(place: str, one: ProcessValueDefinition) -> None:
    if not _NAME.fullmatch(one.name):
        _refuse(
            f"{place}.name",
            f"must have 1 to 128 characters of A-Z a-z 0-9 . _ : -, not {one.name[:140]!r}",
        )
    unit = one.unit
    if not (1 <= len(unit) <= _MAX_UNIT and unit.isprintable() and unit == unit.strip()):
        _refuse(
            f"{place}.unit",
            f'must have 1 to {_MAX_UNIT} printable characters, such as "%", "kW" or "degC", and'
            f' "1" for a ratio, not {unit[:40]!r}',
        )
    _check_width(place, one)
    shortest, longest = _VALID_FOR_S
    if one.valid_for_s is not None and not shortest <= one.valid_for_s <= longest:
        _refuse(
            f"{place}.valid_for",
            f"must be {shortest:g} s to {longest:g} s, or absent for 60 s, not {one.valid_for_s} s",
        )


def _check_width(place: str, one: ProcessValueDefinition) -> None:
    width = one.bin_width
    if one.role is ProcessValueRole.LOAD and width is None:
        _refuse(
            f"{place}.bin_width",
            "must be given for the role LOAD: the width of a bin in the unit of the load, such as"
            " a tenth of the full load",
        )
    if width is not None and not (math.isfinite(width) and width > 0.0):
        _refuse(f"{place}.bin_width", f"must be a finite number > 0, or absent, not {width}")


def _refuse(place: str, problem: str) -> None:
    raise InvalidField(f"{_FIELD}{place} {problem}.", field=f"{_FIELD}{place}")
