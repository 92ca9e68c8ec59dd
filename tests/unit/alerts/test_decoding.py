"""Frames from the wire."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurto.signal.v1 import features_pb2 as pb
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import SensorProfile, window_count, window_interval_us
from kurto_alerts.testing import make_frame


def packed(**parts: object) -> pb.FeatureBatch:
    batch = pb.FeatureBatch(feature_names=["rms", "kurtosis"])
    frame = batch.frames.add(
        sensor_id="pump-7",
        epoch=2,
        window_index=5,
        first_index=12800,
        sample_count=25600,
        start_time_us=10,
        end_time_us=20,
        channels=["a", "b"],
        units=["g", "m/s2"],
        values_f32le=np.array([1, 2, 3, np.nan], "<f4").tobytes(),
    )
    for name, value in parts.items():
        if name in ("channels", "units", "quality_masks"):
            frame.ClearField(name)
            getattr(frame, name).extend(value)
        else:
            setattr(frame, name, value)
    return batch


def test_packed_frame() -> None:
    (frame,) = FrameDecoder().decode_batch(packed().SerializeToString())
    assert (frame.sensor_id, frame.epoch, frame.window_index) == ("pump-7", 2, 5)
    assert (frame.start_us, frame.end_us) == (10, 20)
    assert frame.layout is not None
    assert frame.layout.features == ("rms", "kurtosis")
    assert (frame.layout.channels, frame.layout.units) == (("a", "b"), ("g", "m/s2"))
    assert frame.values is not None
    np.testing.assert_array_equal(frame.values, np.array([1, 2, 3, np.nan], np.float32))


def test_equal_layouts_are_one_object() -> None:
    decoder = FrameDecoder()
    (first,), (second,) = (decoder.decode_batch(packed().SerializeToString()) for _ in range(2))
    assert first.layout is second.layout


def test_empty_frame() -> None:
    message = packed(empty_reason=pb.EMPTY_REASON_GAP, values_f32le=b"")
    (frame,) = FrameDecoder().decode_batch(message.SerializeToString())
    assert frame.values is None


@pytest.mark.parametrize(
    "parts",
    [
        {"values_f32le": b"123"},
        {"values_f32le": b""},
        {"channels": ["a", "a"]},
        {"units": ["g"]},
        {"sensor_id": ""},
        {"window_index": -1},
        {"epoch": -1},
        {"quality_masks": [0]},
    ],
)
def test_malformed_frames_are_left_out(parts: dict[str, object]) -> None:
    decoder = FrameDecoder()
    assert decoder.decode_batch(packed(**parts).SerializeToString()) == []
    assert decoder.malformed_count == 1


@given(st.binary(max_size=200))
def test_any_bytes_at_all(message: bytes) -> None:
    FrameDecoder().decode_batch(message)


def test_stored_frame_has_the_columns_that_were_asked_for() -> None:
    message = pb.FeatureFrame(sensor_id="pump-7", epoch=1, window_index=3, sample_count=5)
    message.start_time.FromMicroseconds(1_000_001)
    message.end_time.FromMicroseconds(2_000_002)
    channel = message.channels.add(channel="a", unit="g")
    channel.values["rms"] = 1.5
    frame = FrameDecoder().decode_frame(message, ["kurtosis", "rms"])
    assert (frame.start_us, frame.end_us) == (1_000_001, 2_000_002)
    assert frame.values is not None
    np.testing.assert_array_equal(frame.values, np.array([np.nan, 1.5], np.float32))
    message.empty_reason = pb.EMPTY_REASON_GAP
    del message.channels[:]
    assert FrameDecoder().decode_frame(message, ["rms"]).values is None


@pytest.mark.parametrize(
    ("duration_s", "interval_us", "count"),
    [
        (0.0, 100_000.0, 1),
        (0.05, 100_000.0, 3),
        (0.3, 100_000.0, 3),
        (0.31, 100_000.0, 4),
        (5.0, 100_000.0, 50),
        (5.0, 99_999.9, 50),
        (5.0, 100_000.1, 50),
        (3600.0, 99_999.9, 36_000),
        (5.0, None, 3),
        (0.0, None, 1),
        (50.0, 10_000_000.0, 5),
        (5.0, 10_000_000.0, 3),
    ],
)
def test_durations_in_windows(duration_s: float, interval_us: float | None, count: int) -> None:
    assert window_count(duration_s * 1e6, interval_us) == count


def test_interval_of_windows() -> None:
    assert window_interval_us(make_frame(3, 0.5), None) == 100_000
    burst = make_frame(3, 0.5, burst_interval_us=10_000_000)
    assert window_interval_us(burst, None) is None
    profile = SensorProfile("pump-7", burst_interval_us=10_000_000)
    assert window_interval_us(burst, profile) == 10_000_000
