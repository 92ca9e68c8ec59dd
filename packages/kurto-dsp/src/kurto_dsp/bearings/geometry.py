"""Rolling-element bearings: geometry, and the frequencies at which their faults show."""

import math
from dataclasses import dataclass, field

from kurto_dsp.exceptions import ParameterError


@dataclass(frozen=True, slots=True)
class DefectFrequencies:
    """Fault frequencies of a bearing, inner ring turning, without slip.

    Parameters
    ----------
    bpfo_hz : float
        Ball pass frequency of the outer race.
    bpfi_hz : float
        Ball pass frequency of the inner race.
    bsf_hz : float
        Ball spin frequency; a pit on a ball strikes twice a turn, at 2·BSF.
    ftf_hz : float
        Fundamental train (cage) frequency.
    """

    bpfo_hz: float
    bpfi_hz: float
    bsf_hz: float
    ftf_hz: float


@dataclass(frozen=True, slots=True)
class BearingGeometry:
    """Geometry of a bearing with one row of rolling elements.

    Parameters
    ----------
    element_count : int >= 1
        Rolling elements.
    element_diameter_mm : float > 0
        Diameter d of a rolling element.
    pitch_diameter_mm : float > element_diameter_mm
        Pitch circle diameter D.
    contact_angle_deg : float in [0, 90)
        Contact angle.
    designation : str
        Maker and variant; the same number from another maker may have other balls.
    is_approximate : bool
        True when D was taken as the mean of bore and outside diameter, which may be
        1.5 % wrong in BSF.
    maker : str
        Who makes it; no part of equality.
    source : str
        Where the geometry comes from; no part of equality.
    """

    element_count: int
    element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0
    designation: str = ""
    is_approximate: bool = False
    maker: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.element_count < 1:
            raise ParameterError(f"element_count must be at least 1, got {self.element_count}")
        if not 0.0 < self.element_diameter_mm < self.pitch_diameter_mm < math.inf:
            raise ParameterError(
                "a bearing needs 0 < element_diameter_mm < pitch_diameter_mm, "
                f"got {self.element_diameter_mm} and {self.pitch_diameter_mm}"
            )
        if not 0.0 <= self.contact_angle_deg < 90.0:
            raise ParameterError(
                f"contact_angle_deg must be in [0, 90), got {self.contact_angle_deg}"
            )

    def defect_frequencies(self, shaft_hz: float) -> DefectFrequencies:
        """Return the fault frequencies at a shaft speed.

        Parameters
        ----------
        shaft_hz : float >= 0
            Revolutions per second of the inner ring; 1.0 gives multiples of shaft speed.

        Raises
        ------
        ParameterError
            If the speed is negative or not finite.

        Examples
        --------
        >>> bearing = BearingGeometry(9, 7.94, 39.04)
        >>> round(bearing.defect_frequencies(30.0).bpfo_hz, 2)
        107.54
        """
        if not 0.0 <= shaft_hz < math.inf:
            raise ParameterError(f"shaft_hz must be finite and not negative, got {shaft_hz}")
        angle = math.radians(self.contact_angle_deg)
        ratio = self.element_diameter_mm / self.pitch_diameter_mm * math.cos(angle)
        spin = self.pitch_diameter_mm / (2.0 * self.element_diameter_mm)
        return DefectFrequencies(
            bpfo_hz=self.element_count / 2.0 * shaft_hz * (1.0 - ratio),
            bpfi_hz=self.element_count / 2.0 * shaft_hz * (1.0 + ratio),
            bsf_hz=spin * shaft_hz * (1.0 - ratio * ratio),
            ftf_hz=shaft_hz / 2.0 * (1.0 - ratio),
        )


SKF_6205_2RS_JEM = BearingGeometry(9, 7.94, 39.04, designation="SKF 6205-2RS JEM")
"""Drive-end bearing of the Case Western Reserve University rig; what synthesis simulates."""
