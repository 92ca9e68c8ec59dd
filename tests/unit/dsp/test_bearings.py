"""Fault frequencies against published figures."""

import csv
import math
from dataclasses import astuple
from importlib import resources

import numpy as np
import pytest

from kurto_dsp import ParameterError
from kurto_dsp.bearings import (
    SKF_6205_2RS_JEM,
    BearingGeometry,
    find_bearing,
    known_bearings,
    parse_bearing,
    read_bearings,
)


@pytest.mark.parametrize(
    ("name", "shaft_hz", "expected"),
    [
        ("6205-2RS JEM", 30.0, (107.54, 162.46, 70.70, 11.95)),
        ("UER204", 40.0, (123.32, 196.68, 82.66, 15.42)),
    ],
)
def test_golden_frequencies(name: str, shaft_hz: float, expected: tuple[float, ...]) -> None:
    frequencies = find_bearing(name).defect_frequencies(shaft_hz)
    assert astuple(frequencies) == pytest.approx(expected, abs=0.005)


def test_published_multiples_of_shaft_speed() -> None:
    drive_end = find_bearing("skf 6205").defect_frequencies(1.0)
    assert astuple(drive_end) == pytest.approx((3.5848, 5.4152, 2.3567, 0.39828), abs=3e-4)
    fan_end = find_bearing("6203").defect_frequencies(1.0)
    assert fan_end.bpfo_hz == pytest.approx(3.0530, abs=3e-4)
    assert fan_end.bpfi_hz == pytest.approx(4.9469, abs=3e-4)
    assert 2 * fan_end.bsf_hz == pytest.approx(3.9874, abs=5e-4)
    assert fan_end.ftf_hz == pytest.approx(0.3817, abs=3e-4)


@pytest.mark.parametrize("bearing", known_bearings(), ids=lambda b: b.designation)
def test_identities_between_the_frequencies(bearing: BearingGeometry) -> None:
    shaft_hz = 23.7
    found = bearing.defect_frequencies(shaft_hz)
    assert found.bpfo_hz + found.bpfi_hz == pytest.approx(bearing.element_count * shaft_hz)
    assert found.bpfo_hz == pytest.approx(bearing.element_count * found.ftf_hz)


def test_contact_angle_shrinks_the_effective_ratio() -> None:
    angled = BearingGeometry(10, 8.0, 40.0, 60.0).defect_frequencies(1.0)
    assert angled.bpfo_hz == pytest.approx(5 * (1 - 0.2 * math.cos(math.radians(60))))
    assert angled.bsf_hz == pytest.approx(2.5 * (1 - 0.1**2))


def test_impossible_geometry_and_speed_are_refused() -> None:
    for arguments in ((0, 8.0, 40.0), (9, 0.0, 40.0), (9, 40.0, 40.0), (9, 8.0, 40.0, 90.0)):
        with pytest.raises(ParameterError, match="got"):
            BearingGeometry(*arguments)
    for shaft_hz in (-1.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match="shaft_hz"):
            SKF_6205_2RS_JEM.defect_frequencies(shaft_hz)


def test_unknown_and_ambiguous_names_list_what_there_is() -> None:
    with pytest.raises(ParameterError, match=r"not a known bearing; .*SKF 6210.*element count"):
        find_bearing("NU 210")
    with pytest.raises(ParameterError, match=r"several bearings: .*6205.*6203"):
        find_bearing("SKF")
    with pytest.raises(ParameterError, match="not a known"):
        find_bearing(" ")
    # Another maker's bearing of the same number may have other balls.
    with pytest.raises(ParameterError, match="nearest are SKF 6205"):
        find_bearing("NTN 6205")


@pytest.mark.parametrize(
    ("name", "designation"),
    [
        ("6205-2RS", "SKF 6205-2RS JEM"),
        ("6205", "SKF 6205-2RS JEM"),
        ("6205ZZ", "SKF 6205-2RS JEM"),
        ("6206-2RS1/C3", "SKF 6206"),
        ("skf  6308 c3", "SKF 6308"),
        ("608-2Z", "SKF 608"),
        ("er16k", "MB ER-16K"),
        ("UER204", "LDK UER204"),
    ],
)
def test_seals_clearance_case_and_hyphens_do_not_matter(name: str, designation: str) -> None:
    assert find_bearing(name).designation == designation


@pytest.mark.parametrize("name", ["620", "205", "62", "05"])
def test_part_of_a_number_is_no_bearing(name: str) -> None:
    with pytest.raises(ParameterError, match="not a known"):
        find_bearing(name)


