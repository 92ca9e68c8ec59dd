"""FeatureService's spectra and pictures through gRPC, of signals whose answer is known."""

from __future__ import annotations

import asyncio
import math
import threading
from datetime import UTC, datetime, timedelta

import grpc
import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from tests.integration.analyzer.conftest import Room

from kurto.analyzer.v1 import feature_service_pb2 as pb
from kurto.signal.v1 import spectrum_pb2
from kurto_analyzer.machine_data import MachineData
from kurto_analyzer.on_demand.fakes import FakeStoredSamples
from kurto_dsp.arrays import Float32Array
from kurto_service.errors import error_info

_RATE = 25_600.0
_START = datetime(2026, 1, 1, tzinfo=UTC)
_KIND, _SCALING = spectrum_pb2.SpectrumKind, spectrum_pb2.SpectrumScaling
_ORDER, _ENVELOPE = _KIND.SPECTRUM_KIND_ORDER, _KIND.SPECTRUM_KIND_ENVELOPE
_CEPSTRUM = _KIND.SPECTRUM_KIND_CEPSTRUM
_RMS = _SCALING.SPECTRUM_SCALING_AMPLITUDE_RMS
_DENSITY = _SCALING.SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY


def _tones(seconds: float) -> Float32Array:
    """50 Hz of 3 g, and 4 kHz of 2 g whose amplitude varies by half, 90 times a second."""
    t = np.arange(round(seconds * _RATE)) / _RATE
    carrier = 2.0 * (1.0 + 0.5 * np.cos(2 * np.pi * 90.0 * t)) * np.sin(2 * np.pi * 4000.0 * t)
    return (3.0 * np.sin(2 * np.pi * 50.0 * t) + carrier).astype(np.float32)


@pytest.fixture
def stored(room: Room) -> FakeStoredSamples:
    samples = room.samples
    assert isinstance(samples, FakeStoredSamples)
    samples.channels = {"x": _tones(20.0), "y": np.zeros(20 * 25_600, np.float32)}
    return samples


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration


def _at(seconds: float) -> Timestamp:
    time = Timestamp()
    time.FromDatetime(_START + timedelta(seconds=seconds))
    return time


async def _refusal(call: object) -> tuple[str, str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    info = error_info(caught.value)
    assert info is not None
    return caught.value.code().name, info.reason, caught.value.details() or ""


@pytest.mark.parametrize(
    ("scaling", "amplitude", "unit"),
    [
        (_SCALING.SPECTRUM_SCALING_UNSPECIFIED, 3.0, "g"),
        (_SCALING.SPECTRUM_SCALING_AMPLITUDE_RMS, 3.0 / math.sqrt(2), "g"),
        (_SCALING.SPECTRUM_SCALING_AMPLITUDE_PEAK_TO_PEAK, 6.0, "g"),
        (_SCALING.SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY, 4.5 / (1.5 * 3.125), "g2/Hz"),
    ],
)
async def test_averaged_spectra_of_a_stored_moment(
    room: Room,
    stored: FakeStoredSamples,
    scaling: spectrum_pb2.SpectrumScaling,
    amplitude: float,
    unit: str,
) -> None:
    request = pb.GetSpectrumRequest(
        sensor_id="pump",
        scaling=scaling,
        start_time=_at(2),
        duration=_duration(4),
        line_count=3200,
        maximum_frequency_hz=10_000,
    )
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    assert spectrum.start_time == _at(2)
    assert (spectrum.first_index, spectrum.sample_count) == (2 * 25_600, 4 * 25_600)
    assert (spectrum.step, spectrum.step_unit, spectrum.unit) == (3.125, "Hz", unit)
    assert spectrum.frequency_step_hz == 3.125
    assert len(spectrum.lines) == 3201
    assert spectrum.average_count == 24  # 4 s of segments of 0.32 s, overlapping by half
    assert spectrum.scaling == (scaling or 1)
    assert spectrum.lines[16] == pytest.approx(amplitude, rel=1e-4)  # 50 Hz is line 16
    assert spectrum.missing_sample_count == 0


@pytest.mark.parametrize(
    ("averaging", "mean_square"),
    [
        (spectrum_pb2.SPECTRUM_AVERAGING_LINEAR, 2.5),
        (spectrum_pb2.SPECTRUM_AVERAGING_PEAK_HOLD, 4.0),
        (spectrum_pb2.SPECTRUM_AVERAGING_EXPONENTIAL, 4.0 - 3.0 * 0.75**6),
    ],
)
async def test_averages_of_a_tone_that_doubles(
    room: Room,
    stored: FakeStoredSamples,
    averaging: spectrum_pb2.SpectrumAveraging,
    mean_square: float,
) -> None:
    t = np.arange(12 * 8192) / _RATE  # six segments of 1 g and six of 2 g
    tone = np.repeat([1.0, 2.0], 6 * 8192) * np.sin(2 * np.pi * 50.0 * t)
    stored.channels = {"x": tone.astype(np.float32)}
    request = pb.GetSpectrumRequest(
        sensor_id="pump",
        start_time=_at(0),
        duration=_duration(3.84),
        line_count=3200,
        maximum_frequency_hz=10_000,
        averaging=averaging,
        averaging_memory=4,
        overlap=0.0,
    )
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    assert spectrum.average_count == 12
    assert spectrum.lines[16] == pytest.approx(math.sqrt(mean_square), rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "amplitude", "unit"),
    [
        (_KIND.SPECTRUM_KIND_ENVELOPE, 1.0, "g"),
        (_KIND.SPECTRUM_KIND_SQUARED_ENVELOPE, 4.0, "g2"),
        (_KIND.SPECTRUM_KIND_LOG_ENVELOPE, 8.0 * (1 - math.sqrt(0.75)), "1"),
    ],
)
async def test_envelopes_read_their_modulation(
    room: Room,
    stored: FakeStoredSamples,
    kind: spectrum_pb2.SpectrumKind,
    amplitude: float,
    unit: str,
) -> None:
    spectrum = (
        await room.features.GetSpectrum(pb.GetSpectrumRequest(sensor_id="pump", kind=kind))
    ).spectrum
    assert spectrum.kind == kind
    assert spectrum.sample_count == 8 * 25_600
    assert spectrum.unit == unit
    band = spectrum.demodulation_band
    assert (band.low_hz, band.high_hz) == (2000.0, 10_000.0)
    assert int(np.argmax(spectrum.lines)) == round(90.0 / spectrum.step)
    assert max(spectrum.lines) == pytest.approx(amplitude, rel=1e-3)


