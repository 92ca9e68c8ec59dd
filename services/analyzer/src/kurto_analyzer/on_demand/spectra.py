"""Spectra of all kinds, computed from a record as a request asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kurto.analyzer.v1.feature_service_pb2 import GetSpectrumRequest
from kurto.signal.v1 import spectrum_pb2 as pb
from kurto_analyzer.frames import timestamp
from kurto_analyzer.on_demand.exceptions import AnalysisImpossible, SamplesIncomplete
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_analyzer.on_demand.rotations import shaft_rotation
from kurto_analyzer.on_demand.spectrum_requests import (
    AVERAGINGS,
    ENVELOPES,
    PER_PEAK,
    demodulation_band,
    kind_of,
    memory_of,
    overlap_of,
    scaling_of,
)
from kurto_dsp import FrequencyBand, compute_spectrum
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import (
    CepstrumKind,
    averaged_spectrum,
    compute_cepstrum,
    envelope_spectrum,
    order_spectrum,
)

__all__ = ["spectrum_message"]

_MAX_LINES = 262_144
_LONGEST_QUEFRENCY_S = 1.0
_KIND, _SCALING = pb.SpectrumKind, pb.SpectrumScaling


@dataclass(frozen=True, slots=True)
class _Lines:
    """What the kinds have in common."""

    values: Float64Array
    step: float
    unit: str
    scaling: int
    step_unit: str = "Hz"
    average_count: int = 1
    window: str = "hann"
    band: FrequencyBand | None = None
    speed_hz: float | None = None


def spectrum_message(record: ChannelRecord, request: GetSpectrumRequest) -> pb.Spectrum:
    """Return the spectrum of a record that `request` asks for.

    Raises
    ------
    InvalidField, SpeedUnknown, SamplesIncomplete, AnalysisImpossible, ParameterError
        When it cannot be.
    """
    kind = kind_of(request)
    lines = _computation(kind)(record, request)
    if not np.isfinite(lines.values).all():
        missing = record.missing_count
        if missing:
            raise SamplesIncomplete(missing=missing, wanted=len(record.samples))
        raise AnalysisImpossible(
            problem=f"channel {record.channel} does not move, or is out of range"
        )
    if len(lines.values) > _MAX_LINES + 1:
        raise AnalysisImpossible(
            problem=f"{len(lines.values)} lines are more than {_MAX_LINES}, ask for a line_count, "
            "a lower maximum_frequency_hz or a shorter duration"
        )
    message = pb.Spectrum(
        sensor_id=record.sensor_id,
        channel=record.channel,
        epoch=record.epoch,
        start_time=timestamp(record.start_us),
        frequency_step_hz=lines.step if lines.step_unit == "Hz" else 0.0,
        scaling=pb.SpectrumScaling.Name(lines.scaling),
        unit=lines.unit,
        window_function=lines.window,
        lines=lines.values.astype(np.float32).tolist(),
        kind=pb.SpectrumKind.Name(kind),
        step=lines.step,
        step_unit=lines.step_unit,
        average_count=lines.average_count,
        first_index=record.first_index,
        sample_count=len(record.samples),
        missing_sample_count=record.missing_count,
        sample_rate_hz=record.sample_rate_hz,
        shaft_speed_hz=lines.speed_hz,
    )
    if lines.band is not None:
        message.demodulation_band.low_hz = lines.band.low_hz
        message.demodulation_band.high_hz = lines.band.high_hz
    return message


_Computation = Callable[[ChannelRecord, GetSpectrumRequest], _Lines]


def _computation(kind: int) -> _Computation:
    if kind in ENVELOPES:
        return _envelope
    if kind == _KIND.SPECTRUM_KIND_ORDER:
        return _order
    if kind == _KIND.SPECTRUM_KIND_CEPSTRUM:
        return _cepstrum
    return _vibration


def _vibration(record: ChannelRecord, request: GetSpectrumRequest) -> _Lines:
    scaling = scaling_of(request)
    number = request.scaling or _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK
    if request.line_count:
        averaged = averaged_spectrum(
            record.samples,
            sample_rate_hz=record.sample_rate_hz,
            unit=record.unit,
            kind=scaling,
            lines=request.line_count,
            maximum_hz=request.maximum_frequency_hz or None,
            averaging=AVERAGINGS[request.averaging],
            overlap=overlap_of(request),
            memory=memory_of(request),
        )
        return _Lines(
            averaged.values[0],
            averaged.resolution_hz,
            averaged.unit,
            number,
            average_count=int(averaged.average_counts[0]),
        )
    whole = compute_spectrum(record.samples, sample_rate_hz=record.sample_rate_hz, kind=scaling)
    values = whole.values[0]
    if request.maximum_frequency_hz:
        values = values[: int(request.maximum_frequency_hz / whole.resolution_hz * (1 + 1e-12)) + 1]
    return _Lines(values, whole.resolution_hz, scaling.unit(record.unit), number)


def _order(record: ChannelRecord, request: GetSpectrumRequest) -> _Lines:
    rotation = shaft_rotation(
        record,
        shaft_speed_hz=request.shaft_speed_hz if request.HasField("shaft_speed_hz") else None,
        pulses_per_revolution=request.pulses_per_revolution,
    )
    options = {"revolutions": request.segment_revolutions} if request.segment_revolutions else {}
    spectrum = order_spectrum(
        record.samples,
        sample_rate_hz=record.sample_rate_hz,
        rotation=rotation,
        unit=record.unit,
        kind=scaling_of(request),
        maximum_order=request.maximum_order or None,
        averaging=AVERAGINGS[request.averaging],
        overlap=overlap_of(request),
        memory=memory_of(request),
        **options,
    )
    return _Lines(
        spectrum.values[0],
        spectrum.resolution_orders,
        spectrum.unit,
        request.scaling or _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK,
        step_unit="order",
        average_count=int(spectrum.average_counts[0]),
        speed_hz=spectrum.mean_speed_hz,
    )


def _envelope(record: ChannelRecord, request: GetSpectrumRequest) -> _Lines:
    kind, prewhitened = ENVELOPES[kind_of(request)]
    rate = record.sample_rate_hz
    band = demodulation_band(
        request, record.machine.demodulation_band_hz, rate, prewhitened=prewhitened
    )
    highest_hz = request.maximum_frequency_hz or band.high_hz - band.low_hz
    spectrum = envelope_spectrum(
        record.samples,
        sample_rate_hz=rate,
        unit=record.unit,
        band=band,
        kind=kind,
        prewhitened=prewhitened,
        resolution_hz=highest_hz / request.line_count if request.line_count else None,
        maximum_hz=highest_hz,
        averaging=AVERAGINGS[request.averaging],
        overlap=overlap_of(request),
        memory=memory_of(request),
    )
    return _Lines(
        spectrum.values[0] * PER_PEAK[scaling_of(request)],
        spectrum.resolution_hz,
        spectrum.unit or "1",
        request.scaling or _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK,
        average_count=int(spectrum.average_counts[0]),
        band=spectrum.band,
    )


def _cepstrum(record: ChannelRecord, request: GetSpectrumRequest) -> _Lines:
    rate = record.sample_rate_hz
    longest_s = min(_LONGEST_QUEFRENCY_S, 0.5 * len(record.samples) / rate)
    cepstrum = compute_cepstrum(
        record.samples, sample_rate_hz=rate, kind=CepstrumKind.POWER, maximum_s=longest_s
    )
    unspecified = _SCALING.SPECTRUM_SCALING_UNSPECIFIED
    return _Lines(cepstrum.values[0], 1.0 / rate, "1", unspecified, step_unit="s", window="")
