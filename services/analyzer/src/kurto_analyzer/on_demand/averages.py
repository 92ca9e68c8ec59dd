"""Time-synchronous averages and the indicators of the gear on the shaft."""

from __future__ import annotations

import math

import numpy as np

from kurto.analyzer.v1.feature_service_pb2 import GetTimeSynchronousAverageRequest
from kurto.signal.v1 import spectra_pb2 as pb
from kurto_analyzer.exceptions import InvalidField
from kurto_analyzer.on_demand.exceptions import SamplesIncomplete
from kurto_analyzer.on_demand.pictures import source_message
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_analyzer.on_demand.rotations import shaft_rotation
from kurto_analyzer.on_demand.selections import start_us
from kurto_dsp.arrays import Float64Array
from kurto_dsp.gears import GearHistory, gear_indicators, separate_gear_signals
from kurto_dsp.spectra import SynchronousAverage, time_synchronous_average

__all__ = ["average_message", "gear_history", "reference_starts"]

_MOST_REFERENCES = 8


def reference_starts(request: GetTimeSynchronousAverageRequest) -> list[int]:
    """Return where the reference records of a request start, in microseconds since 1970.

    Raises
    ------
    InvalidField
        When there are too many, or they are for nothing.
    """
    if request.teeth < 0:
        raise InvalidField("teeth must be at least 0.", field="teeth")
    if len(request.reference_times) > _MOST_REFERENCES:
        raise InvalidField(
            f"reference_times may hold {_MOST_REFERENCES} records, got "
            f"{len(request.reference_times)}: leave some out.",
            field="reference_times",
        )
    if request.reference_times and not request.teeth:
        raise InvalidField(
            "reference_times are for the indicators of a gear: say its teeth too.",
            field="reference_times",
        )
    return [start_us("reference_times", time) for time in request.reference_times]


def gear_history(
    record: ChannelRecord, request: GetTimeSynchronousAverageRequest, history: GearHistory
) -> GearHistory:
    """Return the history with one more reference record.

    Raises
    ------
    InvalidField, SpeedUnknown, SamplesIncomplete, ParameterError
        When it has no average.
    """
    average = _average(record, request).values[0]
    _, following = gear_indicators(separate_gear_signals(average, teeth=request.teeth), history)
    return following


def average_message(
    record: ChannelRecord,
    request: GetTimeSynchronousAverageRequest,
    history: GearHistory | None = None,
) -> pb.TimeSynchronousAverage:
    """Return the time-synchronous average of a record, and the indicators of a gear.

    Parameters
    ----------
    record : ChannelRecord
        The record.
    request : GetTimeSynchronousAverageRequest
        As received.
    history : GearHistory, optional
        Of the reference records.

    Raises
    ------
    InvalidField, SpeedUnknown, SamplesIncomplete, ParameterError
        When it cannot be.
    """
    average = _average(record, request)
    values = average.values[0]
    message = pb.TimeSynchronousAverage(
        source=source_message(record),
        shaft_speed_hz=average.mean_speed_hz,
        revolution_count=int(average.revolution_counts[0]),
        values=values.astype(np.float32).tolist(),
        maximum_order=average.maximum_order,
        asynchronous_rms=float(average.asynchronous_rms[0]),
    )
    if request.teeth:
        message.gear.CopyFrom(_gear(values, request.teeth, history))
    return message


def _average(
    record: ChannelRecord, request: GetTimeSynchronousAverageRequest
) -> SynchronousAverage:
    rotation = shaft_rotation(
        record,
        shaft_speed_hz=request.shaft_speed_hz if request.HasField("shaft_speed_hz") else None,
        pulses_per_revolution=request.pulses_per_revolution,
    )
    average = time_synchronous_average(
        record.samples,
        sample_rate_hz=record.sample_rate_hz,
        rotation=rotation,
        unit=record.unit,
        maximum_order=request.maximum_order or None,
    )
    if not np.isfinite(average.values[0]).all():
        raise SamplesIncomplete(missing=record.missing_count, wanted=len(record.samples))
    return average


def _gear(average: Float64Array, teeth: int, history: GearHistory | None) -> pb.GearIndicators:
    indicators, _ = gear_indicators(separate_gear_signals(average, teeth=teeth), history)
    named = {
        "fm0": indicators.fm0,
        "fm4": indicators.fm4,
        "m6a": indicators.m6a,
        "m8a": indicators.m8a,
        "energy_ratio": indicators.er,
    }
    if history is not None and history.residual.record_count:
        named |= {"na4": indicators.na4, "nb4": indicators.nb4}
    return pb.GearIndicators(
        **{name: value for name, value in named.items() if not math.isnan(value)}
    )
