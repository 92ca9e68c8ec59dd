"""Whatever the samples are: answers hold finite numbers, or a refusal says what to change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import Message

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1 import spectrum_pb2
from kurto_analyzer.exceptions import InvalidField
from kurto_analyzer.machine_data import MachineData
from kurto_analyzer.on_demand import pictures
from kurto_analyzer.on_demand.averages import average_message
from kurto_analyzer.on_demand.exceptions import AnalysisImpossible
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_analyzer.on_demand.spectra import spectrum_message
from kurto_analyzer.on_demand.spectrum_requests import check_spectrum
from kurto_dsp import AccelerationUnit, ParameterError
from kurto_service.exceptions import KurtoError

RATE_HZ, COUNT = 2000.0, 4000
NOISE = np.random.default_rng(3).standard_normal(COUNT)
AT_S = np.arange(COUNT) / RATE_HZ
SIGNALS = {
    "noise": NOISE,
    "zero": np.zeros(COUNT),
    "constant": np.full(COUNT, 3.3),
    "tone": np.sin(2 * np.pi * 50.0 * AT_S),
    "tiny": 1e-30 * NOISE,
    "subnormal": 1e-42 * NOISE,
    "huge": 1e30 * NOISE,
    "largest": np.where(NOISE > 0.0, 3e38, -3e38),
    "impulse": np.eye(1, COUNT, 1000)[0],
    "step": np.where(AT_S > 1.0, 1.0, 0.0),
    "biased": 1e7 + NOISE,
    "one missing": np.where(AT_S == 0.5, np.nan, NOISE),
    "half missing": np.where(AT_S > 1.0, np.nan, NOISE),
    "none": np.full(COUNT, np.nan),
    "infinite": np.where(AT_S == 0.5, np.inf, NOISE),
}
WITH_HOLES = {"one missing", "half missing", "none", "infinite"}
KINDS = spectrum_pb2.SpectrumKind.values()
Answer = Callable[[ChannelRecord], Message]


def record(samples: np.ndarray) -> ChannelRecord:
    return ChannelRecord(
        sensor_id="pump",
        channel="x",
        epoch=1,
        first_index=0,
        start_us=1_767_225_600_000_000,
        sample_rate_hz=RATE_HZ,
        unit=AccelerationUnit.G,
        full_scale=None,
        samples=samples.astype(np.float32),
        tacho=None,
        speed_track=(),
        machine=MachineData(nominal_speed_hz=25.0),
    )


def spectrum(kind: int, **values: Any) -> Answer:
    request = pb.GetSpectrumRequest(sensor_id="pump", kind=kind, **values)  # type: ignore[arg-type]
    check_spectrum(request)
    return lambda samples: spectrum_message(samples, request)


def waveform(point_count: int) -> Answer:
    request = pb.GetWaveformRequest(point_count=point_count)
    return lambda samples: pictures.waveform_message(samples, request)


def answers() -> Iterator[tuple[str, Answer]]:
    band = spectrum_pb2.FrequencyBand(low_hz=100.0, high_hz=500.0)
    for kind in KINDS:
        yield "spectrum", spectrum(kind, demodulation_band=band)
    yield "spectrum", spectrum(spectrum_pb2.SPECTRUM_KIND_VIBRATION, line_count=100)
    for points in (0, 16):
        yield "waveform", waveform(points)
    spectrogram = pb.GetSpectrogramRequest(line_count=32)
    yield "spectrogram", lambda one: pictures.spectrogram_message(one, spectrogram)
    scalogram = pb.GetScalogramRequest(voices_per_octave=2, column_count=50)
    yield "scalogram", lambda one: pictures.scalogram_message(one, scalogram)
    kurtogram = pb.GetKurtogramRequest(level_count=2)
    yield "kurtogram", lambda one: pictures.kurtogram_message(one, kurtogram)
    average = pb.GetTimeSynchronousAverageRequest(teeth=20)
    yield "average", lambda one: average_message(one, average)


def not_finite(message: Message) -> set[str]:
    """Return the names of the fields that hold NaN or infinity."""
    found: set[str] = set()
    for field, value in message.ListFields():
        for one in value if isinstance(value, (list, tuple)) or hasattr(value, "add") else [value]:
            if isinstance(one, Message):
                found |= not_finite(one)
        if not isinstance(value, (Message, str)):
            numbers = np.atleast_1d(np.array(value if not hasattr(value, "add") else 0.0))
            if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
                found.add(field.name)
    return found


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("count", [COUNT, 400, 17, 15, 2, 1])
def test_answers_are_finite_or_refused(name: str, count: int) -> None:
    samples = record(SIGNALS[name][:count])
    outcomes = []
    for what, answer in answers():
        try:
            message = answer(samples)
        except (KurtoError, ParameterError):
            continue
        outcomes.append(what)
        # Documented: there they show what is missing.
        if not (what in {"waveform", "spectrogram"} and name in WITH_HOLES):
            assert not not_finite(message), what
    assert "waveform" in outcomes
    if name == "noise" and count == COUNT:
        assert set(outcomes) == {what for what, _ in answers()}


def test_not_finite_is_found_wherever_it_is() -> None:
    message = pb.GetSpectrogramResponse()
    message.spectrogram.cells.extend([1.0, math.nan])
    message.spectrogram.first_time_s = math.inf
    assert not_finite(message) == {"cells", "first_time_s"}


@pytest.mark.parametrize("name", ["huge", "largest", "tiny"])
def test_pictures_of_what_no_sensor_can_measure_are_refused(name: str) -> None:
    for what, answer in answers():
        if what in {"spectrogram", "scalogram"}:
            with pytest.raises(AnalysisImpossible, match="channel x is out of range"):
                answer(record(SIGNALS[name]))


@pytest.mark.parametrize("speed_hz", [0.0, -1.0, 1e-300, 1e300, math.nan, math.inf])
def test_speeds_that_no_shaft_has_are_refused(speed_hz: float) -> None:
    order = spectrum(spectrum_pb2.SPECTRUM_KIND_ORDER, shaft_speed_hz=speed_hz)
    average = pb.GetTimeSynchronousAverageRequest(shaft_speed_hz=speed_hz)
    for answer in (order, lambda one: average_message(one, average)):
        with pytest.raises(InvalidField, match="shaft_speed_hz must be 0"):
            answer(record(NOISE))
