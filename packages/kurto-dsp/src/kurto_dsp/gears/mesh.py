"""Gear-mesh frequencies of a gear train."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kurto_dsp.exceptions import ParameterError


@dataclass(frozen=True, slots=True)
class GearStage:
    """One pair of gears.

    Parameters
    ----------
    driving_teeth : int >= 1
        Teeth of the gear on the shaft that drives the stage.
    driven_teeth : int >= 1
        Teeth of the gear on the shaft that the stage drives.
    """

    driving_teeth: int
    driven_teeth: int

    def __post_init__(self) -> None:
        if self.driving_teeth < 1 or self.driven_teeth < 1:
            raise ParameterError(
                f"gears have at least one tooth, got {self.driving_teeth} and {self.driven_teeth}"
            )


@dataclass(frozen=True, slots=True)
class StageFrequencies:
    """Frequencies of one pair of gears.

    Parameters
    ----------
    driving_shaft_hz, driven_shaft_hz : float
        Speeds of the two shafts.
    mesh_hz : float
        Teeth that meet per second: teeth times speed, the same on either side.
    hunting_tooth_hz : float
        How often the same two teeth meet: mesh·gcd(z1, z2)/(z1·z2).
    """

    driving_shaft_hz: float
    driven_shaft_hz: float
    mesh_hz: float
    hunting_tooth_hz: float


def gear_train_frequencies(
    shaft_hz: float, stages: Sequence[GearStage]
) -> tuple[StageFrequencies, ...]:
    """Return the frequencies of each stage of a train with fixed axes, first stage first.

    Parameters
    ----------
    shaft_hz : float > 0
        Speed of the first driving shaft in revolutions per second.
    stages : sequence of GearStage
        Each driven shaft drives the stage after it.

    Raises
    ------
    ParameterError
        If the speed is not positive and finite.

    Examples
    --------
    >>> first, second = gear_train_frequencies(25.0, [GearStage(20, 50), GearStage(30, 60)])
    >>> first.mesh_hz, second.driving_shaft_hz, second.mesh_hz, second.driven_shaft_hz
    (500.0, 10.0, 300.0, 5.0)
    """
    if not (math.isfinite(shaft_hz) and shaft_hz > 0.0):
        raise ParameterError(f"shaft_hz must be positive and finite, got {shaft_hz!r}")
    frequencies = []
    driving_hz = shaft_hz
    for stage in stages:
        teeth = stage.driving_teeth, stage.driven_teeth
        mesh_hz = driving_hz * stage.driving_teeth
        driven_hz = mesh_hz / stage.driven_teeth
        hunting_hz = mesh_hz * math.gcd(*teeth) / math.prod(teeth)
        frequencies.append(StageFrequencies(driving_hz, driven_hz, mesh_hz, hunting_hz))
        driving_hz = driven_hz
    return tuple(frequencies)
