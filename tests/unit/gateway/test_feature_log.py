"""The recent part of the feature stream: positions, duplicates, holes, bounds."""

from tests.unit.gateway.messages import batch, packed

from kurto_gateway.live.cursors import EntryId, Position
from kurto_gateway.live.feature_log import FeatureLog
from kurto_gateway.live.frames import LiveFrame


def make(max_bytes: int = 1_000_000, max_sensors: int = 100) -> FeatureLog:
    log = FeatureLog(max_bytes=max_bytes, max_sensors=max_sensors)
    log.begin(EntryId(10, 0))
    return log


def names(frames: list[LiveFrame] | None) -> list[tuple[str, int]]:
    assert frames is not None
    return [(frame.sensor_id, frame.order[1]) for frame in frames]


def test_frames_after_a_position_inside_an_entry() -> None:
    log = make()
    log.append(EntryId(11, 0), batch(packed("a", 1), packed("b", 1), packed("c", 1)))
    log.append(EntryId(12, 0), batch(packed("a", 2)))
    start = log.after(Position.after_all_of(EntryId(10, 0)))
    assert names(start) == [("a", 1), ("b", 1), ("c", 1), ("a", 2)]
    assert names(log.after(Position(EntryId(11, 0), 1))) == [("c", 1), ("a", 2)]
    assert log.head is not None
    assert log.after(log.head) == []


def test_what_was_before_the_beginning_is_not_here() -> None:
    log = make()
    assert log.after(Position(EntryId(9, 0), 0)) is None
    assert FeatureLog(max_bytes=1, max_sensors=1).after(Position(EntryId(9, 0), 0)) is None


def test_a_window_published_twice_is_dropped() -> None:
    log = make()
    log.append(EntryId(11, 0), batch(packed("a", 1), packed("a", 2)))
    arrival = log.append(EntryId(12, 0), batch(packed("a", 2), packed("a", 3)))
    assert names(arrival.frames) == [("a", 3)]
    assert not arrival.holes


def test_a_late_frame_passes_and_is_not_the_newest() -> None:
    log = make()
    log.append(EntryId(11, 0), batch(packed("a", 5)))
    arrival = log.append(EntryId(12, 0), batch(packed("a", 3, late=True)))
    assert names(arrival.frames) == [("a", 3)]
    assert names(log.latest(["a"])) == [("a", 5)]


def test_windows_jumped_over_are_counted_within_an_epoch() -> None:
    log = make()
    log.append(EntryId(11, 0), batch(packed("a", 5), packed("b", 5)))
    arrival = log.append(
        EntryId(12, 0),
        batch(packed("a", 9), packed("b", 6), packed("c", 70), packed("b", 0, epoch=2)),
    )
    assert dict(arrival.holes) == {"a": 3}


def test_memory_is_bounded_and_what_went_is_said_to_be_gone() -> None:
    size = LiveFrame(packed("a", 1), (), Position(EntryId(0, 0), 0)).size
    log = make(max_bytes=5 * size)
    for k in range(50):
        log.append(EntryId(20 + k, 0), batch(packed("a", k)))
    assert log.byte_count <= 5 * size
    assert log.after(Position(EntryId(40, 0), 0)) is None
    assert names(log.after(Position(EntryId(66, 0), 0))) == [("a", 47), ("a", 48), ("a", 49)]


def test_sensors_are_bounded_and_the_silent_one_goes_first() -> None:
    log = make(max_sensors=2)
    for k, sensor in enumerate(["a", "b", "a", "c"]):
        log.append(EntryId(20 + k, 0), batch(packed(sensor, k)))
    assert names(log.latest(["a", "b", "c"])) == [("a", 2), ("c", 3)]
    assert log.unknown(["a", "b"]) == ["b"]


def test_a_cached_frame_fills_in_but_never_replaces_a_newer_one() -> None:
    log = make()
    log.append(EntryId(11, 0), batch(packed("a", 5)))
    log.seed([batch(packed("a", 4)), batch(packed("b", 8))])
    assert names(log.latest(["a", "b"])) == [("a", 5), ("b", 8)]
    arrival = log.append(EntryId(12, 0), batch(packed("b", 8)))
    assert names(arrival.frames) == [("b", 8)]  # clients without the snapshot need it
