"""Which stored samples a request means, and how they are put together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from kurto.analyzer.v1.feature_service_pb2 import GetWaveformRequest
from kurto.assets.v1 import assets_pb2
from kurto.ingest.v1.ingest_service_pb2 import SamplesChunk, SamplesHeader
from kurto.signal.v1 import samples_pb2
from kurto_analyzer.exceptions import InvalidField, UnknownChannel
from kurto_analyzer.machine_data import MachineData
from kurto_analyzer.on_demand.exceptions import AnalysisImpossible, NoSamples, SpeedUnknown
from kurto_analyzer.on_demand.records import (
    ChannelRecord,
    EpochFormat,
    RecordBuilder,
    StoredRange,
    choose_range,
)
from kurto_analyzer.on_demand.rotations import shaft_rotation
from kurto_analyzer.on_demand.selections import SampleSelection, read_selection
from kurto_dsp import AccelerationUnit

_ANCHOR_S = 1_767_225_600
_RATE = 1000.0
_MOST = 60_000


def _header(first: int, end: int, *, burst: bool = False, channels: str = "xy") -> SamplesHeader:
    header = SamplesHeader(
        sensor_id="pump",
        epoch=3,
        channels=list(channels),
        indexes=samples_pb2.IndexRange(first_index=first, end_index=end),
        config=assets_pb2.SensorConfig(
            sample_rate_hz=_RATE,
            channels=[assets_pb2.Channel(name=name, unit="m/s2") for name in "xy"],
            nominal_speed_rpm=1500,
        ),
    )
    header.anchor_time.seconds = _ANCHOR_S
    if burst:
        header.config.acquisition.burst.length_samples = 100
        header.config.acquisition.burst.interval.seconds = 10
    return header


def _selection(start_s: float | None, duration_s: float) -> SampleSelection:
    start_us = None if start_s is None else round((_ANCHOR_S + start_s) * 1e6)
    return SampleSelection("pump", "", "", start_us, lambda _rate: duration_s)


@pytest.mark.parametrize(
    ("start_s", "duration_s", "stored", "wanted"),
    [
        (None, 2.0, (9_999, 10_000), (8_000, 10_000)),
        (None, 60.0, (9_999, 10_000), (0, 10_000)),  # as much as there is
        (4.0, 2.0, (4_000, 10_000), (4_000, 6_000)),
        (4.0004, 2.0, (4_001, 10_000), (4_001, 6_001)),
        (4.0, 2.0, (5_500, 10_000), (5_500, 6_000)),  # a beginning that expired
    ],
)
def test_the_range_ends_with_the_newest_or_begins_with_the_start(
    start_s: float | None, duration_s: float, stored: tuple[int, int], wanted: tuple[int, int]
) -> None:
    chosen = choose_range(
        _selection(start_s, duration_s), EpochFormat.of(_header(*stored)), max_samples=_MOST
    )
    assert chosen == StoredRange(3, *wanted)


def test_samples_beyond_the_length_asked_for_are_none() -> None:
    with pytest.raises(NoSamples, match="pump"):
        choose_range(
            _selection(4.0, 2.0), EpochFormat.of(_header(6_000, 10_000)), max_samples=_MOST
        )


@pytest.mark.parametrize(
    ("start_s", "duration_s", "stored", "wanted"),
    [
        (None, 8.0, (349, 350), (200, 300)),  # the newest burst that is whole
        (None, 0.05, (399, 400), (300, 350)),
        (15.0, 8.0, (200, 900), (200, 300)),
        (10.05, 8.0, (150, 900), (200, 300)),  # from within a burst: the next one
    ],
)
def test_of_burst_sensors_one_burst_is_taken(
    start_s: float | None, duration_s: float, stored: tuple[int, int], wanted: tuple[int, int]
) -> None:
    stored_format = EpochFormat.of(_header(*stored, burst=True))
    chosen = choose_range(_selection(start_s, duration_s), stored_format, max_samples=_MOST)
    assert chosen == StoredRange(3, *wanted)
    builder = RecordBuilder(_header(*wanted, burst=True, channels="x"), chosen)
    record = builder.record()
    assert record.start_us == (_ANCHOR_S + wanted[0] // 100 * 10) * 1_000_000


def test_no_burst_is_whole_yet() -> None:
    with pytest.raises(NoSamples):
        choose_range(
            _selection(None, 1.0), EpochFormat.of(_header(98, 99, burst=True)), max_samples=_MOST
        )


def test_more_samples_than_may_be_are_refused_with_what_may_be() -> None:
    with pytest.raises(AnalysisImpossible, match=r"duration of at most 1\.9 s"):
        choose_range(_selection(0.0, 2.0), EpochFormat.of(_header(0, 9_000)), max_samples=1_999)


def _chunk(first: int, samples: np.ndarray, speed_hz: float | None = None) -> SamplesChunk:
    return SamplesChunk(
        first_index=first,
        sample_count=samples.shape[1],
        planar=samples.astype("<f4").tobytes(),
        shaft_speed_hz=speed_hz,
    )


def test_chunks_find_their_place_and_holes_are_nan() -> None:
    everything = np.arange(2000, dtype=np.float32).reshape(2, 1000)
    builder = RecordBuilder(_header(100, 900), StoredRange(3, 100, 900))
    builder.add(_chunk(600, everything[:, 600:1000], 25.0))  # reaches over the end
    builder.add(_chunk(0, everything[:, 0:300], 20.0))  # and over the beginning
    record = builder.record()
    assert (record.channel, record.first_index, record.missing_count) == ("x", 100, 300)
    np.testing.assert_array_equal(record.samples[:200], everything[0, 100:300])
    assert np.isnan(record.samples[200:500]).all()
    np.testing.assert_array_equal(record.samples[500:], everything[0, 600:900])
    assert record.tacho is not None
    np.testing.assert_array_equal(record.tacho[500:], everything[1, 600:900])
    assert record.speed_track == ((0.1, 20.0), (0.65, 25.0))
    assert record.unit is AccelerationUnit.MPS2
    assert record.machine.nominal_speed_hz == 25.0
    assert record.start_us == _ANCHOR_S * 1_000_000 + 100_000


def test_integers_are_scaled() -> None:
    header = _header(0, 4, channels="x")
    header.encoding = samples_pb2.SAMPLE_ENCODING_I16LE
    header.scales.append(0.5)
    builder = RecordBuilder(header, StoredRange(3, 0, 4))
    planar = np.array([1, -2, 3, 4], "<i2").tobytes()
    builder.add(SamplesChunk(first_index=0, sample_count=4, planar=planar))
    assert builder.record().samples.tolist() == [0.5, -1.0, 1.5, 2.0]


def test_nothing_is_no_record() -> None:
    with pytest.raises(NoSamples):
        RecordBuilder(_header(900, 1000, channels="x"), StoredRange(3, 0, 500)).record()


def test_channels_are_checked_by_name() -> None:
    stored = EpochFormat.of(_header(0, 10))
    assert (stored.channel(""), stored.channel("y")) == ("x", "y")
    with pytest.raises(UnknownChannel, match="x, y"):
        stored.channel("z")


@pytest.mark.parametrize("seconds", [0.0, -1.0, 60.1])
def test_durations_are_bounded(seconds: float) -> None:
    duration = Duration(seconds=int(seconds), nanos=round((seconds - int(seconds)) * 1e9))
    request = GetWaveformRequest(sensor_id="pump", duration=duration)
    with pytest.raises(InvalidField, match=r"duration must be 0\.001 to 60 s"):
        read_selection(request, longest_s=60.0, default_s=lambda _: 1.0)


def test_a_default_is_cut_to_the_longest() -> None:
    request = GetWaveformRequest(sensor_id="pump")
    chosen = read_selection(request, longest_s=60.0, default_s=lambda rate: 1e6 / rate)
    assert chosen.duration_s(100.0) == 60.0
    assert chosen.duration_s(1e6) == 1.0
    assert chosen.start_us is None


def _record(**changes: object) -> ChannelRecord:
    values: dict[str, object] = {
        "sensor_id": "pump", "channel": "x", "epoch": 1, "first_index": 0, "start_us": 0,
        "sample_rate_hz": _RATE, "unit": AccelerationUnit.G, "full_scale": None,
        "samples": np.zeros(4000, np.float32), "tacho": None, "speed_track": (),
        "machine": MachineData(),
    } | changes  # fmt: skip
    return ChannelRecord(**values)  # type: ignore[arg-type]


def _speeds(record: ChannelRecord, said_hz: float | None = None) -> list[float]:
    rotation = shaft_rotation(record, shaft_speed_hz=said_hz, pulses_per_revolution=0)
    assert (rotation.start_s, rotation.stop_s) == (0.0, 4.0)
    speeds: list[float] = rotation.speeds_at(np.array([0.1, 2.0, 3.9])).tolist()
    return speeds


def test_the_speed_that_is_known_best_counts() -> None:
    nominal = MachineData(nominal_speed_hz=20.0)
    assert _speeds(_record(machine=nominal)) == pytest.approx([20.0] * 3)
    measured = _record(machine=nominal, speed_track=((1.0, 24.0), (3.0, 26.0)))
    assert _speeds(measured) == pytest.approx([24.0, 25.0, 26.0], rel=1e-3)
    assert _speeds(_record(speed_track=((1.0, 24.0),))) == pytest.approx([24.0] * 3)
    assert _speeds(measured, 30.0) == pytest.approx([30.0] * 3)
    with pytest.raises(SpeedUnknown, match="nominal_speed_rpm"):
        _speeds(_record())
    with pytest.raises(InvalidField, match="pulses_per_revolution"):
        shaft_rotation(_record(), shaft_speed_hz=None, pulses_per_revolution=-1)


@given(rate=st.sampled_from([12_000.0, 25_600.0, 44_100.0, 97_656.25]), first=st.integers(0, 10**9))
def test_asked_from_the_start_of_an_answer_on_the_same_samples_are_meant(
    rate: float, first: int
) -> None:
    """Times are told in whole microseconds: rounding must neither add a sample nor lose one."""
    header = _header(first, first + 2 * round(rate))
    header.config.sample_rate_hz = rate
    stored = EpochFormat.of(header)
    selection = replace(_selection(0.0, 1.0), start_us=stored.geometry.time_us(first))
    chosen = choose_range(selection, stored, max_samples=200_000)
    assert chosen == StoredRange(3, first, first + round(rate))
