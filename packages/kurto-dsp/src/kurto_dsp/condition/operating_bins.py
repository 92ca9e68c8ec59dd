"""Speed and load in bins: a machine is compared with itself at the same speed and load."""

import math
import re
from dataclasses import dataclass
from typing import Self

from kurto_dsp.exceptions import ParameterError

SPEED_STEP = 0.1
"""Relative width of a speed bin: vibration grows with about the square of the speed, so within
±5 % of speed a level moves by about ±10 %, far below a factor of 2."""

_MOST_WIDTHS = 1e9 - 1
_PART = re.compile(r"(?P<name>speed|load)(?P<number>[+-]\d{1,9})")


@dataclass(frozen=True, slots=True, order=True)
class OperatingBin:
    """One bin.

    Parameters
    ----------
    speed : int, optional
        Number of the speed bin, 0 around the reference speed; None when the speed is unknown.
    load : int, optional
        Number of the load bin; None when the load is unknown.
    """

    speed: int | None = None
    load: int | None = None

    @property
    def label(self) -> str:
        """Name of the bin, such as ``"speed+0"``, ``"speed-2,load+3"`` or ``"any"``.

        Examples
        --------
        >>> OperatingBin(-2, 3).label
        'speed-2,load+3'
        """
        parts = (("speed", self.speed), ("load", self.load))
        return ",".join(f"{name}{number:+d}" for name, number in parts if number is not None) or (
            "any"
        )

    @classmethod
    def from_label(cls, label: str) -> Self:
        """Return the bin of a label.

        Raises
        ------
        ParameterError
            If `label` is none.
        """
        numbers: dict[str, int] = {}
        for part in [] if label == "any" else label.split(","):
            found = _PART.fullmatch(part)
            if found is None:
                raise ParameterError(f"not the label of a bin: {label!r}")
            numbers[found["name"]] = int(found["number"])
        return cls(**numbers)


@dataclass(frozen=True, slots=True)
class OperatingBins:
    """How speed and load are cut.

    Parameters
    ----------
    reference_speed_hz : float > 0, optional
        Nominal speed: the middle of bin 0, so that a machine of one speed has one bin. 1 Hz if
        unknown.
    speed_step : float > 0
        Relative width of a speed bin; bins are equally wide in the logarithm of the speed.
    load_step : float > 0, optional
        Width of a load bin in the unit of the load; None to leave the load out.
    """

    reference_speed_hz: float | None = None
    speed_step: float = SPEED_STEP
    load_step: float | None = None

    def __post_init__(self) -> None:
        for name in ("reference_speed_hz", "speed_step", "load_step"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0.0):
                raise ParameterError(f"{name} must be positive and finite, got {value!r}")

    def state(self) -> dict[str, float | None]:
        """Return what `from_state` needs, for JSON."""
        return {
            "reference_speed_hz": self.reference_speed_hz,
            "speed_step": self.speed_step,
            "load_step": self.load_step,
        }

    @classmethod
    def from_state(cls, state: dict[str, float | None]) -> Self:
        """Return the bins of `state`."""
        return cls(
            state["reference_speed_hz"], state["speed_step"] or SPEED_STEP, state["load_step"]
        )

    def bin_of(self, *, speed_hz: float | None = None, load: float | None = None) -> OperatingBin:
        """Return the bin of a window; what is unknown (None, not finite, 0) has no number.

        Nor has a load of more than a thousand million widths: that is none.

        Examples
        --------
        >>> bins = OperatingBins(reference_speed_hz=25.0)
        >>> bins.bin_of(speed_hz=25.9), bins.bin_of(speed_hz=29.0)
        (OperatingBin(speed=0, load=None), OperatingBin(speed=2, load=None))
        """
        speed_bin = load_bin = None
        if speed_hz is not None and math.isfinite(speed_hz) and speed_hz > 0.0:
            ratio = speed_hz / (self.reference_speed_hz or 1.0)
            speed_bin = round(math.log(ratio) / math.log1p(self.speed_step))
        if self.load_step is not None and load is not None and math.isfinite(load):
            load_bin = _number(load / self.load_step)
        return OperatingBin(speed_bin, load_bin)


def _number(widths: float) -> int | None:
    return round(widths) if abs(widths) < _MOST_WIDTHS else None
