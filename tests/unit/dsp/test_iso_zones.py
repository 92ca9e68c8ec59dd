"""ISO zones and limits: the values of the standards, their borders, and what is refused."""

import math

import numpy as np
import pytest

from kurto_dsp.condition import (
    GradingRefusedError,
    Iso10816Class,
    Machine,
    MachineGroup,
    MachineKind,
    Reading,
    RefusalReason,
    Support,
    VibrationQuantity,
    Zone,
    ZoneTable,
    grade,
    iso_10816_1_table,
    iso_10816_3_table,
    machine_table,
    operating_limits,
    zone_place,
)
from kurto_dsp.exceptions import ParameterError

_G1, _G2 = MachineGroup.GROUP_1, MachineGroup.GROUP_2
_RIGID, _FLEXIBLE = Support.RIGID, Support.FLEXIBLE

#: mm/s A/B B/C C/D and µm A/B B/C C/D, as in ISO 10816-3:2009
_PUBLISHED = [
    (_G1, _RIGID, (2.3, 4.5, 7.1), (29.0, 57.0, 90.0)),
    (_G1, _FLEXIBLE, (3.5, 7.1, 11.0), (45.0, 90.0, 140.0)),
    (_G2, _RIGID, (1.4, 2.8, 4.5), (22.0, 45.0, 71.0)),
    (_G2, _FLEXIBLE, (2.3, 4.5, 7.1), (37.0, 71.0, 113.0)),
]


def _zone(table: ZoneTable, *readings: tuple[float, str]) -> Zone:
    return grade([Reading(value, unit) for value, unit in readings], table, speed_rpm=1500).zone


@pytest.mark.parametrize(("group", "support", "velocity", "displacement"), _PUBLISHED)
def test_a_value_on_a_boundary_belongs_to_the_lower_zone_and_the_next_one_does_not(
    group: MachineGroup,
    support: Support,
    velocity: tuple[float, ...],
    displacement: tuple[float, ...],
) -> None:
    table = iso_10816_3_table(group, support)
    for unit, boundaries in (("mm/s", velocity), ("um", displacement)):
        assert _zone(table, (0.0, unit)) is Zone.A
        for lower, upper, boundary in zip("ABC", "BCD", boundaries, strict=True):
            assert _zone(table, (boundary, unit)) is Zone(lower)
            assert _zone(table, (math.nextafter(boundary, 1e3), unit)) is Zone(upper)
    assert "10816-3:2009" in table.edition


@pytest.mark.parametrize(
    ("machine_class", "boundaries"),
    [
        (Iso10816Class.CLASS_I, (0.71, 1.8, 4.5)),
        (Iso10816Class.CLASS_II, (1.12, 2.8, 7.1)),
        (Iso10816Class.CLASS_III, (1.8, 4.5, 11.2)),
        (Iso10816Class.CLASS_IV, (2.8, 7.1, 18.0)),
    ],
)
def test_the_classes_of_10816_1_are_a_table_of_their_own(
    machine_class: Iso10816Class, boundaries: tuple[float, ...]
) -> None:
    table = iso_10816_1_table(machine_class)
    zones = [_zone(table, (boundary, "mm/s")) for boundary in boundaries]
    assert zones == [Zone.A, Zone.B, Zone.C]
    assert _zone(table, (boundaries[-1] + 0.01, "mm/s")) is Zone.D
    assert "10816-1" in table.edition
    assert "10816-3" not in table.edition
    with pytest.raises(GradingRefusedError, match="no limits for displacement") as caught:
        _zone(table, (10.0, "um"))
    assert caught.value.reason is RefusalReason.NO_LIMITS


