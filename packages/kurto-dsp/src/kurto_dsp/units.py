"""Acceleration units: declared with each channel, never guessed."""

from enum import StrEnum

from kurto_dsp.exceptions import ParameterError

STANDARD_GRAVITY_MPS2 = 9.80665
"""One g in m/s², exact by definition (CGPM 1901)."""


class AccelerationUnit(StrEnum):
    """Unit of the samples of a channel."""

    G = "g"
    MPS2 = "m/s2"

    @property
    def in_mps2(self) -> float:
        """How many m/s² one of this unit is."""
        return STANDARD_GRAVITY_MPS2 if self is AccelerationUnit.G else 1.0


def parse_unit(text: str) -> AccelerationUnit:
    """Return the unit that a name stands for; "m/s²" is accepted for "m/s2".

    Raises
    ------
    ParameterError
        If the name is neither "g" nor "m/s2".
    """
    try:
        return AccelerationUnit(text.replace("²", "2"))
    except ValueError:
        raise ParameterError(f'acceleration unit must be "g" or "m/s2", got {text!r}') from None
