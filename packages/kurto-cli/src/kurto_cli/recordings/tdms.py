"""TDMS, the format of LabVIEW, through npTDMS; samples stay on disk."""

from __future__ import annotations

import importlib
import weakref
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings.csv_table import rate_of_step
from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import RecordedSpeed, Recording
from kurto_cli.recordings.stacking import stacked
from kurto_cli.recordings.unit_names import common_unit, told_unit


def read_tdms(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in the channels of a TDMS file.

    Parameters
    ----------
    path : Path
        The file; it stays open while the recording is used.
    chosen : sequence of str
        Channels, as ``group/channel``; empty for all that hold numbers.

    Raises
    ------
    RecordingError
        If npTDMS is missing, the file is cut off, or its channels have several rates or lengths.
    """
    try:
        nptdms = importlib.import_module("nptdms")
    except ImportError as error:
        raise RecordingError(
            f"{path}: TDMS files need npTDMS; install kurto-cli[formats]"
        ) from error
    with ExitStack() as until_known:
        stream = until_known.enter_context(path.open("rb"))
        file = nptdms.TdmsFile.open(stream)
        recording = _recording(path, file, chosen)
        # The samples are read from the file as long as somebody has them.
        weakref.finalize(recording.samples, until_known.pop_all().close)
    return recording


def _recording(path: Path, file: Any, chosen: Sequence[str]) -> Recording:
    if file.file_status.incomplete_final_segment:
        raise RecordingError(
            f"{path}: is cut off: its last segment is not complete; copy or record it again"
        )
    found = {
        f"{group.name}/{channel.name}": channel
        for group in file.groups()
        for channel in group.channels()
        if len(channel) and channel.dtype.kind in "fiu"
    }
    channels = _chosen(path, found, chosen)
    _require_alike(path, channels)
    first = next(iter(channels.values()))
    names = _short_names(channels)
    rpm = _rpm([file.properties, *(group.properties for group in file.groups()), first.properties])
    step_s = first.properties.get("wf_increment", 0.0)
    units = {
        names[path]: told_unit(str(channel.properties.get("unit_string", "")))
        for path, channel in channels.items()
    }
    return Recording(
        channels=tuple(names.values()),
        samples=stacked([_Channel(channel) for channel in channels.values()]),
        unit=common_unit(units.values()),
        channel_units={name: unit for name, unit in units.items() if unit is not None},
        sample_rate_hz=rate_of_step(step_s) if step_s > 0 else None,
        speed=RecordedSpeed(rpm / 60.0, is_measured=False) if rpm > 0 else None,
        aliases=names,
    )


def _chosen(path: Path, found: dict[str, Any], chosen: Sequence[str]) -> dict[str, Any]:
    unknown = [name for name in chosen if name not in found]
    if unknown or not found:
        there = ", ".join(found) or "no channel with numbers"
        what = f"no variable {unknown[0]!r}; it" if unknown else "it"
        raise RecordingError(f"{path}: {what} holds {there}")
    return {name: found[name] for name in chosen} if chosen else found


def _require_alike(path: Path, channels: dict[str, Any]) -> None:
    kinds = {(len(c), c.properties.get("wf_increment")) for c in channels.values()}
    if len(kinds) > 1:
        listed = ", ".join(f"{name} ({len(channel)})" for name, channel in channels.items())
        raise RecordingError(
            f"{path}: its channels have several lengths or rates, {listed}; choose with"
            " --variable GROUP/CHANNEL, several times for several channels"
        )


def _short_names(channels: dict[str, Any]) -> dict[str, str]:
    """Return the names of channels by path: without their group where that is enough."""
    counts = Counter(channel.name for channel in channels.values())
    return {
        name: channel.name if counts[channel.name] == 1 else name
        for name, channel in channels.items()
    }


def _rpm(properties: Sequence[Any]) -> float:
    for names in properties:
        for name, value in names.items():
            if name.lower() == "rpm" and isinstance(value, int | float | np.number):
                return float(value)
    return 0.0


class _Channel:
    """A channel on disk."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    @property
    def shape(self) -> tuple[int, int]:
        """One, and samples."""
        return 1, len(self._channel)

    def __getitem__(self, key: tuple[slice, slice]) -> npt.NDArray[Any]:
        """Return channels and columns."""
        channels, columns = key
        first, end, _ = columns.indices(len(self._channel))
        part = self._channel.read_data(first, max(0, end - first))
        return np.asarray(part)[np.newaxis][channels]
