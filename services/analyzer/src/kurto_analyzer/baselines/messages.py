"""Baselines and conditions in the form in which they are served."""

from __future__ import annotations

import math
from collections.abc import Iterable

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto_analyzer.baselines.model import BaselineState, LearningCause, StoredBaseline
from kurto_analyzer.baselines.ports import BaselineEvent
from kurto_analyzer.baselines.tracks import Compared
from kurto_analyzer.frames import set_time
from kurto_dsp.condition.baselines import Baseline
from kurto_dsp.condition.growth import AccelerationGrowth, GrowthGrade
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.operating_state import OperatingState
from kurto_dsp.condition.reference_levels import Comparison, ReferenceLayout, ReferenceLevels

__all__ = ["baseline_message", "fill_event", "fill_growth", "operating_state"]

_STATES = {
    BaselineState.LEARNING: pb.BASELINE_STATE_LEARNING,
    BaselineState.IN_FORCE: pb.BASELINE_STATE_IN_FORCE,
    BaselineState.RETIRED: pb.BASELINE_STATE_RETIRED,
    BaselineState.ABANDONED: pb.BASELINE_STATE_ABANDONED,
}
_CAUSES = {
    LearningCause.COMMISSIONING: pb.LEARNING_CAUSE_COMMISSIONING,
    LearningCause.BEARING_REPLACED: pb.LEARNING_CAUSE_BEARING_REPLACED,
    LearningCause.MAINTENANCE: pb.LEARNING_CAUSE_MAINTENANCE,
    LearningCause.OPERATION_CHANGED: pb.LEARNING_CAUSE_OPERATION_CHANGED,
}
_OPERATING = {
    OperatingState.UNKNOWN: pb.OPERATING_STATE_UNSPECIFIED,
    OperatingState.STOPPED: pb.OPERATING_STATE_STOPPED,
    OperatingState.START_UP: pb.OPERATING_STATE_START_UP,
    OperatingState.RUNNING: pb.OPERATING_STATE_RUNNING,
    OperatingState.COAST_DOWN: pb.OPERATING_STATE_COAST_DOWN,
}
_GRADES = {
    GrowthGrade.NONE: pb.GROWTH_GRADE_NONE,
    GrowthGrade.WARNING: pb.GROWTH_GRADE_WARNING,
    GrowthGrade.CRITICAL: pb.GROWTH_GRADE_CRITICAL,
}


def operating_state(state: OperatingState) -> pb.OperatingState:
    """Return a state as it is served."""
    return _OPERATING[state]


def baseline_message(
    stored: StoredBaseline,
    events: Iterable[BaselineEvent] = (),
    *,
    missing: int = 0,
    whole: bool = False,
) -> pb.Baseline:
    """Return a baseline.

    Parameters
    ----------
    stored : StoredBaseline
        As read.
    events : iterable of BaselineEvent
        Its audit.
    missing : int
        Windows that it still lacks.
    whole : bool
        Whether to include what was learned.
    """
    message = pb.Baseline(
        baseline_id=stored.baseline_id,
        sensor_id=stored.sensor_id,
        state=_STATES[stored.state],
        cause=_CAUSES[stored.cause],
        reason=stored.reason,
        principal=stored.principal,
        wanted_window_count=stored.wanted_windows,
        missing_window_count=missing,
    )
    set_time(message.begin_time, stored.begin_us)
    set_time(message.create_time, stored.create_us)
    for time, time_us in (
        (message.freeze_time, stored.freeze_us),
        (message.end_time, stored.end_us),
    ):
        if time_us is not None:
            set_time(time, time_us)
    for event in events:
        fill_event(message.events.add(), event)
    if stored.baseline is not None:
        _fill_cuts(message, stored.baseline)
    if whole and stored.baseline is not None:
        for operating_bin, levels in sorted(
            stored.baseline.bins.items(), key=lambda item: item[0].label
        ):
            _fill_bin(message.bins.add(), operating_bin, stored.baseline.layout, levels)
    return message


def fill_event(message: pb.BaselineEvent, event: BaselineEvent) -> None:
    """Write a line of the audit into an empty message."""
    message.event_number = event.event_id
    message.baseline_id = event.baseline_id
    message.sensor_id = event.sensor_id
    message.event = event.kind
    message.principal = event.principal
    message.reason = event.reason
    set_time(message.event_time, event.time_us)


def _fill_cuts(message: pb.Baseline, baseline: Baseline) -> None:
    message.operating_bins.extend(sorted(one.label for one in baseline.bins))
    if baseline.cuts.reference_speed_hz is not None:
        message.reference_speed_hz = baseline.cuts.reference_speed_hz
    if baseline.cuts.load_step is not None:
        message.load_bin_width = baseline.cuts.load_step


def _fill_bin(
    message: pb.BaselineBin,
    operating_bin: OperatingBin,
    layout: ReferenceLayout,
    levels: ReferenceLevels,
) -> None:
    message.operating_bin = operating_bin.label
    message.window_count = levels.window_count
    medians = levels.values
    for row, (name, unit) in enumerate(zip(layout.channels, layout.units, strict=True)):
        channel = message.channels.add(channel=name, unit=unit)
        for column, feature in enumerate(layout.features):
            if math.isfinite(medians[row, column]):
                entry = channel.features[feature]
                entry.median = float(medians[row, column])
                entry.mad_neper = float(levels.mad[row, column])
                entry.value_count = int(levels.counts[row, column])


def fill_growth(message: pb.Condition, compared: Compared) -> None:
    """Write how a window compares."""
    growth, layout = compared.growth, compared.layout
    set_time(message.compare_time, compared.frame.end_us)
    message.operating_bin = growth.operating_bin.label
    if math.isfinite(compared.frame.shaft_speed_hz):
        message.shaft_speed_hz = compared.frame.shaft_speed_hz
    if math.isfinite(compared.frame.load):
        message.load = compared.frame.load
    if growth.acceleration is not None:
        message.acceleration_growth.CopyFrom(_acceleration(growth.acceleration, growth.grade))
    for row, (name, unit) in enumerate(zip(layout.channels, layout.units, strict=True)):
        channel = message.channels.add(channel=name, unit=unit)
        for column, feature in enumerate(layout.features):
            at = (row, column)
            entry = _feature(growth.frozen, growth.trailing, at)
            if entry is not None:
                entry.step = bool(growth.steps[at])
                channel.features[feature].CopyFrom(entry)


def _acceleration(growth: AccelerationGrowth, grade: GrowthGrade) -> pb.AccelerationGrowth:
    return pb.AccelerationGrowth(
        factor=growth.factor,
        channel=growth.channel,
        feature=growth.feature,
        grade=_GRADES[grade],
    )


def _feature(
    frozen: Comparison | None, trailing: Comparison | None, at: tuple[int, int]
) -> pb.FeatureGrowth | None:
    """Return the growth of a feature, or None when there is nothing to compare it with."""
    values: dict[str, float] = {}
    if frozen is not None:
        values = {"factor": float(frozen.factor[at]), "z": float(frozen.z[at])}
    if trailing is not None:
        values["trailing_factor"] = float(trailing.factor[at])
    known = {name: value for name, value in values.items() if math.isfinite(value)}
    if not known:
        return None
    return pb.FeatureGrowth(
        factor=known.get("factor"), z=known.get("z"), trailing_factor=known.get("trailing_factor")
    )
