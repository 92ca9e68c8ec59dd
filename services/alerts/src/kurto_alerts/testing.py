"""Short ways to write rules and frames in tests."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from kurto_alerts.diagnoses.scores import DiagnosedWindow, Finding
from kurto_alerts.frames import HOPS_PER_WINDOW, Frame, Layout
from kurto_alerts.rules import DEFAULT_PENDING, Level, Operator, Rule, Selector, Severity

HOP_SAMPLES = 2560
HOP_US = 100_000
START_US = 1_700_000_000_000_000


def make_rule(
    rule_id: str = "rms-high",
    *,
    operator: Operator = Operator.ABOVE,
    levels: Mapping[Severity, float | tuple[float, float]] | None = None,
    pending_s: float | None = 0.0,
    recovery_s: float = 0.0,
    deadband_ratio: float = 0.1,
    feature: str = "rms",
    unit: str = "g",
    selector: Selector | None = None,
    version: int = 1,
    latch: bool = False,
) -> Rule:
    """Return a rule; by default WARNING above 1 g, raised and resolved by one window.

    With `latch` its CRITICAL level latches.
    """
    chosen = {Severity.WARNING: 1.0} if levels is None else levels
    return Rule(
        rule_id=rule_id,
        display_name=f"Rule {rule_id}",
        feature=feature,
        unit=unit,
        operator=operator,
        levels=tuple(
            replace(
                _level(severity, chosen[severity], operator, pending_s),
                latch=latch and severity is Severity.CRITICAL,
            )
            for severity in sorted(chosen)
        ),
        selector=selector or Selector(),
        deadband_ratio=deadband_ratio,
        recovery=timedelta(seconds=recovery_s),
        version=version,
    )


def _level(
    severity: Severity,
    limits: float | tuple[float, float],
    operator: Operator,
    pending_s: float | None,
) -> Level:
    pending = DEFAULT_PENDING[severity] if pending_s is None else timedelta(seconds=pending_s)
    if isinstance(limits, tuple):
        lower, upper = limits
        return Level(severity=severity, lower=lower, upper=upper, pending=pending)
    above = operator is Operator.ABOVE
    return Level(
        severity=severity,
        lower=None if above else limits,
        upper=limits if above else None,
        pending=pending,
    )


def make_frame(
    window_index: int,
    values: float | Sequence[float] | None,
    *,
    sensor_id: str = "pump-7",
    epoch: int = 1,
    features: Sequence[str] = ("rms",),
    channels: Sequence[str] = ("horizontal",),
    units: Sequence[str] = ("g",),
    late: bool = False,
    burst_interval_us: int | None = None,
    quality: Sequence[int] = (),
    shaft_speed_hz: float = math.nan,
) -> Frame:
    """Return a frame at 25.6 kHz; `values` row by row, None for an empty frame.

    With `burst_interval_us` it is the frame of a burst of one hop's length.
    """
    hops = HOPS_PER_WINDOW if burst_interval_us is None else 1
    interval_us = HOP_US if burst_interval_us is None else burst_interval_us
    start_us = START_US + window_index * interval_us
    layout = None
    data = None
    if values is not None:
        layout = Layout(tuple(features), tuple(channels), tuple(units))
        data = np.atleast_1d(np.array(values, np.float32))
    return Frame(
        sensor_id,
        epoch,
        window_index,
        window_index * HOP_SAMPLES,
        hops * HOP_SAMPLES,
        start_us,
        start_us + hops * HOP_US,
        late,
        layout,
        data,
        tuple(quality) or (() if values is None else (0,) * len(channels)),
        shaft_speed_hz,
    )


def diagnosed(
    number: int,
    scores: float | Sequence[float],
    *,
    sensor_id: str = "pump-7",
    epoch: int = 1,
    verdict: str = "",
    growth: float = 3.0,
    channels: Sequence[str] = ("horizontal",),
    shaft_speed_hz: float = math.nan,
) -> DiagnosedWindow:
    """Return the diagnoses of a long window of 8 s, one every 10 s.

    `scores` are those of the outer race, one a channel; above 2 it is the verdict unless another
    one is given.
    """
    values = [scores] if isinstance(scores, float) else list(scores)
    first_hop = 100 * number
    return DiagnosedWindow(
        sensor_id=sensor_id,
        epoch=epoch,
        window_index=first_hop + 70,
        first_index=first_hop * HOP_SAMPLES,
        sample_count=80 * HOP_SAMPLES,
        start_us=START_US + first_hop * HOP_US,
        end_us=START_US + (first_hop + 80) * HOP_US,
        shaft_speed_hz=shaft_speed_hz,
        findings=tuple(
            Finding(
                channel,
                verdict or ("outer_race" if score > 2.0 else "none"),
                {"outer_race": score, "inner_race": 0.5 * score, "ball": 0.1},
                growth,
            )
            for channel, score in zip(channels, values, strict=True)
        ),
    )
