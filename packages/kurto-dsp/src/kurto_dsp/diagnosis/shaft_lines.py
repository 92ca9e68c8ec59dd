"""Amplitudes of the lines that turn with the shaft, from a Hann spectrum."""

import math

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bands import USABLE_FRACTION
from kurto_dsp.diagnosis.combs import GUARD_LINES
from kurto_dsp.diagnosis.medians import median
from kurto_dsp.diagnosis.record_lines import RecordLines, hann_of

LOBE_LINES = 2
"""Lines on either side of the highest that belong to a Hann main lobe."""

SEARCH_PART = 0.02
"""How far from its nominal frequency a shaft line is looked for, as a part of it."""

HANN_NOISE_BANDWIDTH_LINES = 1.5


class HannSpectrum:
    """0-peak amplitude spectrum of one channel: mean removed, periodic Hann window.

    Parameters
    ----------
    record : RecordLines
        Of one channel, 16 samples or more.
    highest_hz : float, optional
        Up to where it is wanted; 0.39 fs by default and at most.
    """

    def __init__(self, record: RecordLines, *, highest_hz: float = math.inf) -> None:
        self.resolution_hz = record.resolution_hz
        self.highest_hz = min(highest_hz, USABLE_FRACTION * record.sample_rate_hz)
        lines = record.values[: math.ceil(self.highest_hz / self.resolution_hz) + 2]
        self.amplitude: Float64Array = np.abs(hann_of(lines)) * (4.0 / record.length)

    def tone(self, frequency_hz: float, *, reach_hz: float = 0.0) -> tuple[float, float]:
        """Return frequency and 0-peak amplitude of the strongest tone near a frequency.

        The root-sum-square of the five lines of the main lobe over √1.5: a tone reads its
        amplitude within 0.03 %, wherever it lies between two lines.

        Parameters
        ----------
        frequency_hz : float > 0
        reach_hz : float >= 0
            How far to look for it; at least 1.5 lines.

        Returns
        -------
        found_hz, amplitude : float
            NaN above 0.39 fs, and where the lobe would reach line 0.
        """
        reach = max(reach_hz, GUARD_LINES * self.resolution_hz)
        first = math.ceil((frequency_hz - reach) / self.resolution_hz)
        stop = math.floor((frequency_hz + reach) / self.resolution_hz) + 1
        if first < LOBE_LINES + 1 or (stop + LOBE_LINES) * self.resolution_hz > self.highest_hz:
            return math.nan, math.nan
        peak = first + int(np.argmax(self.amplitude[first:stop]))
        lobe = self.amplitude[peak - LOBE_LINES : peak + LOBE_LINES + 1]
        power = float(np.add.reduce(lobe * lobe)) / HANN_NOISE_BANDWIDTH_LINES
        return peak * self.resolution_hz, math.sqrt(power)

    def order(self, order: float, shaft_hz: float) -> float:
        """Return the 0-peak amplitude of a shaft order, looked for within ± max(2 %, 1.5/T).

        Parameters
        ----------
        order : float > 0
        shaft_hz : float > 0
        """
        nominal_hz = order * shaft_hz
        return self.tone(nominal_hz, reach_hz=SEARCH_PART * nominal_hz)[1]

    def floor_near(self, frequency_hz: float, *, width_hz: float) -> float:
        """Return the median line amplitude within `width_hz` of a frequency.

        Parameters
        ----------
        frequency_hz : float > 0
        width_hz : float > 0
        """
        first = max(1, int((frequency_hz - width_hz) / self.resolution_hz))
        stop = int((frequency_hz + width_hz) / self.resolution_hz) + 2
        return median(self.amplitude[first:stop])
