"""Results of long windows in the form in which they are served."""

from __future__ import annotations

import math
from collections.abc import Collection

from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto_analyzer.frames import timestamp
from kurto_analyzer.long_windows.results import ChannelDiagnosis, LongFeatures, WindowIdentity
from kurto_analyzer.quality import mask_flags
from kurto_dsp.diagnosis import Fault, FaultLine, SpeedSource

__all__ = ["FAULTS", "diagnosis_message", "long_features_message"]

FAULTS = {
    Fault.NONE: pb.BEARING_FAULT_NONE,
    Fault.OUTER_RACE: pb.BEARING_FAULT_OUTER_RACE,
    Fault.INNER_RACE: pb.BEARING_FAULT_INNER_RACE,
    Fault.BALL: pb.BEARING_FAULT_BALL,
    Fault.UNCERTAIN: pb.BEARING_FAULT_UNCERTAIN,
}
_SOURCES = {
    SpeedSource.MEASURED: pb.SHAFT_SPEED_SOURCE_MEASURED,
    SpeedSource.NAMEPLATE: pb.SHAFT_SPEED_SOURCE_NAMEPLATE,
}


def diagnosis_message(one: ChannelDiagnosis) -> pb.Diagnosis:
    """Return a diagnosis with its evidence."""
    diagnosis = one.diagnosis
    return pb.Diagnosis(
        window=_window(one.window),
        channel=one.channel,
        fault=FAULTS[diagnosis.fault],
        score=_known(diagnosis.score),
        scores=[
            pb.FaultScore(fault=FAULTS[fault], score=score)
            for fault, score in diagnosis.scores.items()
            if not math.isnan(score)
        ],
        lines=[_line(line) for line in diagnosis.lines],
        hints=[
            pb.ShaftHint(pattern=hint.pattern, score=hint.score, reason=hint.reason)
            for hint in diagnosis.hints
        ],
        reason=diagnosis.reason,
        bearing=one.bearing,
        growth=one.growth,
    )


def long_features_message(
    features: LongFeatures, wanted: Collection[str] | None = None
) -> pb.LongFeatures:
    """Return the features of a long window.

    Parameters
    ----------
    features : LongFeatures
        As computed or read.
    wanted : collection of str, optional
        Features to keep; all when None.
    """
    layout = features.layout
    message = pb.LongFeatures(window=_window(features.window))
    rows = zip(
        layout.channels, layout.units, features.values.tolist(), features.quality, strict=True
    )
    for name, unit, values, mask in rows:
        named = zip(layout.feature_names, values, strict=True)
        kept = {
            key: value
            for key, value in named
            if not math.isnan(value) and (wanted is None or key in wanted)
        }
        message.channels.add(channel=name, unit=unit, values=kept, quality_flags=mask_flags(mask))
    return message


def _window(window: WindowIdentity) -> pb.LongWindow:
    speed = window.speed
    return pb.LongWindow(
        sensor_id=window.sensor_id,
        epoch=window.epoch,
        window_index=window.window_index,
        start_time=timestamp(window.start_us),
        end_time=timestamp(window.end_us),
        first_index=window.first_index,
        sample_count=window.sample_count,
        config_version=window.config_version,
        shaft_speed_hz=None if speed is None else speed.hz,
        shaft_speed_source=None if speed is None else _SOURCES[speed.source],
    )


def _line(line: FaultLine) -> pb.FaultLine:
    return pb.FaultLine(
        name=line.name,
        expected_hz=line.expected_hz,
        found_hz=_known(line.found_hz),
        level_db=_known(line.level_db),
    )


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