async def test_the_band_may_be_said_or_configured(room: Room, stored: FakeStoredSamples) -> None:
    stored.machine = MachineData(demodulation_band_hz=(3000.0, 5000.0))
    request = pb.GetSpectrumRequest(
        sensor_id="pump", kind=_KIND.SPECTRUM_KIND_ENVELOPE, line_count=1000
    )
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    assert spectrum.demodulation_band.low_hz == 3000.0
    assert (spectrum.step, len(spectrum.lines)) == (2.0, 1001)
    request.demodulation_band.low_hz, request.demodulation_band.high_hz = 3500.0, 4500.0
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    assert spectrum.demodulation_band.high_hz == 4500.0
    assert (spectrum.step, len(spectrum.lines)) == (1.0, 1001)
    assert spectrum.lines[90] == pytest.approx(1.0, rel=1e-3)


async def test_prewhitened_spectra_show_impulses_under_strong_tones(
    room: Room, stored: FakeStoredSamples
) -> None:
    rng = np.random.default_rng(0)
    wave = _tones(8.0) + 0.02 * rng.standard_normal(8 * 25_600).astype(np.float32)
    # As balls do, these slip a little: a train without any jitter would be whitened away.
    hits = np.cumsum(rng.normal(_RATE / 107.0, 1.0, 850)).astype(np.int64)
    wave[hits[hits < len(wave)]] += 1.0
    stored.channels["x"] = wave.astype(np.float32)
    request = pb.GetSpectrumRequest(
        sensor_id="pump", kind=_KIND.SPECTRUM_KIND_PREWHITENED_ENVELOPE, maximum_frequency_hz=200
    )
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    first = round(10.0 / spectrum.step)  # below it lies what changes over the whole record
    strongest = first + int(np.argmax(spectrum.lines[first:]))
    assert strongest * spectrum.step == pytest.approx(107.0, abs=0.5)
    assert spectrum.unit == "1"


