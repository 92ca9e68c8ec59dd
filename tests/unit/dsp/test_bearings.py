"""Fault frequencies against published figures."""

import math
from dataclasses import astuple

import pytest

from kurto_dsp import ParameterError
from kurto_dsp.bearings import KNOWN_BEARINGS, BearingGeometry, find_bearing


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


@pytest.mark.parametrize("bearing", KNOWN_BEARINGS, ids=lambda b: b.designation)
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
            KNOWN_BEARINGS[0].defect_frequencies(shaft_hz)


def test_unknown_and_ambiguous_names_list_what_there_is() -> None:
    with pytest.raises(ParameterError, match=r"not a known bearing: .*UER204"):
        find_bearing("NU 210")
    with pytest.raises(ParameterError, match=r"several bearings: .*6205.*6203"):
        find_bearing("SKF")
    with pytest.raises(ParameterError, match="not a known"):
        find_bearing(" ")