def test_the_worse_of_velocity_and_displacement_and_the_worst_point_count() -> None:
    table = iso_10816_3_table(_G2, _RIGID)
    readings = [
        Reading(1.0, "mm/s", "drive end, horizontal"),
        Reading(50.0, "um", "drive end, vertical"),
        Reading(2.0, "mm/s", "non-drive end, axial"),
    ]
    graded = grade(readings, table, speed_rpm=1480)
    assert graded.zone is Zone.C
    assert graded.worst.point == "drive end, vertical"
    assert graded.quantity is VibrationQuantity.DISPLACEMENT
    assert graded.table is table
    assert graded.remarks == ()
    assert grade(readings[::2], table, speed_rpm=1480).zone is Zone.B
    assert grade(readings[::2], table, speed_rpm=1480).worst.point == "non-drive end, axial"


@pytest.mark.parametrize("unit", ["um", "µm", "μm"])
def test_micrometres_may_be_written_three_ways(unit: str) -> None:
    assert _zone(iso_10816_3_table(_G1, _RIGID), (58.0, unit)) is Zone.C


def test_points_without_a_value_are_left_out_and_named() -> None:
    table = iso_10816_3_table(_G2, _RIGID)
    readings = [Reading(math.nan, "mm/s", "NDE"), Reading(3.0, "mm/s", "DE")]
    graded = grade(readings, table, speed_rpm=1480)
    assert graded.zone is Zone.C
    assert any("NDE" in remark for remark in graded.remarks)
    with pytest.raises(GradingRefusedError) as caught:
        grade(readings[:1], table)
    assert caught.value.reason is RefusalReason.NO_VALUE


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (Machine(), RefusalReason.GROUP_MISSING),
        (Machine(support=_RIGID), RefusalReason.GROUP_MISSING),
        (Machine(_G1), RefusalReason.SUPPORT_MISSING),
        (Machine(power_kw=55.0), RefusalReason.SUPPORT_MISSING),
        (Machine(_G2, _RIGID, MachineKind.PUMP), RefusalReason.PUMP),
        (Machine(_G2, _RIGID, MachineKind.RECIPROCATING), RefusalReason.RECIPROCATING),
        (Machine(_G2, _RIGID, power_kw=11.0), RefusalReason.TOO_SMALL),
        (Machine(None, _RIGID, power_kw=15.0), RefusalReason.TOO_SMALL),
        (Machine(None, _RIGID, power_kw=math.nan), RefusalReason.TOO_SMALL),
        (Machine(None, _RIGID, shaft_height_mm=132.0), RefusalReason.TOO_SMALL),
        (Machine(None, _RIGID, power_kw=60_000.0), RefusalReason.TOO_LARGE),
    ],
)
def test_what_the_standard_does_not_cover_is_refused_with_a_reason(
    machine: Machine, reason: RefusalReason
) -> None:
    with pytest.raises(GradingRefusedError) as caught:
        machine_table(machine)
    assert caught.value.reason is reason
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize(
    ("machine", "group"),
    [
        (Machine(None, _RIGID, power_kw=15.1), _G2),
        (Machine(None, _RIGID, power_kw=300.0), _G2),
        (Machine(None, _RIGID, power_kw=300.1), _G1),
        (Machine(None, _RIGID, power_kw=50_000.0), _G1),
        (Machine(None, _RIGID, shaft_height_mm=160.0), _G2),
        (Machine(None, _RIGID, shaft_height_mm=314.9), _G2),
        (Machine(None, _RIGID, shaft_height_mm=315.0), _G1),
        (Machine(None, _RIGID, power_kw=200.0, shaft_height_mm=315.0), _G1),
    ],
)
def test_the_group_follows_from_power_or_shaft_height(
    machine: Machine, group: MachineGroup
) -> None:
    assert machine_table(machine) == iso_10816_3_table(group, _RIGID)


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading(1.0, None), RefusalReason.UNIT_MISSING),
        (Reading(1.0, ""), RefusalReason.UNIT_MISSING),
        (Reading(1.0, "in/s"), RefusalReason.UNIT_UNKNOWN),
        (Reading(1.0, "g"), RefusalReason.UNIT_UNKNOWN),
        (Reading(-0.1, "mm/s"), RefusalReason.VALUE_IMPOSSIBLE),
        (Reading(math.inf, "mm/s"), RefusalReason.VALUE_IMPOSSIBLE),
    ],
)
def test_readings_that_cannot_be_graded_are_refused(
    reading: Reading, reason: RefusalReason
) -> None:
    with pytest.raises(GradingRefusedError) as caught:
        grade([reading], iso_10816_3_table(_G1, _RIGID))
    assert caught.value.reason is reason