async def test_order_spectra_follow_the_speed_that_is_known_best(
    room: Room, stored: FakeStoredSamples
) -> None:
    t = np.arange(10 * 25_600) / _RATE
    angle = 2 * np.pi * (20.0 * t + 0.5 * t**2)  # 20 to 30 Hz
    stored.channels["x"] = np.cos(3 * angle).astype(np.float32)
    stored.channels["tacho"] = (np.mod(angle / (2 * np.pi), 1.0) < 0.3).astype(np.float32)
    request = pb.GetSpectrumRequest(
        sensor_id="pump", kind=_KIND.SPECTRUM_KIND_ORDER, duration=_duration(10), maximum_order=8
    )
    status, reason, message = await _refusal(room.features.GetSpectrum(request))
    assert (status, reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert "shaft_speed_hz" in message

    stored.speed_track = tuple((i + 0.5, 20.5 + i) for i in range(10))
    await _shows_order_3(room, request, 25.0)
    request.tacho_channel = "tacho"
    stored.speed_track = ()
    await _shows_order_3(room, request, 25.0)
    request.tacho_channel = ""
    stored.channels["x"] = np.cos(2 * np.pi * 3 * 25.0 * t).astype(np.float32)
    stored.machine = MachineData(nominal_speed_hz=25.0)
    await _shows_order_3(room, request, 25.0)
    request.shaft_speed_hz = 37.5  # what is said goes first: the same line is then order 2
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    assert int(np.argmax(spectrum.lines)) * spectrum.step == pytest.approx(2.0)


async def _shows_order_3(room: Room, request: pb.GetSpectrumRequest, speed_hz: float) -> None:
    spectrum = (await room.features.GetSpectrum(request)).spectrum
    assert (spectrum.step_unit, spectrum.frequency_step_hz) == ("order", 0.0)
    assert int(np.argmax(spectrum.lines)) * spectrum.step == pytest.approx(3.0)
    assert max(spectrum.lines) == pytest.approx(1.0, rel=0.02)
    assert spectrum.shaft_speed_hz == pytest.approx(speed_hz, rel=0.05)


async def test_a_cepstrum_shows_an_echo(room: Room, stored: FakeStoredSamples) -> None:
    noise = np.random.default_rng(1).standard_normal(8 * 25_600)
    echo = noise + 0.5 * np.roll(noise, 512)  # 20 ms later
    stored.channels["x"] = echo.astype(np.float32)
    request = pb.GetSpectrumRequest(sensor_id="pump", kind=_KIND.SPECTRUM_KIND_CEPSTRUM)
    cepstrum = (await room.features.GetSpectrum(request)).spectrum
    assert cepstrum.step_unit == "s"
    strongest = 200 + int(np.argmax(cepstrum.lines[200:2000]))
    assert strongest * cepstrum.step == pytest.approx(0.02)


async def test_a_waveform_is_whole_or_summed_up(room: Room, stored: FakeStoredSamples) -> None:
    request = pb.GetWaveformRequest(sensor_id="pump", start_time=_at(1), duration=_duration(0.5))
    wave = (await room.features.GetWaveform(request)).waveform
    samples = stored.channels["x"][25_600 : 25_600 + 12_800]
    assert wave.values == samples.tolist()
    assert (wave.samples_per_point, wave.source.unit) == (1, "g")
    request.point_count = 100
    picture = (await room.features.GetWaveform(request)).waveform
    rows = samples.reshape(100, 128)
    assert picture.samples_per_point == 128
    assert picture.minimums == rows.min(axis=1).tolist()
    assert picture.maximums == rows.max(axis=1).tolist()
    assert not picture.values


async def test_a_spectrogram_shows_when_a_tone_jumps(room: Room, stored: FakeStoredSamples) -> None:
    t = np.arange(8 * 25_600) / _RATE
    stored.channels["x"] = np.sin(2 * np.pi * np.where(t < 4, 500.0, 1500.0) * t).astype(np.float32)
    request = pb.GetSpectrogramRequest(sensor_id="pump")
    picture = (await room.features.GetSpectrogram(request)).spectrogram
    assert picture.frequency_step_hz == 25.0
    cells = np.array(picture.cells).reshape(picture.time_count, picture.frequency_count)
    times_s = picture.first_time_s + picture.time_step_s * np.arange(picture.time_count)
    loudest = cells.argmax(axis=1) * picture.frequency_step_hz
    assert set(loudest[times_s < 3.9]) == {500.0}
    assert set(loudest[times_s > 4.1]) == {1500.0}
    assert times_s[-1] == pytest.approx(8.0, abs=0.1)


async def test_a_scalogram_reads_800_for_800_and_loses_no_shock(
    room: Room, stored: FakeStoredSamples
) -> None:
    t = np.arange(25_600) / _RATE
    wave = 2.0 * np.sin(2 * np.pi * 800.0 * t)
    wave[10_000] += 50.0
    stored.channels["x"] = wave.astype(np.float32)
    request = pb.GetScalogramRequest(sensor_id="pump", column_count=100)
    request.band.low_hz, request.band.high_hz = 100.0, 10_000.0
    picture = (await room.features.GetScalogram(request)).scalogram
    cells = np.array(picture.cells).reshape(len(picture.frequencies_hz), picture.time_count)
    assert picture.samples_per_column == 256
    row = int(cells[:, 70].argmax())
    assert picture.frequencies_hz[row] == pytest.approx(800.0)
    assert cells[row, 70] == pytest.approx(2.0, rel=1e-3)
    assert int(cells[-1].argmax()) == 10_000 // 256


async def test_a_kurtogram_finds_the_band_that_rings(room: Room, stored: FakeStoredSamples) -> None:
    t = np.arange(8 * 25_600) / _RATE
    since = np.mod(t, 0.05)
    ringing = np.exp(-800 * since) * np.sin(2 * np.pi * 6000 * since)
    noise = np.random.default_rng(0).standard_normal(len(t))
    stored.channels["x"] = (ringing + 0.1 * noise).astype(np.float32)
    request = pb.GetKurtogramRequest(sensor_id="pump", level_count=4)
    gram = (await room.features.GetKurtogram(request)).kurtogram
    assert gram.best.band.low_hz < 6000.0 < gram.best.band.high_hz
    assert gram.best.kurtosis == max(band.kurtosis for band in gram.bands)
    assert len(gram.bands) == 1 + 2 + 3 + 4 + 6 + 8 + 12 + 16
    finest = [band for band in gram.bands if band.level == 4.0]
    assert [band.band.low_hz for band in finest] == [800.0 * i for i in range(16)]


async def test_an_average_over_turns_and_its_gear(room: Room, stored: FakeStoredSamples) -> None:
    t = np.arange(8 * 25_600) / _RATE
    mesh = np.cos(2 * np.pi * 20 * 25.0 * t)
    noise = np.random.default_rng(4).standard_normal(len(t))
    stored.channels["x"] = (mesh + 0.5 * noise).astype(np.float32)
    request = pb.GetTimeSynchronousAverageRequest(
        sensor_id="pump", shaft_speed_hz=25.0, maximum_order=100, teeth=20
    )
    average = (await room.features.GetTimeSynchronousAverage(request)).average
    assert average.revolution_count == 200
    turn = np.arange(len(average.values)) / len(average.values)
    np.testing.assert_allclose(average.values, np.cos(2 * np.pi * 20 * turn), atol=0.15)
    assert average.gear.fm0 == pytest.approx(2.0, rel=0.2)
    assert average.gear.fm4 == pytest.approx(3.0, abs=1.5)
    assert average.gear.energy_ratio < 0.1
    request.teeth = 0
    assert not (await room.features.GetTimeSynchronousAverage(request)).average.HasField("gear")


async def test_gaps_make_segments_and_columns_missing_but_whole_answers_refuse(
    room: Room, stored: FakeStoredSamples
) -> None:
    stored.channels["x"][-30_000:-20_000] = np.nan
    averaged = pb.GetSpectrumRequest(sensor_id="pump", duration=_duration(8), line_count=3200)
    spectrum = (await room.features.GetSpectrum(averaged)).spectrum
    assert spectrum.missing_sample_count == 10_000
    assert max(spectrum.lines) == pytest.approx(3.0, rel=0.01)
    picture = await room.features.GetSpectrogram(pb.GetSpectrogramRequest(sensor_id="pump"))
    cells = np.array(picture.spectrogram.cells).reshape(picture.spectrogram.time_count, -1)
    assert 0 < np.isnan(cells).any(axis=1).sum() < len(cells)
    for call in (
        room.features.GetSpectrum(pb.GetSpectrumRequest(sensor_id="pump", duration=_duration(8))),
        room.features.GetKurtogram(pb.GetKurtogramRequest(sensor_id="pump")),
        room.features.GetScalogram(
            pb.GetScalogramRequest(sensor_id="pump", start_time=_at(18.5), duration=_duration(1.5))
        ),
    ):
        status, reason, message = await _refusal(call)
        assert (status, reason) == ("FAILED_PRECONDITION", "NO_SAMPLES")
        assert "choose another moment" in message


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (pb.GetSpectrumRequest(sensor_id=""), "sensor_id"),
        (pb.GetSpectrumRequest(sensor_id="pump", kind=99), "kind"),  # type: ignore[arg-type]
        (pb.GetSpectrumRequest(sensor_id="pump", scaling=99, line_count=100), "scaling"),  # type: ignore[arg-type]
        (pb.GetSpectrumRequest(sensor_id="pump", averaging=9), "averaging"),  # type: ignore[arg-type]
        (pb.GetSpectrumRequest(sensor_id="pump", averaging_memory=1001), "averaging_memory"),
        (pb.GetSpectrumRequest(sensor_id="pump", averaging_memory=-1), "averaging_memory"),
        (pb.GetSpectrumRequest(sensor_id="pump", line_count=15), "line_count"),
        (pb.GetSpectrumRequest(sensor_id="pump", line_count=25_600, duration=_duration(1)), "need"),
        (pb.GetSpectrumRequest(sensor_id="pump", duration=_duration(61)), "duration"),
        (pb.GetSpectrumRequest(sensor_id="pump", duration=_duration(-1)), "duration"),
        (pb.GetSpectrumRequest(sensor_id="pump", maximum_frequency_hz=20_000, line_count=100),
         "maximum_hz"),
        (pb.GetSpectrumRequest(sensor_id="pump", overlap=1.5, line_count=100), "overlap"),
        (pb.GetSpectrumRequest(sensor_id="pump", kind=_ORDER, line_count=100), "line_count"),
        (pb.GetSpectrumRequest(sensor_id="pump", kind=_ORDER, shaft_speed_hz=-5), "speed"),
        (pb.GetSpectrumRequest(sensor_id="pump", kind=_ENVELOPE,
                               scaling=_DENSITY), "scaling|amplitudes"),
        (pb.GetSpectrumRequest(sensor_id="pump", kind=_CEPSTRUM,
                               scaling=_RMS), "cepstrum"),
        (pb.GetSpectrumRequest(sensor_id="pump", channel="y", kind=_CEPSTRUM), "does not move"),
        (pb.GetSpectrumRequest(sensor_id="pump", duration=_duration(20),
                               start_time=Timestamp(seconds=-5)), "start_time"),
    ],
)  # fmt: skip
async def test_wrong_requests_say_what_to_change(
    room: Room, stored: FakeStoredSamples, request_: pb.GetSpectrumRequest, said: str
) -> None:
    status, reason, message = await _refusal(room.features.GetSpectrum(request_))
    assert (status, reason) == ("INVALID_ARGUMENT", "INVALID_FIELD"), message
    assert any(word in message for word in said.split("|")), message


