"""Waveforms, spectrograms, scalograms and kurtograms, computed as requests ask."""

from __future__ import annotations

import math

import numpy as np

from kurto.analyzer.v1 import feature_service_pb2 as requests
from kurto.signal.v1 import spectra_pb2 as pb
from kurto.signal.v1 import spectrum_pb2
from kurto_analyzer.exceptions import InvalidField
from kurto_analyzer.frames import timestamp
from kurto_analyzer.on_demand.exceptions import AnalysisImpossible, SamplesIncomplete
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_analyzer.on_demand.spectrum_requests import overlap_of, scaling_of
from kurto_dsp import USABLE_FRACTION
from kurto_dsp.arrays import Float32Array, Float64Array
from kurto_dsp.spectra import (
    compute_spectrogram,
    fast_kurtogram,
    wavelet_transform,
)

__all__ = [
    "kurtogram_message",
    "scalogram_message",
    "source_message",
    "spectrogram_message",
    "waveform_message",
]

_MAX_POINTS, _MAX_CELLS = 500_000, 500_000
_POINT_COUNTS, _COLUMN_COUNTS = (16, 100_000), (16, 4096)
_DEFAULT_COLUMNS, _DEFAULT_LINES, _DEFAULT_VOICES = 1000, 400, 12
_LOWEST_WAVELET_HZ = 10.0
_WAVELET_CELLS = 1 << 23  # 64 MB of float64
_WAVELET_WORK = 100_000_000  # rows x samples: a few seconds of one core
_SCALING = spectrum_pb2.SpectrumScaling


def waveform_message(record: ChannelRecord, request: requests.GetWaveformRequest) -> pb.Waveform:
    """Return the samples of a record, summed up when there are more than points asked for.

    Raises
    ------
    InvalidField, AnalysisImpossible
        When the number of points cannot be, or there are too many samples.
    """
    _require("point_count", request.point_count, _POINT_COUNTS)
    samples, points = record.samples, request.point_count
    if not points or len(samples) <= points:
        if len(samples) > _MAX_POINTS:
            raise AnalysisImpossible(
                problem=f"{len(samples)} samples are more than {_MAX_POINTS}, say point_count, or "
                "read them by ReadSamples"
            )
        return pb.Waveform(
            source=source_message(record), samples_per_point=1, values=samples.tolist()
        )
    per_point = math.ceil(len(samples) / points)
    rows = _in_rows(samples, per_point)
    return pb.Waveform(
        source=source_message(record),
        samples_per_point=per_point,
        minimums=np.fmin.reduce(rows, axis=1).tolist(),
        maximums=np.fmax.reduce(rows, axis=1).tolist(),
    )


def spectrogram_message(
    record: ChannelRecord, request: requests.GetSpectrogramRequest
) -> pb.Spectrogram:
    """Return the spectrogram of a record; missing samples make missing columns.

    Raises
    ------
    InvalidField, AnalysisImpossible, ParameterError
        When it cannot be, or has too many cells.
    """
    kind = scaling_of(request)
    _require("line_count", request.line_count, (16, 8192))
    lines, rate = request.line_count or _DEFAULT_LINES, record.sample_rate_hz
    highest_hz = request.maximum_frequency_hz or USABLE_FRACTION * rate
    if not 0.0 < highest_hz <= 0.5 * rate:
        raise InvalidField(
            f"maximum_frequency_hz must be 0 or up to half the rate, {0.5 * rate:g} Hz.",
            field="maximum_frequency_hz",
        )
    overlap = overlap_of(request)
    segment_s = lines / highest_hz
    columns = len(record.samples) / rate / (segment_s * max(0.05, 1.0 - overlap))
    _require_cells(lines, columns, "a lower maximum_frequency_hz, less overlap")
    picture = compute_spectrogram(
        record.samples,
        sample_rate_hz=rate,
        unit=record.unit,
        segment_s=segment_s,
        kind=kind,
        overlap=overlap,
        maximum_hz=highest_hz,
    )
    _require_cells_of(record, picture.values)
    times_s = picture.times_s
    return pb.Spectrogram(
        source=source_message(record),
        scaling=request.scaling or _SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK,
        unit=picture.unit,
        first_time_s=float(times_s[0]),
        time_step_s=float(times_s[1] - times_s[0]) if len(times_s) > 1 else segment_s,
        frequency_step_hz=picture.resolution_hz,
        time_count=len(times_s),
        frequency_count=len(picture.frequencies_hz),
        cells=picture.values[0].T.astype(np.float32).ravel().tolist(),
    )


