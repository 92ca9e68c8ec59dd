"""The ISO zone of a window: the worse of velocity and displacement, at the speed that it had."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from kurto.signal.v1.samples_pb2 import SampleEncoding
from kurto_analyzer.baselines.iso import iso_zone
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.machine_data import MachineData
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp import AccelerationUnit
from kurto_dsp.condition import (
    Iso10816Class,
    MachineGroup,
    Support,
    ZoneTable,
    iso_10816_1_table,
    iso_10816_3_table,
)

GEOMETRY = StreamGeometry(2560.0, 256, 10, 1_790_000_000_000_000)
# Group 2, rigid: 1.4, 2.8, 4.5 mm/s and 22, 45, 71 µm.
TABLE = iso_10816_3_table(MachineGroup.GROUP_2, Support.RIGID)
NAN = math.nan


def zone(
    velocities: tuple[float, float],
    displacements: tuple[float, float] | None = None,
    *,
    table: ZoneTable = TABLE,
    rpm: float | None = 1480.0,
    speed_hz: float = NAN,
) -> Any:
    machine = MachineData(nominal_speed_hz=None if rpm is None else rpm / 60, machine_class=table)
    spec = SensorSpec(
        "pump", 1, GEOMETRY, SampleEncoding.SAMPLE_ENCODING_F32LE, (), ("h", "v"),
        (AccelerationUnit.G,) * 2, (None, None), 1, machine=machine,
    )  # fmt: skip
    names = ("velocity_rms",) if displacements is None else ("velocity_rms", "displacement_rms")
    columns = [velocities] if displacements is None else [velocities, displacements]
    frame = Frame.of_window(
        "pump", 1, 0, geometry=GEOMETRY, config_version=1, late=False, empty_reason=0,
        layout=FrameLayout(names, spec.channels, ("g", "g")),
        values=np.array(columns, np.float32).T, quality=(0, 0), shaft_speed_hz=speed_hz,
    )  # fmt: skip
    return iso_zone(frame, spec)


@pytest.mark.parametrize(
    ("velocities", "displacements", "expected"),
    [
        ((1.0, 1.2), (10.0, 12.0), ("A", "v", "velocity", 1.2)),
        ((1.0, 2.0), (50.0, 12.0), ("C", "h", "displacement", 1.0)),
        ((5.0, 2.0), (10.0, 60.0), ("D", "h", "velocity", 5.0)),
        ((NAN, 2.0), (NAN, 12.0), ("B", "v", "velocity", 2.0)),
        ((1.0, 3.0), None, ("C", "v", "velocity", 3.0)),  # of a release without displacement
    ],
)
def test_the_worse_of_velocity_and_displacement_counts(
    velocities: tuple[float, float],
    displacements: tuple[float, float] | None,
    expected: tuple[str, str, str, float],
) -> None:
    found = zone(velocities, displacements)
    assert not found.refusal
    assert (found.zone, found.channel, found.quantity) == expected[:3]
    assert found.velocity_rms == pytest.approx(expected[3])
    if displacements is None:
        assert not found.HasField("displacement_rms")
    else:
        assert found.displacement_rms == pytest.approx(displacements["hv".index(found.channel)])


def test_classes_without_limits_of_displacement_are_graded_by_velocity() -> None:
    found = zone((1.0, 2.0), (500.0, 500.0), table=iso_10816_1_table(Iso10816Class.CLASS_II))
    assert (found.zone, found.quantity) == ("B", "velocity")
    assert not found.HasField("displacement_rms")


def test_the_measured_speed_goes_before_the_nameplate() -> None:
    assert zone((1.0, 1.0), (1.0, 1.0), rpm=1480.0).zone == "A"
    slow = zone((1.0, 1.0), (1.0, 1.0), rpm=1480.0, speed_hz=1.5)
    assert not slow.zone
    assert "got 90" in slow.refusal
    assert zone((1.0, 1.0), (1.0, 1.0), rpm=90.0, speed_hz=25.0).zone == "A"
    unknown = zone((1.0, 1.0), (1.0, 1.0), rpm=None)
    assert "speed is not known" in unknown.remarks[0]
