"""Rolling-element bearings: geometry, fault frequencies, and a catalogue of known ones."""

from kurto_dsp.bearings.catalogue import (
    find_bearing,
    known_bearings,
    nearest_bearings,
    parse_bearing,
    search_bearings,
)
from kurto_dsp.bearings.geometry import SKF_6205_2RS_JEM, BearingGeometry, DefectFrequencies
from kurto_dsp.bearings.table import read_bearings

__all__ = [
    "SKF_6205_2RS_JEM",
    "BearingGeometry",
    "DefectFrequencies",
    "find_bearing",
    "known_bearings",
    "nearest_bearings",
    "parse_bearing",
    "read_bearings",
    "search_bearings",
]
