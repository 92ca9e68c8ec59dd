"""Universal files, data set 58 (functions at nodal degrees of freedom), through pyuff."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings.csv_table import rate_of_step
from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import Recording
from kurto_cli.recordings.unit_names import common_unit, told_unit

_FUNCTION = 58
_TIME_RESPONSE, _GENERAL = 1, 0
_REAL_TYPES = (2, 4)
_EVEN = 1
_TIME_AXIS = (0, 1, 17)  # unknown, general, time
_STEP_DIGITS = 1e-5  # the increment is written with six digits
_DIRECTIONS = {0: "", 1: "+X", 2: "+Y", 3: "+Z", 4: "+RX", 5: "+RY", 6: "+RZ"}


def read_uff(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in the time responses of a universal file.

    Raises
    ------
    RecordingError
        If pyuff is missing, the file is cut off, or holds no time responses of one rate and length.
    """
    if chosen:
        raise RecordingError(f"{path}: has channels, not variables; choose with --channel")
    try:
        pyuff = importlib.import_module("pyuff")
    except ImportError as error:
        raise RecordingError(
            f"{path}: universal files need pyuff; install kurto-cli[formats]"
        ) from error
    file = pyuff.UFF(str(path))
    places = np.flatnonzero(np.atleast_1d(file.get_set_types()) == _FUNCTION).tolist()
    sets = [file.read_sets(place) for place in places]
    responses = [item for item in sets if _is_time_response(item)]
    if not responses:
        raise RecordingError(
            f"{path}: holds no time response (data set 58, evenly spaced, real); export the time"
            " signal, not spectra"
        )
    return _recording(path, responses)


def _is_time_response(item: Mapping[str, Any]) -> bool:
    return (
        item["func_type"] in (_TIME_RESPONSE, _GENERAL)
        and item["ord_data_type"] in _REAL_TYPES
        and item["abscissa_spacing"] == _EVEN
        and item["abscissa_spec_data_type"] in _TIME_AXIS
    )


def _recording(path: Path, responses: Sequence[Mapping[str, Any]]) -> Recording:
    kinds = {(item["num_pts"], item["abscissa_inc"]) for item in responses}
    if len(kinds) > 1:
        raise RecordingError(
            f"{path}: its responses have several lengths or rates; put them in files of their own"
        )
    count, step_s = kinds.pop()
    if any(len(item["data"]) < count for item in responses):
        raise RecordingError(
            f"{path}: is cut off: fewer than {count} values are there; copy or export it again"
        )
    samples: npt.NDArray[np.float32] = np.array(
        [item["data"][:count] for item in responses], np.float32
    )
    names = _names(responses)
    told = [told_unit(str(item.get("ordinate_axis_units_lab", ""))) for item in responses]
    units = dict(zip(names, told, strict=True))
    return Recording(
        channels=names,
        samples=samples,
        unit=common_unit(units.values()),
        channel_units={name: unit for name, unit in units.items() if unit is not None},
        sample_rate_hz=rate_of_step(step_s, _STEP_DIGITS) if step_s > 0 else None,
    )


def _names(responses: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the descriptions where they differ, else nodes and directions, else numbers."""
    described = tuple(str(item["id1"]).strip() for item in responses)
    nodes = tuple(f"{item['rsp_node']}{_direction(item['rsp_dir'])}" for item in responses)
    for names in (described, nodes):
        if len(set(names)) == len(names) and not {"", "NONE"} & set(names):
            return names
    return tuple(f"channel_{number + 1}" for number in range(len(responses)))


def _direction(number: int) -> str:
    return _DIRECTIONS.get(abs(number), "").replace("+", "-" if number < 0 else "+")
