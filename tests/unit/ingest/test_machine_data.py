"""What may be declared of a machine, and that nothing of it is lost on the way."""

import math
from dataclasses import replace
from typing import Any

import pytest

from kurto.assets.v1 import assets_pb2 as pb
from kurto_ingest.assets.machine_data import (
    BearingGeometry,
    FrequencyBand,
    GearStage,
    GeneralMachineClass,
    IndustrialMachine,
    MachineData,
    MachineGroup,
    MachineSupport,
)
from kurto_ingest.assets.machine_messages import machine_data_from_message, put_machine_data
from kurto_ingest.assets.machine_validation import check_machine_data
from kurto_ingest.exceptions import InvalidField
from kurto_ingest.postgres.machine_json import machine_data_from_json, machine_data_json

RATE_HZ = 25_600.0
GEOMETRY = BearingGeometry(element_count=9, element_diameter_mm=7.94, pitch_diameter_mm=39.04)
FULL = MachineData(
    nominal_speed_rpm=1797.0,
    bearing=GEOMETRY,
    machine_class=IndustrialMachine(group=MachineGroup.GROUP_2, support=MachineSupport.RIGID),
    gears=(
        GearStage(driving_teeth=20, driven_teeth=57),
        GearStage(driving_teeth=19, driven_teeth=61),
    ),
    line_frequency_hz=50.0,
    demodulation_band=FrequencyBand(low_hz=2000.0, high_hz=9984.0),
)
GOOD = [
    MachineData(),
    FULL,
    MachineData(bearing="SKF 6205-2RS JEM"),
    MachineData(machine_class=GeneralMachineClass.IV),
    MachineData(nominal_speed_rpm=0.5),
    MachineData(nominal_speed_rpm=600_000.0),
    MachineData(bearing=replace(GEOMETRY, contact_angle_deg=40.0)),
]


@pytest.mark.parametrize("data", GOOD)
def test_what_is_declared_comes_back_from_a_message_and_from_a_row(data: MachineData) -> None:
    check_machine_data(data, RATE_HZ)
    message = pb.SensorConfig()
    put_machine_data(data, message)
    received = pb.SensorConfig.FromString(message.SerializeToString())
    assert machine_data_from_message(received) == data
    assert machine_data_from_json(machine_data_json(data)) == data


def test_nothing_declared_is_an_empty_message_and_an_empty_object() -> None:
    message = pb.SensorConfig()
    put_machine_data(MachineData(), message)
    assert message == pb.SensorConfig()
    assert machine_data_json(MachineData()) == "{}"


def test_what_a_later_release_has_added_to_a_row_is_read_past() -> None:
    text = machine_data_json(FULL)[:-1] + ', "coupling_type": "jaw"}'
    assert machine_data_from_json(text) == FULL


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"nominal_speed_rpm": 0.0}, "nominal_speed_rpm", "above 0"),
        ({"nominal_speed_rpm": -1.0}, "nominal_speed_rpm", "above 0"),
        ({"nominal_speed_rpm": math.nan}, "nominal_speed_rpm", "above 0"),
        ({"nominal_speed_rpm": math.inf}, "nominal_speed_rpm", "600000"),
        ({"line_frequency_hz": 0.0}, "line_frequency_hz", "50 or 60"),
        ({"line_frequency_hz": math.nan}, "line_frequency_hz", "50 or 60"),
        ({"line_frequency_hz": 1001.0}, "line_frequency_hz", "1000"),
        ({"bearing": ""}, "bearing.designation", "1 to 64"),
        ({"bearing": " 6205"}, "bearing.designation", "spaces"),
        ({"bearing": "6205\x00"}, "bearing.designation", "printable"),
        ({"bearing": "6" * 65}, "bearing.designation", "1 to 64"),
        ({"bearing": replace(GEOMETRY, element_count=1)}, "bearing.geometry.element_count", "2"),
        (
            {"bearing": replace(GEOMETRY, element_diameter_mm=39.04)},
            "bearing.geometry.element_diameter_mm",
            "below pitch_diameter_mm",
        ),
        (
            {"bearing": replace(GEOMETRY, element_diameter_mm=math.nan)},
            "bearing.geometry.element_diameter_mm",
            "above 0",
        ),
        (
            {"bearing": replace(GEOMETRY, pitch_diameter_mm=math.inf)},
            "bearing.geometry.pitch_diameter_mm",
            "20000 mm",
        ),
        (
            {"bearing": replace(GEOMETRY, pitch_diameter_mm=39.04 / 2)},
            "bearing.geometry.element_diameter_mm",
            "not radii",
        ),
        (
            {"bearing": replace(GEOMETRY, contact_angle_deg=90.0)},
            "bearing.geometry.contact_angle_deg",
            "below 90",
        ),
        (
            {
                "machine_class": IndustrialMachine(
                    group=MachineGroup.UNSPECIFIED, support=MachineSupport.RIGID
                )
            },
            "machine_class.industrial.group",
            "300 kW",
        ),
        (
            {
                "machine_class": IndustrialMachine(
                    group=MachineGroup.GROUP_1, support=MachineSupport.UNSPECIFIED
                )
            },
            "machine_class.industrial.support",
            "RIGID",
        ),
        (
            {"machine_class": GeneralMachineClass.UNSPECIFIED},
            "machine_class.general",
            "class I",
        ),
        ({"gears": (GearStage(driving_teeth=1, driven_teeth=1),) * 17}, "gears", "16 stages"),
        (
            {"gears": (GearStage(driving_teeth=20, driven_teeth=0),)},
            "gears[0].driven_teeth",
            "1 to 10000",
        ),
        (
            {"demodulation_band": FrequencyBand(low_hz=2000.0, high_hz=9985.0)},
            "demodulation_band",
            "9984 Hz",
        ),
        (
            {"demodulation_band": FrequencyBand(low_hz=8000.0, high_hz=2000.0)},
            "demodulation_band",
            "low_hz < high_hz",
        ),
        (
            {"demodulation_band": FrequencyBand(low_hz=math.nan, high_hz=2000.0)},
            "demodulation_band",
            "low_hz < high_hz",
        ),
        (
            {"demodulation_band": FrequencyBand(low_hz=2000.0, high_hz=2255.0)},
            "demodulation_band",
            "256 Hz wide",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(
    changes: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(InvalidField, match=r"sensor\.config") as caught:
        check_machine_data(replace(FULL, **changes), RATE_HZ)
    assert caught.value.metadata["field"] == f"sensor.config.{field}"
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (pb.SensorConfig(bearing=pb.Bearing()), "bearing"),
        (pb.SensorConfig(machine_class=pb.MachineClass()), "machine_class"),
        (
            pb.SensorConfig(machine_class={"general": 9}),
            "machine_class.general",
        ),
        (
            pb.SensorConfig(machine_class={"industrial": {"group": 3}}),
            "machine_class.industrial.group",
        ),
    ],
)
def test_empty_and_unknown_choices_are_refused(config: pb.SensorConfig, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        machine_data_from_message(config)
    assert caught.value.metadata["field"] == f"sensor.config.{field}"
