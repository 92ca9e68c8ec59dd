"""The strongest line near a frequency, and how far it rises above what noise would show."""

import math
from dataclasses import dataclass

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.diagnosis.combs import GUARD_LINES
from kurto_dsp.diagnosis.medians import median
from kurto_dsp.diagnosis.results import ShaftSpeed, SpeedSource
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum

REFERENCE_BLOCKS = 12
"""Stretches on either side whose maxima are what noise would show."""

LEAST_REFERENCES = 6


@dataclass(frozen=True, slots=True)
class LineLevel:
    """A line that was found, and its level.

    Parameters
    ----------
    found_hz : float
    level_db : float
        20·log10(line / median of the maxima of equally wide stretches nearby): 0 dB in the
        median on noise, whatever the width of the search.
    """

    found_hz: float
    level_db: float


def line_level(
    spectrum: EnvelopeSpectrum, *, centre_hz: float, reach_hz: float
) -> LineLevel | None:
    """Return the strongest line within `reach_hz` of a frequency.

    The largest of many lines is large on noise too, and the more so the wider the search.
    It is therefore compared with the largest lines of equally wide stretches nearby, not
    with the mean level.

    Parameters
    ----------
    spectrum : EnvelopeSpectrum
    centre_hz : float > 0
    reach_hz : float > 0
        At least 1.5 lines are searched on either side.

    Returns
    -------
    LineLevel or None
        None where the search or its surroundings reach outside the spectrum.
    """
    lines = spectrum.magnitude
    resolution = spectrum.resolution_hz
    reach = max(reach_hz, GUARD_LINES * resolution)
    first = math.ceil((centre_hz - reach) / resolution)
    stop = math.floor((centre_hz + reach) / resolution) + 1
    if first < 1 or stop > len(lines):
        return None
    reference = _surrounding_maxima(lines, first, stop)
    found = first + int(np.argmax(lines[first:stop]))
    if len(reference) < LEAST_REFERENCES or lines[found] <= 0.0:
        return None
    noise = median(reference)
    if noise <= 0.0:
        return None
    return LineLevel(found * resolution, 20.0 * math.log10(float(lines[found]) / noise))


def _surrounding_maxima(lines: Float64Array, first: int, stop: int) -> Float64Array:
    """Return the maxima of stretches as wide as [first, stop), below and above it.

    Parameters
    ----------
    lines : Float64Array [shape=(lines,)]
    first, stop : int

    Returns
    -------
    Float64Array [shape=(stretches,)]
    """
    width = stop - first
    below = min(REFERENCE_BLOCKS, (first - 1) // width)
    above = min(REFERENCE_BLOCKS, (len(lines) - stop) // width)
    stretches = np.concatenate(
        [lines[first - below * width : first], lines[stop : stop + above * width]]
    )
    maxima: Float64Array = np.max(stretches.reshape(below + above, width), axis=1, initial=0.0)
    return maxima


def hidden_by_shaft(frequency_hz: float, speed: ShaftSpeed, *, resolution_hz: float) -> bool:
    """Return whether a line cannot be told from a harmonic of the shaft.

    Within 1.5 lines of a harmonic they are one line. With a nameplate speed a harmonic may
    be anywhere within the tolerance of that speed.

    Parameters
    ----------
    frequency_hz : float > 0
    speed : ShaftSpeed
    resolution_hz : float > 0
    """
    harmonic = max(1.0, round(frequency_hz / speed.hz)) * speed.hz
    unsure = speed.source.tolerance * harmonic if speed.source is SpeedSource.NAMEPLATE else 0.0
    return abs(frequency_hz - harmonic) <= max(GUARD_LINES * resolution_hz, unsure)
