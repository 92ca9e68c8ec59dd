"""What a configuration says about the machine; nonsense is no reason to lose a sensor."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.analyzer.v1.analyzer_service_pb2 import SensorOpen
from kurto.assets.v1 import assets_pb2 as pb
from kurto_analyzer.machine_data import MachineData, read_machine_data
from kurto_analyzer.sensor_spec import SensorSpec, read_sensor_open
from kurto_dsp.condition import (
    Iso10816Class,
    MachineGroup,
    Support,
    iso_10816_1_table,
    iso_10816_3_table,
)
from kurto_dsp.gears import GearStage

RATE_HZ = 25_600.0
CONFIG = pb.SensorConfig(
    version=3,
    sample_rate_hz=RATE_HZ,
    channels=[pb.Channel(name="x", unit="g")],
    nominal_speed_rpm=1797.0,
    bearing=pb.Bearing(
        geometry=pb.BearingGeometry(
            element_count=9, element_diameter_mm=7.94, pitch_diameter_mm=39.04
        )
    ),
    machine_class=pb.MachineClass(
        industrial=pb.IndustrialMachine(
            group=pb.MACHINE_GROUP_2, support=pb.MACHINE_SUPPORT_FLEXIBLE
        )
    ),
    gears=[pb.GearStage(driving_teeth=20, driven_teeth=57)],
    line_frequency_hz=60.0,
    demodulation_band=pb.FrequencyBand(low_hz=2000.0, high_hz=8000.0),
)


def spec_of(config: pb.SensorConfig) -> SensorSpec:
    message = SensorOpen(
        sensor_id="pump-7",
        epoch=1,
        config=config,
        anchor_time=Timestamp(seconds=1),
        hop_samples=2560,
        window_hops=10,
    )
    return read_sensor_open(message, max_window_samples=10**6)


def test_everything_declared_reaches_the_specification() -> None:
    spec = spec_of(CONFIG)
    assert spec.nominal_speed_hz == pytest.approx(29.95)
    assert spec.bearing is not None
    assert spec.bearing.defect_frequencies(30.0).bpfo_hz == pytest.approx(107.54, abs=0.005)
    assert spec.bearing_problem == ""
    assert spec.machine_class == iso_10816_3_table(MachineGroup.GROUP_2, Support.FLEXIBLE)
    assert spec.gear_stages == (GearStage(20, 57),)
    assert spec.line_frequency_hz == 60.0
    assert spec.demodulation_band_hz == (2000.0, 8000.0)


def test_nothing_declared_is_nothing_known() -> None:
    assert read_machine_data(pb.SensorConfig(sample_rate_hz=RATE_HZ)) == MachineData()


def test_designation_is_looked_up_in_the_catalogue() -> None:
    known = read_machine_data(pb.SensorConfig(bearing=pb.Bearing(designation="SKF 6205-2RS JEM")))
    assert known.bearing is not None
    assert (known.bearing.element_count, known.bearing.pitch_diameter_mm) == (9, 39.04)


def test_unknown_designation_costs_the_bearing_and_not_the_sensor() -> None:
    config = pb.SensorConfig()
    config.CopyFrom(CONFIG)
    config.bearing.designation = "no such bearing 99"
    spec = spec_of(config)
    assert spec.bearing is None
    assert "no such bearing 99" in spec.bearing_problem
    assert spec.nominal_speed_hz is not None


@pytest.mark.parametrize(
    "declared",
    [
        pb.SensorConfig(nominal_speed_rpm=-1.0),
        pb.SensorConfig(nominal_speed_rpm=float("nan")),
        pb.SensorConfig(line_frequency_hz=float("inf")),
        pb.SensorConfig(line_frequency_hz=-50.0),
        pb.SensorConfig(machine_class=pb.MachineClass(industrial=pb.IndustrialMachine(group=1))),  # type: ignore[arg-type]
        pb.SensorConfig(machine_class=pb.MachineClass(general=0)),  # type: ignore[arg-type]
        pb.SensorConfig(gears=[pb.GearStage(driving_teeth=0, driven_teeth=57)]),
        pb.SensorConfig(demodulation_band=pb.FrequencyBand(low_hz=9000.0, high_hz=2000.0)),
        pb.SensorConfig(
            sample_rate_hz=10_000.0,
            demodulation_band=pb.FrequencyBand(low_hz=2000.0, high_hz=4000.0),
        ),
        pb.SensorConfig(bearing=pb.Bearing()),
    ],
)
def test_what_makes_no_sense_counts_as_not_declared(declared: pb.SensorConfig) -> None:
    assert read_machine_data(declared) == MachineData()


def test_impossible_geometry_is_told_as_a_problem() -> None:
    geometry = pb.BearingGeometry(
        element_count=9, element_diameter_mm=40.0, pitch_diameter_mm=39.04
    )
    data = read_machine_data(pb.SensorConfig(bearing=pb.Bearing(geometry=geometry)))
    assert data.bearing is None
    assert "39.04" in data.bearing_problem


@pytest.mark.parametrize(
    ("number", "name"), [(1, Iso10816Class.CLASS_I), (4, Iso10816Class.CLASS_IV)]
)
def test_classes_of_the_older_standard_have_their_own_table(
    number: int, name: Iso10816Class
) -> None:
    declared = pb.MachineClass(general=number)  # type: ignore[arg-type]
    data = read_machine_data(pb.SensorConfig(machine_class=declared))
    assert data.machine_class == iso_10816_1_table(name)


def test_only_another_band_makes_other_samples_of_it() -> None:
    spec, config = spec_of(CONFIG), pb.SensorConfig()
    config.CopyFrom(CONFIG)
    config.version = 4
    config.nominal_speed_rpm = 900.0
    config.ClearField("bearing")
    assert spec.same_samples(spec_of(config))
    config.demodulation_band.high_hz = 9000.0
    assert not spec.same_samples(spec_of(config))
