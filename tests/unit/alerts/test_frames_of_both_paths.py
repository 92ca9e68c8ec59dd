"""A frame read live and the same one read from the history are the same to the last bit."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kurto.signal.v1 import features_pb2 as pb
from kurto.signal.v1.features_pb2 import FeatureFrame
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import Frame
from kurto_analyzer.frames import Frame as AnalyzerFrame
from kurto_analyzer.frames import FrameLayout, frame_message, pack_frames
from kurto_analyzer.sample_clock import StreamGeometry

LAYOUT = FrameLayout(("rms", "kurtosis"), ("h", "v"), ("g", "m/s2"))
GEOMETRY = StreamGeometry(25_600.0, 2560, 10, 1_700_000_000_000_000)
FIELDS = (
    "sensor_id", "epoch", "window_index", "first_index", "sample_count", "start_us", "end_us",
    "late", "layout", "quality",
)  # fmt: skip

levels = st.floats(0.0, 1e9, width=32) | st.just(math.nan)
amounts = st.floats(1e-3, 1e9) | st.just(math.nan)


def both(frame: AnalyzerFrame) -> tuple[Frame, Frame]:
    decoder = FrameDecoder()
    [live] = decoder.decode_batch(pack_frames([frame], LAYOUT.feature_names).SerializeToString())
    served = FeatureFrame.FromString(frame_message(frame).SerializeToString())
    return live, decoder.decode_frame(served, LAYOUT.feature_names)


@given(
    values=st.lists(levels, min_size=4, max_size=4),
    quality=st.tuples(st.integers(0, 511), st.integers(0, 511)),
    speed_hz=amounts, load=amounts, load_step=amounts,
)  # fmt: skip
def test_live_and_stored_frames_are_alike(
    values: list[float], quality: tuple[int, int], speed_hz: float, load: float, load_step: float
) -> None:
    frame = AnalyzerFrame.of_window(
        "pump-7", 2, 31, geometry=GEOMETRY, config_version=1, layout=LAYOUT,
        values=np.array(values, np.float32).reshape(2, 2), quality=quality,
        shaft_speed_hz=speed_hz, load=load, load_step=load_step,
    )  # fmt: skip
    live, stored = both(frame)
    assert [getattr(live, name) for name in FIELDS] == [getattr(stored, name) for name in FIELDS]
    assert live.quality == quality
    assert live.values is not None
    assert stored.values is not None
    assert live.values.tobytes() == stored.values.tobytes()
    for found, given_value in (
        ((live.shaft_speed_hz, stored.shaft_speed_hz), speed_hz),
        ((live.load, stored.load), load),
        ((live.load_step, stored.load_step), load_step),
    ):
        np.testing.assert_array_equal(found, np.float32(given_value))


def test_empty_frames_are_alike() -> None:
    frame = AnalyzerFrame.of_window(
        "pump-7", 2, 31, geometry=GEOMETRY, config_version=1, layout=LAYOUT,
        empty_reason=pb.EMPTY_REASON_GAP,
    )  # fmt: skip
    live, stored = both(frame)
    assert live.values is stored.values is None
    assert [getattr(live, name) for name in FIELDS] == [getattr(stored, name) for name in FIELDS]
