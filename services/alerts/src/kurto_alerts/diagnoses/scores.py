"""Turns diagnoses into frames: what of a score counts for a rule."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kurto_alerts.diagnoses.families import COLUMNS, HIGHEST, NO_FAULT, UNCERTAIN
from kurto_alerts.frames import Frame, Layout, SensorProfile
from kurto_alerts.references.day_one import GROWTH_LIMITS
from kurto_alerts.rules import DEFAULT_DEADBAND_RATIO, Severity

# A fault line alone is never an alarm: the vibration must have grown as much as warns of itself.
LEAST_GROWTH = GROWTH_LIMITS[Severity.WARNING]
LEAST_GROWTH_TO_STAY = LEAST_GROWTH * (1.0 - DEFAULT_DEADBAND_RATIO)

INTERVAL_US = 10_000_000.0
"""Microseconds of a diagnosis where durations of rules are counted, as the analyzer makes them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a diagnosis says about one channel.

    Attributes
    ----------
    verdict : str
        One of FAMILIES, NO_FAULT or UNCERTAIN.
    scores : mapping of str to float
        Score by family; empty when nothing could be scored.
    growth : float
        Level over the baseline; NaN without one.
    """

    channel: str
    verdict: str
    scores: Mapping[str, float]
    growth: float = math.nan


@dataclass(frozen=True, slots=True)
class DiagnosedWindow:
    """The diagnoses of one long window, of all channels.

    Attributes
    ----------
    window_index : int
        The last short window in it.
    first_index, sample_count : int
        Its samples, per channel.
    start_us, end_us : int
        Microseconds since 1970 of its first sample and just after its last.
    shaft_speed_hz : float
        The mean over the window; NaN when it is not known.
    """

    sensor_id: str
    epoch: int
    window_index: int
    first_index: int
    sample_count: int
    start_us: int
    end_us: int
    shaft_speed_hz: float
    findings: tuple[Finding, ...]


def counted_scores(finding: Finding) -> dict[str, float]:
    """Return what counts of a finding, by column.

    A score counts where the verdict names its family and the vibration has grown; any other
    family has 0 then. Without a verdict or a baseline nothing can be told: NaN, which neither
    raises nor resolves. So it is while the growth is between the two limits of LEAST_GROWTH.
    """
    unknown = dict.fromkeys(COLUMNS, math.nan)
    if finding.verdict == UNCERTAIN or math.isnan(finding.growth):
        return unknown
    nothing = dict.fromkeys(COLUMNS, 0.0)
    if finding.verdict == NO_FAULT or finding.growth < LEAST_GROWTH_TO_STAY:
        return nothing
    score = finding.scores.get(finding.verdict, math.nan)
    if finding.growth < LEAST_GROWTH or not math.isfinite(score):
        return unknown
    return nothing | {HIGHEST: score, finding.verdict: score}


def frame_of(window: DiagnosedWindow) -> Frame:
    """Return the frame of a window: a row a channel, a column a family; scores have no unit."""
    channels = tuple(finding.channel for finding in window.findings)
    scores = [counted_scores(finding) for finding in window.findings]
    values = np.array([row[name] for row in scores for name in COLUMNS], np.float32)
    return Frame(
        window.sensor_id,
        window.epoch,
        window.window_index,
        window.first_index,
        window.sample_count,
        window.start_us,
        window.end_us,
        late=False,
        layout=Layout(COLUMNS, channels, ("1",) * len(channels)),
        values=values,
        quality=(0,) * len(channels),
        shaft_speed_hz=window.shaft_speed_hz,
    )


def interval_us(frame: Frame, profile: SensorProfile | None) -> float:
    """Return what a diagnosis counts for in durations, of whatever sensor."""
    return INTERVAL_US
