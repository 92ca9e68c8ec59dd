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
from kurto_dsp.arrays import Float64Array
from kurto_dsp.gears import gear_indicators, separate_gear_signals
from kurto_dsp.spectra import time_synchronous_average

__all__ = ["average_message"]


def average_message(
    record: ChannelRecord, request: GetTimeSynchronousAverageRequest
) -> pb.TimeSynchronousAverage:
    """Return the time-synchronous average of a record, and the indicators of a gear.

    Raises
    ------
    InvalidField, SpeedUnknown, SamplesIncomplete, ParameterError
        When it cannot be.
    """
    if request.teeth < 0:
        raise InvalidField("teeth must be at least 0.", field="teeth")
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
    values = average.values[0]
    if not np.isfinite(values).all():
        raise SamplesIncomplete(missing=record.missing_count, wanted=len(record.samples))
    message = pb.TimeSynchronousAverage(
        source=source_message(record),
        shaft_speed_hz=average.mean_speed_hz,
        revolution_count=int(average.revolution_counts[0]),
        values=values.astype(np.float32).tolist(),
        maximum_order=average.maximum_order,
        asynchronous_rms=float(average.asynchronous_rms[0]),
    )
    if request.teeth:
        message.gear.CopyFrom(_gear(values, request.teeth))
    return message


def _gear(average: Float64Array, teeth: int) -> pb.GearIndicators:
    indicators, _ = gear_indicators(separate_gear_signals(average, teeth=teeth))
    named = {
        "fm0": indicators.fm0,
        "fm4": indicators.fm4,
        "m6a": indicators.m6a,
        "m8a": indicators.m8a,
        "energy_ratio": indicators.er,
    }
    return pb.GearIndicators(
        **{name: value for name, value in named.items() if not math.isnan(value)}
    )
