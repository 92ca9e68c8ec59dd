"""What is asked of an analysis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kurto_dsp import AccelerationUnit
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis import SpeedSource


@dataclass(frozen=True)
class AnalysisOptions:
    """What is asked of the analysis of every file.

    Parameters
    ----------
    sample_rate_hz : float > 0, optional
        For files that do not tell it.
    rpm : float > 0, optional
        Shaft speed in revolutions per minute, instead of the file's.
    speed_source : SpeedSource, optional
        How well the speed is known; by default as the file says, a given one as a nameplate's.
    bearing : BearingGeometry, optional
        Without one no fault is looked for.
    line_frequency_hz : float > 0, optional
        Frequency of the mains, to tell electrical vibration.
    unit : AccelerationUnit, optional
        For files that do not tell it.
    full_scale : float > 0, optional
        Largest acceleration that the input holds, in the unit: what integers of a WAV file are
        parts of, and where clipping begins.
    window_s, hop_s : float > 0, optional
        Length of a window and time between two; 1 s and 0.1 s by default, bursts as they are.
    channels : tuple of str
        Only these; all if empty.
    variables : tuple of str
        Which variables of a file hold the samples.

    Raises
    ------
    ValueError
        If a number is not above 0, or the window is no whole number of hops.
    """

    sample_rate_hz: float | None = None
    rpm: float | None = None
    speed_source: SpeedSource | None = None
    bearing: BearingGeometry | None = None
    line_frequency_hz: float | None = None
    unit: AccelerationUnit | None = None
    full_scale: float | None = None
    window_s: float | None = None
    hop_s: float | None = None
    channels: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the numbers."""
        _require_positive("--sample-rate", self.sample_rate_hz, "Hz, such as 12000")
        _require_positive("--rpm", self.rpm, "revolutions per minute, such as 1797")
        _require_positive("--line-frequency", self.line_frequency_hz, "Hz, such as 50")
        _require_positive("--full-scale", self.full_scale, "the unit, such as 50")
        _require_positive("--window", self.window_s, "seconds, such as 1")
        _require_positive("--hop", self.hop_s, "seconds, such as 0.1")
        hops = self.hops_per_window
        if hops < 1 or not math.isclose(hops * self.hop_duration_s, self.window_duration_s):
            raise ValueError(
                f"--window {self.window_duration_s:g} is no whole number of hops of"
                f" {self.hop_duration_s:g} s; give --hop too, such as --hop"
                f" {self.window_duration_s / max(1, hops):g}"
            )

    @property
    def window_duration_s(self) -> float:
        """Length of a window in seconds."""
        return self.window_s if self.window_s is not None else max(1.0, self.hop_s or 0.0)

    @property
    def hop_duration_s(self) -> float:
        """Time between two windows in seconds."""
        return self.hop_s if self.hop_s is not None else min(0.1, self.window_duration_s)

    @property
    def hops_per_window(self) -> int:
        """Hops in a window."""
        return round(self.window_duration_s / self.hop_duration_s)


def _require_positive(option: str, number: float | None, meaning: str) -> None:
    if number is not None and not (number > 0 and math.isfinite(number)):
        raise ValueError(f"{option} is {number:g}; give a number above 0 in {meaning}")
