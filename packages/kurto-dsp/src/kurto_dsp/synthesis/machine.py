"""What is simulated: a shaft in bearings, one fault, and how the fault grows."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from kurto_dsp.arrays import Float64Array, require_sample_rate
from kurto_dsp.bearings import SKF_6205_2RS_JEM, BearingGeometry
from kurto_dsp.exceptions import ParameterError


class Fault(StrEnum):
    """The one thing that is wrong with a simulated machine."""

    NONE = "none"
    OUTER_RACE = "outer-race"
    INNER_RACE = "inner-race"
    BALL = "ball"
    IMBALANCE = "imbalance"
    LOOSENESS = "looseness"


@dataclass(frozen=True, slots=True)
class SeverityRamp:
    """Severity over time: `initial`, then a straight line to `final`, then `final`.

    Parameters
    ----------
    initial, final : float in [0, 1]
        0 is healthy, 1 a fault that would stop the machine.
    start_s : float >= 0
        When the growth begins.
    duration_s : float >= 0
        How long it takes; 0 is a step.
    """

    initial: float = 0.0
    final: float = 1.0
    start_s: float = 0.0
    duration_s: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.initial <= 1.0 and 0.0 <= self.final <= 1.0):
            raise ParameterError(
                f"severity must be between 0 and 1, got {self.initial} to {self.final}"
            )
        if not (0.0 <= self.start_s < math.inf and 0.0 <= self.duration_s < math.inf):
            raise ParameterError(
                "start_s and duration_s must be finite and not negative, "
                f"got {self.start_s} and {self.duration_s}"
            )

    @classmethod
    def constant(cls, level: float) -> "SeverityRamp":
        """Return a severity that does not change."""
        return cls(level, level)

    def at(self, time_s: Float64Array) -> Float64Array:
        """Return the severity at times since the first sample, in seconds."""
        if self.duration_s > 0.0:
            grown = np.clip((time_s - self.start_s) / self.duration_s, 0.0, 1.0)
        else:
            grown = np.where(time_s >= self.start_s, 1.0, 0.0)
        severity: Float64Array = self.initial + (self.final - self.initial) * grown
        return severity


@dataclass(frozen=True, slots=True)
class MachineModel:
    """A machine and its sensor. The defaults give 0.3 g RMS healthy, 10-20 g impacts at worst.

    Parameters
    ----------
    fault : Fault
        What is wrong.
    severity : SeverityRamp
        How much of it, over time.
    seed : int >= 0
        Equal models with equal seeds give equal samples.
    sample_rate_hz : float > 0
        Sample rate.
    channel_count : int in [1, 32]
        Channels of the sensor; each has its own gain, phases and noise.
    shaft_hz : float > 0
        Shaft speed.
    bearing : BearingGeometry
        Gives the rate of the impacts; SKF 6205-2RS JEM by default.
    slip : float in [0, 0.05]
        Part by which the rolling elements lag behind pure rolling.
    interval_jitter : float in [0, 0.05]
        Standard deviation of the interval between impacts, as a part of it.
    noise_rms_g : float >= 0
        Broadband noise.
    impact_g : float >= 0
        Amplitude of the impacts at severity 1.
    resonance_hz : float > 0
        Natural frequency that impacts excite; kept below 0.3 of the sample rate.
    decay_s : float > 0
        Time constant of its decay.
    full_scale_g : float > 0
        The sensor clips here.
    """

    fault: Fault = Fault.NONE
    severity: SeverityRamp = field(default_factory=lambda: SeverityRamp.constant(0.5))
    seed: int = 0
    sample_rate_hz: float = 25600.0
    channel_count: int = 2
    shaft_hz: float = 29.95
    bearing: BearingGeometry = SKF_6205_2RS_JEM
    slip: float = 0.004
    interval_jitter: float = 0.01
    noise_rms_g: float = 0.29
    impact_g: float = 15.0
    resonance_hz: float = 3400.0
    decay_s: float = 0.001
    full_scale_g: float = 50.0

    def __post_init__(self) -> None:
        require_sample_rate(self.sample_rate_hz)
        if self.seed < 0:
            raise ParameterError(f"seed must not be negative, got {self.seed}")
        if not 1 <= self.channel_count <= 32:
            raise ParameterError(f"channel_count must be 1 to 32, got {self.channel_count}")
        for name in ("shaft_hz", "resonance_hz", "decay_s", "full_scale_g"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ParameterError(f"{name} must be positive, got {getattr(self, name)}")
        for name in ("noise_rms_g", "impact_g"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise ParameterError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("slip", "interval_jitter"):
            if not 0.0 <= getattr(self, name) <= 0.05:
                raise ParameterError(f"{name} must be 0 to 0.05, got {getattr(self, name)}")

    @property
    def impact_rate_hz(self) -> float:
        """Mean rate of the impacts, slip included; 0 without a bearing fault."""
        frequencies = self.bearing.defect_frequencies(self.shaft_hz)
        rates = {
            Fault.OUTER_RACE: frequencies.bpfo_hz,
            Fault.INNER_RACE: frequencies.bpfi_hz,
            Fault.BALL: 2.0 * frequencies.bsf_hz,
        }
        return rates.get(self.fault, 0.0) * (1.0 - self.slip)

    @property
    def cage_hz(self) -> float:
        """Rate at which the cage turns, slip included."""
        return self.bearing.defect_frequencies(self.shaft_hz).ftf_hz * (1.0 - self.slip)


def stream_of(seed: int, *key: int) -> np.random.Generator:
    """Return the random stream of one purpose and place, independent of all others.

    Parameters
    ----------
    seed : int >= 0
        Of the machine.
    *key : int >= 0
        Purpose, then channel, block or segment.
    """
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