async def test_pictures_that_would_be_too_large_are_refused(
    room: Room, stored: FakeStoredSamples
) -> None:
    stored.channels["x"] = _tones(30.0)
    calls = [
        room.features.GetWaveform(pb.GetWaveformRequest(sensor_id="pump", duration=_duration(25))),
        room.features.GetSpectrogram(
            pb.GetSpectrogramRequest(sensor_id="pump", duration=_duration(20), overlap=0.95)
        ),
        room.features.GetScalogram(
            pb.GetScalogramRequest(sensor_id="pump", column_count=4096, voices_per_octave=64)
        ),
        room.features.GetScalogram(pb.GetScalogramRequest(sensor_id="pump", duration=_duration(9))),
        room.features.GetScalogram(
            pb.GetScalogramRequest(
                sensor_id="pump", duration=_duration(8), voices_per_octave=60, column_count=100
            )
        ),
    ]
    for call in calls:
        status, reason, message = await _refusal(call)
        assert (status, reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
        assert any(word in message for word in ("more than", "duration", "too much work")), message


async def test_unknown_channels_and_sensors_without_samples(
    room: Room, stored: FakeStoredSamples
) -> None:
    request = pb.GetKurtogramRequest(sensor_id="pump", channel="z")
    assert (await _refusal(room.features.GetKurtogram(request)))[:2] == (
        "NOT_FOUND",
        "UNKNOWN_CHANNEL",
    )
    stored.channels = {}
    request = pb.GetKurtogramRequest(sensor_id="pump")
    assert (await _refusal(room.features.GetKurtogram(request)))[:2] == ("NOT_FOUND", "NO_SAMPLES")


async def test_too_many_at_a_time_are_refused_while_quick_answers_go_on(
    room: Room, stored: FakeStoredSamples
) -> None:
    release = threading.Event()
    blocker = asyncio.create_task(room.work.compute(lambda: release.wait(100.0)))
    request = pb.GetKurtogramRequest(sensor_id="pump", level_count=2)
    places = room.settings.max_analyses
    calls = [asyncio.ensure_future(room.features.GetKurtogram(request)) for _ in range(places)]
    try:
        async with asyncio.timeout(60):
            while room.work._taken < places:
                await asyncio.sleep(0.01)
        status, reason, message = await _refusal(room.features.GetKurtogram(request))
        assert (status, reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        assert "retry" in message
        async with asyncio.timeout(30):
            definitions = await room.features.ListFeatureDefinitions(
                pb.ListFeatureDefinitionsRequest()
            )
        assert definitions.features
    finally:
        release.set()
    answers = await asyncio.gather(*calls)
    assert len({answer.SerializeToString() for answer in answers}) == 1
    await blocker
