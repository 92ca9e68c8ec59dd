"""Which variables of a file hold the samples, and which tell rate and speed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import RecordedSpeed, Recording
from kurto_cli.recordings.stacking import rows, stacked

_CWRU = re.compile(r"X(\d+)_(DE|FE|BA)_time")
_CWRU_POSITIONS = {"DE": "drive_end", "FE": "fan_end", "BA": "base"}
_RATE_NAMES = {"fs", "sr", "sample_rate", "sample_rate_hz", "samplerate", "sampling_rate"}
_TIME_NAMES = {"t", "time", "time_s", "ts"}
_MIN_SIGNAL = 16  # a signal has more samples than what lists settings
_NAMES_SHOWN = 12

Variables = Mapping[str, Any]
"""Arrays, or what is sliced like them, by name; fields of structures as ``structure.field``."""


def recording_of(path: Path, variables: Variables, chosen: Sequence[str]) -> Recording:
    """Return the recording in the variables of a file.

    Parameters
    ----------
    path : Path
        For messages, and for the number of a CWRU record.
    variables : Variables
        All of the file.
    chosen : sequence of str
        Which of them hold the samples; empty to find them.

    Raises
    ------
    RecordingError
        If none is chosen and several could be meant, or one that is chosen is not there.
    """
    if any(_CWRU.fullmatch(name) for name in variables) and (
        not _are_names(variables, chosen) or _are_of_one_record(chosen)
    ):
        return _cwru(path, variables, chosen)
    if chosen:
        return _assembled(path, variables, _looked_up(path, variables, chosen))
    if {"bearing.gs", "bearing.sr"} <= set(variables):
        return _mfpt(path, variables)
    candidates = [name for name, values in variables.items() if _is_signal(name, values)]
    if not candidates:
        raise RecordingError(
            f"{path}: holds no signal, but {_shown(variables)}; save real numbers of one or two"
            f" dimensions, {_MIN_SIGNAL} samples and more"
        )
    if len(candidates) > 1:
        raise RecordingError(
            f"{path}: several variables could be meant, {_shown(variables, candidates)};"
            " choose with --variable NAME, several times for several channels"
        )
    return _assembled(path, variables, candidates)


def _are_names(variables: Variables, chosen: Sequence[str]) -> bool:
    return bool(chosen) and all(name in variables for name in chosen)


def _are_of_one_record(chosen: Sequence[str]) -> bool:
    """Whether these are signals of one record of the Case Western Reserve University."""
    found = [_CWRU.fullmatch(name) for name in chosen]
    return all(found) and len({match[1] for match in found if match}) == 1


def _cwru(path: Path, variables: Variables, chosen: Sequence[str]) -> Recording:
    """Return a record of the Case Western Reserve University: some files hold two."""
    names = chosen if _are_names(variables, chosen) else variables
    found = [match for name in names if (match := _CWRU.fullmatch(name))]
    numbers = sorted({match[1] for match in found})
    number = numbers[0] if names is chosen else _record_number(path, numbers, chosen)
    columns = {
        _CWRU_POSITIONS[match[2]]: variables[match[0]] for match in found if match[1] == number
    }
    # Some published records repeat an earlier one; a position's channels have one length.
    length = min(max(values.shape) for values in columns.values())
    parts = [rows(values)[:, :length] for values in columns.values()]
    rpm = _scalar(variables.get(f"X{number}RPM"))
    aliases = {match[0]: _CWRU_POSITIONS[match[2]] for match in found if match[1] == number}
    aliases |= {match[2]: _CWRU_POSITIONS[match[2]] for match in found if match[1] == number}
    return Recording(
        channels=tuple(columns),
        samples=np.concatenate(parts).astype(np.float32),
        unit="g",
        speed=RecordedSpeed(rpm / 60.0, is_measured=True) if _is_speed(rpm) else None,
        aliases=aliases,
    )


def _record_number(path: Path, numbers: Sequence[str], chosen: Sequence[str]) -> str:
    records = ", ".join(f"X{number}" for number in numbers)
    if chosen:
        wanted = chosen[0].removeprefix("X")
        if len(chosen) > 1 or wanted not in numbers:
            raise RecordingError(f"{path}: no variable {', '.join(chosen)}; it holds {records}")
        return wanted
    own = re.match(r"\d+", path.stem)
    named = [number for number in numbers if own and int(number) == int(own[0])]
    if len(numbers) > 1 and not named:
        raise RecordingError(
            f"{path}: holds several records, {records}; choose with --variable {records[:4]}"
        )
    return (named or list(numbers))[0]


def _mfpt(path: Path, variables: Variables) -> Recording:
    """Return a record of the Machinery Failure Prevention Technology Society."""
    speed_hz = _scalar(variables.get("bearing.rate"))
    return Recording(
        channels=("bearing",),
        samples=rows(variables["bearing.gs"])[:].astype(np.float32),
        unit="g",
        sample_rate_hz=_positive(path, "bearing.sr", _scalar(variables["bearing.sr"])),
        speed=RecordedSpeed(speed_hz, is_measured=False) if _is_speed(speed_hz) else None,
        aliases={"bearing.gs": "bearing"},
    )


def _assembled(path: Path, variables: Variables, names: Sequence[str]) -> Recording:
    parts = [rows(variables[name]) for name in names]
    lengths = {part.shape[1] for part in parts}
    if len(lengths) > 1:
        raise RecordingError(
            f"{path}: {_shown(variables, names)} differ in length; choose variables of one length"
        )
    channels = [
        name if part.shape[0] == 1 else f"{name}.{row + 1}"
        for name, part in zip(names, parts, strict=True)
        for row in range(part.shape[0])
    ]
    rate = _first_scalar(variables, _RATE_NAMES)
    rpm = _first_scalar(variables, {"rpm"})
    return Recording(
        channels=tuple(channels),
        samples=stacked(parts),
        unit=None,
        sample_rate_hz=None if rate is None else _positive(path, *rate),
        speed=RecordedSpeed(rpm[1] / 60.0, is_measured=False)
        if rpm is not None and _is_speed(rpm[1])
        else None,
    )


def _looked_up(path: Path, variables: Variables, chosen: Sequence[str]) -> list[str]:
    for name in chosen:
        if name not in variables:
            raise RecordingError(f"{path}: no variable {name!r}; it holds {_shown(variables)}")
        if not _is_numeric(variables[name]):
            raise RecordingError(f"{path}: {name} holds no numbers; choose another --variable")
    return list(chosen)


def _is_signal(name: str, values: Any) -> bool:
    last = name.rpartition(".")[2].lower()
    return _is_numeric(values) and max(values.shape) >= _MIN_SIGNAL and last not in _TIME_NAMES


def _is_numeric(values: Any) -> bool:
    shape = getattr(values, "shape", ())
    return len(shape) in (1, 2) and values.dtype.kind in "fiu" and 0 not in shape


def _first_scalar(variables: Variables, names: set[str]) -> tuple[str, float] | None:
    for name, values in variables.items():
        if name.rpartition(".")[2].lower() in names and (number := _scalar(values)) is not None:
            return name, number
    return None


def _scalar(values: Any) -> float | None:
    """Return the one number of a variable, None if it holds something else."""
    array = np.asarray(values if values is not None else [])
    if array.size != 1 or array.dtype.kind not in "fiu":
        return None
    return float(array.ravel()[0])


def _is_speed(number: float | None) -> TypeGuard[float]:
    return number is not None and 0 < number < np.inf


def _positive(path: Path, name: str, number: float | None) -> float:
    if number is None or not 0 < number < np.inf:
        raise RecordingError(f"{path}: its {name} is {number}, no sample rate; correct the file")
    return number


def _shown(variables: Variables, names: Sequence[str] | None = None) -> str:
    wanted = list(variables) if names is None else list(names)
    if not wanted:
        return "nothing"
    texts = [f"{name} {_shape(variables[name])}".strip() for name in wanted[:_NAMES_SHOWN]]
    more = len(wanted) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")


def _shape(values: Any) -> str:
    shape = getattr(values, "shape", ())
    return f"({' x '.join(map(str, shape))})" if shape else ""
