"""The bearing that a data source declares, from what is known of it here."""

from __future__ import annotations

import kurto
from kurto_dsp.bearings import BearingGeometry

__all__ = ["declared_bearing"]


def declared_bearing(bearing: BearingGeometry) -> kurto.BearingGeometry | str:
    """Return the designation, which people recognise, or the geometry of a bearing without one."""
    return bearing.designation or kurto.BearingGeometry(
        bearing.element_count,
        bearing.element_diameter_mm,
        bearing.pitch_diameter_mm,
        bearing.contact_angle_deg,
    )
