"""Plain values that a data source gives for its machine."""

from typing import Any

import pytest

import kurto
from kurto.assets.v1 import assets_pb2 as pb
from kurto.machine_data import Bearing, MachineData

GEOMETRY = pb.BearingGeometry(element_count=9, element_diameter_mm=7.94, pitch_diameter_mm=39.04)


@pytest.mark.parametrize(
    "bearing",
    [(9, 7.94, 39.04), [9.0, 7.94, 39.04], "9,7.94,39.04", kurto.BearingGeometry(9, 7.94, 39.04)],
)
def test_geometry_is_given_in_any_of_these_ways(bearing: Bearing) -> None:
    assert MachineData(bearing=bearing).to_proto().bearing.geometry == GEOMETRY


def test_fourth_number_is_the_contact_angle() -> None:
    for bearing in ((9, 7.94, 39.04, 15), "9, 7.94, 39.04, 15"):
        geometry = MachineData(bearing=bearing).to_proto().bearing.geometry
        assert geometry.contact_angle_deg == 15.0


@pytest.mark.parametrize("name", ["6205", "SKF 6205-2RS", "6205,C3"])
def test_other_texts_are_designations(name: str) -> None:
    assert MachineData(bearing=name).to_proto().bearing.designation == name


@pytest.mark.parametrize(
    ("text", "group", "support"),
    [
        ("group 2 rigid", pb.MACHINE_GROUP_2, pb.MACHINE_SUPPORT_RIGID),
        ("Group 1, flexible", pb.MACHINE_GROUP_1, pb.MACHINE_SUPPORT_FLEXIBLE),
        ("ISO 10816-3 group 1 rigid", pb.MACHINE_GROUP_1, pb.MACHINE_SUPPORT_RIGID),
    ],
)
def test_groups_are_written_as_people_say_them(text: str, group: int, support: int) -> None:
    industrial = MachineData(machine_class=text).to_proto().machine_class.industrial
    assert (industrial.group, industrial.support) == (group, support)


@pytest.mark.parametrize(
    ("text", "number"), [("class I", 1), ("Class II", 2), ("iso 10816-1 class iv", 4)]
)
def test_classes_are_written_as_the_standard_does(text: str, number: int) -> None:
    assert MachineData(machine_class=text).to_proto().machine_class.general == number


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"bearing": (9, 7.94)}, "pitch diameter"),
        ({"bearing": (9.5, 7.94, 39.04)}, "element count"),
        ({"bearing": "9,7.94"}, "element count"),
        ({"machine_class": "group 2"}, "rigid"),
        ({"machine_class": "group 3 rigid"}, "group 1"),
        ({"machine_class": "class V"}, "class IV"),
        ({"gears": [(20, 57, 3)]}, "gears"),
        ({"demodulation_band_hz": (2000.0,)}, "two numbers"),
    ],
)
def test_what_is_written_otherwise_is_refused_with_what_to_give(
    given: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        MachineData(**given).to_proto()


def test_only_what_is_declared_is_compared_and_changed() -> None:
    stored = MachineData(
        nominal_speed_rpm=1480.0, bearing="SKF 6205", gears=[(20, 57), (19, 61)]
    ).to_proto()
    stored.version, stored.sample_rate_hz = 7, 25600.0
    declared = MachineData(
        bearing=(9, 7.94, 39.04), gears=[(21, 57)], nominal_speed_rpm=1480.0, line_frequency_hz=50.0
    )
    assert declared.differences(stored) == ["bearing", "gears", "line_frequency_hz"]
    declared.put_into(stored)
    assert declared.differences(stored) == []
    assert stored.bearing.geometry == GEOMETRY
    assert [(g.driving_teeth, g.driven_teeth) for g in stored.gears] == [(21, 57)]
    assert (stored.version, stored.sample_rate_hz, stored.nominal_speed_rpm) == (7, 25600.0, 1480.0)
    assert MachineData().differences(stored) == []
