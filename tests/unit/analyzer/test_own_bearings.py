"""A table of own bearings that the analyzer is given: read at start, refused in one line."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from kurto.analyzer.v1 import bearings_pb2
from kurto.assets.v1 import assets_pb2 as pb
from kurto_analyzer.bearing_catalogue.designations import BearingCatalogue
from kurto_analyzer.bearing_catalogue.file import load_catalogue
from kurto_analyzer.bearing_catalogue.reader import BearingReader
from kurto_analyzer.machine_data import read_machine_data
from kurto_dsp.bearings import known_bearings
from kurto_service.access import StartRefused

START_S = 120.0
HEADER = "designation,element_count,element_diameter_mm,pitch_diameter_mm,contact_angle_deg\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "bearings.csv"
    path.write_text(HEADER + "ACME 4711,11,8.0,44.0,15\nSKF 6308,9,15,65,0\n", encoding="utf-8")
    return path


def declared(designation: str) -> pb.SensorConfig:
    return pb.SensorConfig(bearing=pb.Bearing(designation=designation))


def test_sensors_may_bear_own_bearings(table: Path) -> None:
    catalogue = load_catalogue(table)
    machine = read_machine_data(declared("acme 4711"), catalogue)
    assert machine.bearing is not None
    assert (machine.bearing.element_count, machine.bearing.contact_angle_deg) == (11, 15.0)
    assert machine.bearing_problem == ""
    assert "ACME 4711" not in [one.designation for one in known_bearings()]
    assert read_machine_data(declared("acme 4711")).bearing is None


def test_own_bearings_override_those_of_the_package(table: Path) -> None:
    own = read_machine_data(declared("SKF 6308"), load_catalogue(table)).bearing
    packaged = read_machine_data(declared("SKF 6308")).bearing
    assert own is not None
    assert packaged is not None
    assert (own.element_count, packaged.element_count) == (9, 8)
    assert read_machine_data(declared("SKF 6205-2RS JEM"), load_catalogue(table)).bearing


def test_an_unknown_bearing_names_the_nearest_own_one(table: Path) -> None:
    machine = read_machine_data(declared("ACME 4712"), load_catalogue(table))
    assert machine.bearing is None
    assert (
        "'ACME 4712' is not a known bearing; the nearest are ACME 4711" in machine.bearing_problem
    )


def test_own_bearings_are_listed(table: Path) -> None:
    reader = BearingReader(load_catalogue(table).bearings)
    page = reader.list_page(bearings_pb2.ListBearingsRequest(search="acme"))
    assert [one.designation for one in page.bearings] == ["ACME 4711"]
    assert page.match.element_count == 11


def test_without_a_table_there_are_those_of_the_package() -> None:
    assert load_catalogue(None).bearings == BearingCatalogue().bearings == known_bearings()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (HEADER.encode() + b"ACME 1,nine,8,40,0\n", "line 2 of the bearings"),
        (b"designation,balls\nACME 1,9\n", "missing: element_count"),
        (HEADER.encode(), "add a bearing"),
        (HEADER.encode() + b"\xff\xfe,9,8,40,0\n", "not UTF-8"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "bearings.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartRefused, match=problem) as refused:
        load_catalogue(path)
    assert str(refused.value).startswith(f"KURTO_ANALYZER_BEARINGS_FILE={path}")
    assert "\n" not in str(refused.value)


async def test_the_process_does_not_start_with_such_a_table(tmp_path: Path) -> None:
    environment = os.environ | {
        "KURTO_ANALYZER_BEARINGS_FILE": str(tmp_path / "none.csv"),
        "KURTO_ANALYZER_GRPC_PORT": "0",
        "KURTO_ANALYZER_METRICS_PORT": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kurto_analyzer", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(START_S):
        output, _ = await process.communicate()
    assert process.returncode == 2
    assert b"none.csv cannot be read" in output
    assert b"Traceback" not in output
