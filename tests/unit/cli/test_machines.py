"""What a simulated sensor declares, and what its converter takes when."""

import asyncio

import numpy as np
import pytest

import kurto
from kurto_cli.sources.declared_bearing import declared_bearing
from kurto_cli.sources.machines import SimulatedSensor, paced_samples
from kurto_dsp.bearings import BearingGeometry, find_bearing
from kurto_dsp.synthesis import MachineModel, MachineSignal


@pytest.mark.parametrize(
    ("count", "channels"),
    [
        (1, ("horizontal",)),
        (2, ("horizontal", "vertical")),
        (3, ("horizontal", "vertical", "axial")),
        (5, ("horizontal", "vertical", "axial", "channel_4", "channel_5")),
    ],
)
def test_channels_are_named_by_direction_then_by_number(
    count: int, channels: tuple[str, ...]
) -> None:
    assert SimulatedSensor("s", MachineModel(channel_count=count)).channels == channels


def test_as_many_channels_as_a_sensor_can_have_have_names_of_their_own() -> None:
    channels = SimulatedSensor("s", MachineModel(channel_count=32)).channels
    assert len(set(channels)) == 32


async def test_samples_come_at_the_pace_of_the_machine() -> None:
    model = MachineModel(sample_rate_hz=1000.0, channel_count=2)
    loop = asyncio.get_running_loop()
    start = loop.time()
    pieces = [piece async for piece in paced_samples(model, duration_s=0.25)]
    # The last piece is short, but is no sooner due than a whole one.
    assert loop.time() - start >= 0.3
    assert [piece.shape for piece in pieces] == [(2, 100), (2, 100), (2, 50)]
    expected = MachineSignal(model).samples(0, 250)
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), expected)


def test_declared_bearing_is_the_simulated_one() -> None:
    simulated = MachineModel().bearing
    declared = declared_bearing(simulated)
    assert isinstance(declared, str)
    assert find_bearing(declared) == simulated


def test_bearing_without_a_designation_is_declared_by_its_geometry() -> None:
    declared = declared_bearing(BearingGeometry(12, 8.0, 60.0, 15.0))
    assert declared == kurto.BearingGeometry(12, 8.0, 60.0, 15.0)