def scalogram_message(record: ChannelRecord, request: requests.GetScalogramRequest) -> pb.Scalogram:
    """Return the wavelet transform of a record, the largest amplitude of each column.

    Raises
    ------
    InvalidField, SamplesIncomplete, AnalysisImpossible, ParameterError
        When it cannot be.
    """
    _require("column_count", request.column_count, _COLUMN_COUNTS)
    _require("voices_per_octave", request.voices_per_octave, (1, 64))
    _require_whole(record)
    columns = request.column_count or _DEFAULT_COLUMNS
    voices = request.voices_per_octave or _DEFAULT_VOICES
    rate, band = record.sample_rate_hz, request.band
    low_hz = band.low_hz if request.HasField("band") else _LOWEST_WAVELET_HZ
    high_hz = band.high_hz if request.HasField("band") else USABLE_FRACTION * rate
    if not 0.0 < low_hz < high_hz <= 0.5 * rate:
        raise InvalidField(
            f"band must have 0 < low_hz < high_hz <= {0.5 * rate:g}, half the rate.", field="band"
        )
    rows = math.floor(math.log2(high_hz / low_hz) * voices) + 1
    _require_cells(rows, columns, "fewer voices_per_octave or columns, a narrower band")
    if rows * len(record.samples) > _WAVELET_WORK:
        raise AnalysisImpossible(
            problem=f"{rows} frequencies over {len(record.samples)} samples are too much work, ask "
            "for a shorter duration, a narrower band or fewer voices_per_octave"
        )
    # Looked at in steps that are finer than a column, so that no shock falls between two of them.
    step = math.ceil(len(record.samples) * rows / _WAVELET_CELLS)
    picture = wavelet_transform(
        record.samples,
        sample_rate_hz=rate,
        unit=record.unit,
        minimum_hz=low_hz,
        maximum_hz=high_hz,
        voices_per_octave=voices,
        time_step_s=step / rate,
    )
    _require_cells_of(record, picture.values)
    per_column = math.ceil(picture.values.shape[2] / columns)
    cells = np.stack([np.fmax.reduce(_in_rows(row, per_column), 1) for row in picture.values[0]])
    return pb.Scalogram(
        source=source_message(record),
        unit=picture.unit,
        frequencies_hz=picture.frequencies_hz.tolist(),
        samples_per_column=per_column * step,
        time_count=cells.shape[1],
        cells=cells.astype(np.float32).ravel().tolist(),
        edge_s=picture.edge_s.tolist(),
    )


def kurtogram_message(record: ChannelRecord, request: requests.GetKurtogramRequest) -> pb.Kurtogram:
    """Return the fast kurtogram of a record.

    Raises
    ------
    InvalidField, SamplesIncomplete, AnalysisImpossible, ParameterError
        When it cannot be.
    """
    _require("level_count", request.level_count, (1, 8))
    _require_whole(record)
    gram = fast_kurtogram(
        record.samples,
        sample_rate_hz=record.sample_rate_hz,
        maximum_level=request.level_count or None,
    )
    best = gram.best[0]
    if best is None:
        raise AnalysisImpossible(problem=f"channel {record.channel} does not move")
    message = pb.Kurtogram(source=source_message(record))
    for row, level in enumerate(gram.levels.tolist()):
        width_hz, count = float(gram.bandwidths_hz[row]), round(2.0**level)
        kurtoses = gram.kurtosis[0, row, :: gram.kurtosis.shape[2] // count]
        for number, kurtosis in enumerate(kurtoses.tolist()):
            band = spectrum_pb2.FrequencyBand(
                low_hz=number * width_hz, high_hz=(number + 1) * width_hz
            )
            message.bands.add(
                level=level,
                band=band,
                kurtosis=kurtosis,
                noise_deviation=float(gram.noise_deviation[row]),
            )
    # The edges may differ from those above in the last digit, the level does not.
    message.best.level, message.best.kurtosis = best.level, best.kurtosis
    message.best.band.low_hz, message.best.band.high_hz = best.band.low_hz, best.band.high_hz
    row = int(np.argmin(np.abs(gram.levels - best.level)))
    message.best.noise_deviation = float(gram.noise_deviation[row])
    return message


def source_message(record: ChannelRecord) -> pb.AnalysedSamples:
    """Return what says from which samples something was computed."""
    return pb.AnalysedSamples(
        sensor_id=record.sensor_id,
        channel=record.channel,
        epoch=record.epoch,
        first_index=record.first_index,
        sample_count=len(record.samples),
        missing_sample_count=record.missing_count,
        start_time=timestamp(record.start_us),
        sample_rate_hz=record.sample_rate_hz,
        unit=record.unit.value,
    )


def _in_rows(samples: Float32Array | Float64Array, length: int) -> Float32Array | Float64Array:
    """Return samples in rows of `length`; the last one is filled up with NaN."""
    rows = -(-len(samples) // length)
    padded = np.full(rows * length, np.nan, samples.dtype)
    padded[: len(samples)] = samples
    return padded.reshape(rows, length)


def _require(field: str, value: int, allowed: tuple[int, int]) -> None:
    low, high = allowed
    if value and not low <= value <= high:
        raise InvalidField(f"{field} must be 0 or {low} to {high}, got {value}.", field=field)


def _require_cells(rows: float, columns: float, remedy: str) -> None:
    if rows * columns > _MAX_CELLS:
        raise AnalysisImpossible(
            problem=f"a picture of {rows:.0f} x {columns:.0f} cells is more than {_MAX_CELLS}, ask "
            f"for {remedy} or a shorter duration"
        )


def _require_cells_of(record: ChannelRecord, cells: Float64Array) -> None:
    """Refuse cells without a number where no sample is missing."""
    if not record.missing_count and not np.isfinite(cells).all():
        raise AnalysisImpossible(
            problem=f"channel {record.channel} is out of range, see the samples by GetWaveform"
        )


def _require_whole(record: ChannelRecord) -> None:
    if record.missing_count:
        raise SamplesIncomplete(missing=record.missing_count, wanted=len(record.samples))
