"""What is declared of a machine, as the column ``machine_data`` holds it.

Only what is declared is written: a release that knows more adds keys, and one that knows less reads
past them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kurto_ingest.assets.machine_data import (
    BearingGeometry,
    FrequencyBand,
    GearStage,
    GeneralMachineClass,
    IndustrialMachine,
    MachineClass,
    MachineData,
    MachineGroup,
    MachineSupport,
)
from kurto_ingest.assets.process_values import ProcessValueDefinition, ProcessValueRole

__all__ = ["machine_data_from_json", "machine_data_json"]


def machine_data_json(data: MachineData) -> str:
    """Return `data` as the column holds it.

    Examples
    --------
    >>> machine_data_json(MachineData(nominal_speed_rpm=1480.0, bearing="SKF 6205-2RS"))
    '{"nominal_speed_rpm": 1480.0, "bearing": "SKF 6205-2RS"}'
    """
    values: dict[str, Any] = {
        "nominal_speed_rpm": data.nominal_speed_rpm,
        "bearing": asdict(data.bearing)
        if isinstance(data.bearing, BearingGeometry)
        else data.bearing,
        "machine_class": _class_value(data.machine_class),
        "gears": [[stage.driving_teeth, stage.driven_teeth] for stage in data.gears] or None,
        "line_frequency_hz": data.line_frequency_hz,
        "demodulation_band": data.demodulation_band and asdict(data.demodulation_band),
        "process_values": [_process_value(one) for one in data.process_values] or None,
    }
    return json.dumps({key: value for key, value in values.items() if value is not None})


def _class_value(machine_class: MachineClass | None) -> dict[str, Any] | None:
    if machine_class is None:
        return None
    if isinstance(machine_class, GeneralMachineClass):
        return {"standard": "ISO 10816-1", "class": int(machine_class)}
    return {
        "standard": "ISO 10816-3",
        "group": int(machine_class.group),
        "support": machine_class.support.name.lower(),
    }


def _process_value(one: ProcessValueDefinition) -> dict[str, Any]:
    values = {**asdict(one), "role": one.role.name.lower() if one.role else None}
    return {key: value for key, value in values.items() if value is not None}


def machine_data_from_json(text: str) -> MachineData:
    """Return what the column holds."""
    values: dict[str, Any] = json.loads(text)
    bearing, band = values.get("bearing"), values.get("demodulation_band")
    return MachineData(
        nominal_speed_rpm=values.get("nominal_speed_rpm"),
        bearing=BearingGeometry(**bearing) if isinstance(bearing, dict) else bearing,
        machine_class=_class_from(values.get("machine_class")),
        gears=tuple(
            GearStage(driving_teeth=driving, driven_teeth=driven)
            for driving, driven in values.get("gears", ())
        ),
        line_frequency_hz=values.get("line_frequency_hz"),
        demodulation_band=FrequencyBand(**band) if band else None,
        process_values=tuple(
            ProcessValueDefinition(
                **{**value, "role": ProcessValueRole[value.get("role", "unspecified").upper()]}
            )
            for value in values.get("process_values", ())
        ),
    )


def _class_from(value: Mapping[str, Any] | None) -> MachineClass | None:
    if value is None:
        return None
    if value["standard"] == "ISO 10816-1":
        return GeneralMachineClass(value["class"])
    return IndustrialMachine(
        group=MachineGroup(value["group"]), support=MachineSupport[value["support"].upper()]
    )