def catalogue_rows() -> list[dict[str, str]]:
    table = resources.files("kurto_dsp.bearings").joinpath("catalogue.csv")
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def test_catalogue_is_large_and_says_where_each_entry_comes_from() -> None:
    assert len(known_bearings()) >= 60
    assert len({bearing.designation for bearing in known_bearings()}) == len(known_bearings())
    assert all(bearing.maker and bearing.source for bearing in known_bearings())
    assert find_bearing("SKF 6205-2RS JEM") == SKF_6205_2RS_JEM
    assert not SKF_6205_2RS_JEM.is_approximate
    for row in catalogue_rows():
        assert find_bearing(row["designation"]).designation == row["designation"]


ISO_76_F0 = (
    (0.13, 15.6), (0.14, 15.4), (0.15, 15.2), (0.16, 14.9), (0.17, 14.7), (0.18, 14.4),
    (0.19, 14.2), (0.20, 14.0), (0.21, 13.7), (0.22, 13.5), (0.23, 13.2), (0.24, 13.0),
    (0.25, 12.8), (0.26, 12.5), (0.27, 12.3), (0.28, 12.1), (0.29, 11.8), (0.30, 11.6),
    (0.31, 11.4), (0.32, 11.2), (0.33, 10.9), (0.34, 10.7), (0.35, 10.5),
)  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [row for row in catalogue_rows() if row["approximate"] == "yes"],
    ids=lambda row: row["designation"],
)
def test_approximate_entries_give_the_makers_static_load_rating(row: dict[str, str]) -> None:
    # ISO 76: C0 = f0·Z·Dw² for one row of balls; one ball more or less is 8 to 15 % off.
    count, ball_mm = int(row["element_count"]), float(row["element_diameter_mm"])
    pitch_mm = float(row["pitch_diameter_mm"])
    assert pitch_mm == (float(row["bore_mm"]) + float(row["outside_mm"])) / 2
    ratios, factors = np.transpose(ISO_76_F0)
    f0 = float(np.interp(ball_mm / pitch_mm, ratios, factors))
    rating_kn = f0 * count * ball_mm**2 / 1000
    assert rating_kn == pytest.approx(float(row["static_load_rating_kn"]), rel=0.02)
    # Balls are whole 64ths of an inch, and fit between the rings side by side.
    assert ball_mm / 25.4 * 64 == pytest.approx(round(ball_mm / 25.4 * 64), abs=2e-3)
    assert count * ball_mm < math.pi * pitch_mm
    # Between displaced rings there is room for balls on a little more than half of the circle.
    filled_deg = (count - 1) * 2 * math.degrees(math.asin(ball_mm / pitch_mm))
    assert 174 < filled_deg < 198
    assert ball_mm < (float(row["outside_mm"]) - float(row["bore_mm"])) / 2


def test_own_bearings_extend_and_override_the_catalogue() -> None:
    own = read_bearings(
        "designation, element_count, element_diameter_mm, pitch_diameter_mm, approximate\n"
        "ACME 9, 11, 10, 60,\n"
        "SKF 6308, 9, 15, 65, yes\n"
    )
    bearings = (*own, *known_bearings())
    assert find_bearing("acme 9", bearings=bearings).element_count == 11
    assert find_bearing("SKF 6308", bearings=bearings).element_count == 9
    assert find_bearing("SKF 6308").element_count == 8
    assert own[1].is_approximate
    assert not own[0].is_approximate


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "missing: designation, element_count"),
        ("designation,element_count,element_diameter_mm\nX,8,7\n", "missing: pitch_diameter_mm"),
        (
            "designation,element_count,element_diameter_mm,pitch_diameter_mm\nX,8,7,5\n",
            "line 2 .*7.0 and 5.0",
        ),
        (
            "designation,element_count,element_diameter_mm,pitch_diameter_mm\nX,eight,7,50\n",
            "line 2 .*eight",
        ),
        ("designation,element_count,element_diameter_mm,pitch_diameter_mm\nX,8\n", "line 2"),
    ],
)
def test_bad_tables_name_the_line(text: str, problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        read_bearings(text)


def test_bearings_are_typed_in_as_numbers_or_by_name() -> None:
    assert parse_bearing("9,7.94,39.04") == BearingGeometry(9, 7.94, 39.04)
    assert parse_bearing(" 16, 8.4074, 71.501, 15.17 ").contact_angle_deg == 15.17
    assert parse_bearing("6205-2RS") == SKF_6205_2RS_JEM
    for text in ("9,7.94", "9,7.94,39.04,0,1", "9.5,7.94,39.04", "a,b,c", "9,nan,39"):
        with pytest.raises(ParameterError):
            parse_bearing(text)
