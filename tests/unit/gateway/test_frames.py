"""Packed frames come out as the contract's, with the features asked for."""

import math

from tests.unit.gateway.messages import FEATURES, batch, empty, packed

from kurto.signal.v1 import features_pb2, quality_pb2
from kurto_gateway.live.cursors import EntryId, Position
from kurto_gateway.live.frames import FeatureFilter, LiveFrame, feature_filter, frames_of


def live(frame: features_pb2.PackedFeatureFrame) -> LiveFrame:
    return frames_of(EntryId(1, 0), batch(frame))[0]


def unpacked(
    frame: features_pb2.PackedFeatureFrame, wanted: FeatureFilter = None
) -> features_pb2.FeatureFrame:
    message = live(frame).view(wanted).message
    assert isinstance(message, features_pb2.FeatureFrame)
    return message


def test_all_fields_arrive() -> None:
    frame = unpacked(packed("pump", 7, values=[1, 2, 3, 4, 5, 6], masks=[0, 0b101], late=True))
    assert (frame.sensor_id, frame.epoch, frame.window_index) == ("pump", 1, 7)
    assert (frame.first_index, frame.sample_count, frame.config_version) == (7 * 2560, 25600, 3)
    assert frame.late
    assert frame.start_time.ToMicroseconds() == 1_760_000_000_700_000
    assert frame.end_time.ToMicroseconds() == 1_760_000_001_700_000
    first, second = frame.channels
    assert (first.channel, first.unit) == ("horizontal", "g")
    assert dict(first.values) == {"rms": 1, "kurtosis": 2, "peak": 3}
    assert dict(second.values) == {"rms": 4, "kurtosis": 5, "peak": 6}
    assert list(first.quality_flags) == []
    assert list(second.quality_flags) == [
        quality_pb2.QUALITY_FLAG_GAP,
        quality_pb2.QUALITY_FLAG_FLAT,
    ]


def test_only_the_features_asked_for() -> None:
    frame = unpacked(packed("pump", 7, values=[1, 2, 3, 4, 5, 6]), ("nonsense", "peak"))
    assert [dict(channel.values) for channel in frame.channels] == [{"peak": 3}, {"peak": 6}]


def test_what_is_no_number_is_absent() -> None:
    values = [math.nan, math.inf, -math.inf, 1.0, 2.0, 3.0]
    frame = unpacked(packed("pump", 7, values=values))
    assert dict(frame.channels[0].values) == {}
    assert len(frame.channels[1].values) == 3
    assert "NaN" not in live(packed("pump", 7, values=values)).view(None).json


def test_an_empty_frame_has_its_reason_and_no_channels() -> None:
    frame = unpacked(empty("pump", 3))
    assert frame.empty_reason == features_pb2.EMPTY_REASON_GAP
    assert not frame.channels


def test_a_view_is_made_once_for_equal_filters_while_fresh() -> None:
    frame = live(packed("pump", 1))
    one, two = feature_filter(["rms", "peak"]), feature_filter(["peak", "rms", "rms"])
    assert frame.view(one) is frame.view(two)
    assert feature_filter([]) is None
    frame.shrink()
    assert frame.view(one) is not frame.view(two)
    assert frame.view(one).entry == frame.view(two).entry


def test_a_frame_kept_as_bytes_is_the_same() -> None:
    frame = live(packed("pump", 1))
    before = frame.view(None).entry
    frame.shrink()
    frame.shrink()
    assert frame.view(None).entry == before
    assert frame.feature_names == FEATURES


def test_frames_stand_at_their_place_in_the_entry() -> None:
    frames = frames_of(EntryId(4, 2), batch(packed("a", 1), packed("b", 1)))
    assert [frame.position for frame in frames] == [
        Position(EntryId(4, 2), 0),
        Position(EntryId(4, 2), 1),
    ]