@pytest.mark.parametrize("speed_rpm", [119.9, 15_000.1, 0.0, math.nan, -1500.0])
def test_speeds_outside_of_the_range_are_refused(speed_rpm: float) -> None:
    with pytest.raises(GradingRefusedError, match="120 to 15000") as caught:
        grade([Reading(1.0, "mm/s")], iso_10816_3_table(_G1, _RIGID), speed_rpm=speed_rpm)
    assert caught.value.reason is RefusalReason.SPEED_OUTSIDE_RANGE


def test_slow_and_unknown_speeds_are_remarked() -> None:
    table = iso_10816_3_table(_G1, _RIGID)
    assert grade([Reading(1.0, "mm/s")], table, speed_rpm=120).remarks
    assert grade([Reading(1.0, "mm/s")], table, speed_rpm=15_000).remarks == ()
    assert grade([Reading(1.0, "mm/s", low_edge_hz=2.0)], table, speed_rpm=600).remarks == ()
    assert grade([Reading(1.0, "mm/s")], table).remarks


@pytest.mark.parametrize(
    ("baseline", "alarm", "trip"), [(0.9, 1.6, 5.625), (2.9, 3.5, 5.625), (None, 2.8, 4.5)]
)
def test_limits_of_group_2_rigid_follow_the_worked_examples(
    baseline: float | None, alarm: float, trip: float
) -> None:
    limits = operating_limits(iso_10816_3_table(_G2, _RIGID), baseline=baseline)
    assert limits.alarm == pytest.approx(alarm, rel=1e-12)
    assert limits.trip == pytest.approx(trip, rel=1e-12)
    assert limits.significant_change == pytest.approx(0.7, rel=1e-12)


def test_limits_of_displacement_and_what_they_refuse() -> None:
    table = iso_10816_3_table(_G1, _FLEXIBLE)
    limits = operating_limits(table, quantity=VibrationQuantity.DISPLACEMENT, baseline=100.0)
    assert (limits.alarm, limits.trip) == (1.25 * 90.0, 1.25 * 140.0)
    for baseline in (-1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match="baseline"):
            operating_limits(table, baseline=baseline)
    with pytest.raises(ParameterError, match="no limits"):
        operating_limits(
            iso_10816_1_table(Iso10816Class.CLASS_I), quantity=VibrationQuantity.DISPLACEMENT
        )


@pytest.mark.parametrize("group", list(MachineGroup))
@pytest.mark.parametrize("support", list(Support))
def test_the_place_among_zones_agrees_with_the_zone(group: MachineGroup, support: Support) -> None:
    table = iso_10816_3_table(group, support)
    bounds = table.velocity_mm_s
    corners = np.array([bounds.a_b, bounds.b_c, bounds.c_d])
    np.testing.assert_array_equal(zone_place(corners, bounds), [1.0, 2.0, 3.0])
    values = np.linspace(0.0, 2.0 * bounds.c_d, 400)
    places = zone_place(values, bounds)
    assert (np.diff(places) > 0.0).all()
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        zone = grade([Reading(value, "mm/s")], table).zone
        assert zone is list(Zone)[min(max(math.ceil(place) - 1, 0), 3)]


def test_no_value_has_no_place() -> None:
    bounds = iso_10816_3_table(MachineGroup.GROUP_2, Support.RIGID).velocity_mm_s
    assert np.isnan(zone_place(np.array([math.nan]), bounds)).all()
