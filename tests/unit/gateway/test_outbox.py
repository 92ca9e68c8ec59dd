"""What one client gets, however slowly it reads."""

from collections import Counter
from collections.abc import Callable

from tests.unit.gateway.messages import alert, batch, packed, status, transition

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.signal.v1 import features_pb2
from kurto_gateway.live.cursors import START, Cursor, EntryId, Position
from kurto_gateway.live.encoding import Encoded, Event
from kurto_gateway.live.frames import LiveFrame, frames_of
from kurto_gateway.live.outbox import Outbox, OutboxLimits
from kurto_gateway.live.transition_log import LiveTransition

FRAME = LiveFrame(packed("a", 100), (), Position(EntryId(0, 0), 0)).size
TRANSITION = LiveTransition(transition(1000)).size


def make(
    frames: int = 100,
    transitions: int = 100,
    event: int = 1 << 20,
    on_overflow: Callable[[], object] = lambda: None,
) -> Outbox:
    limits = OutboxLimits(
        feature_bytes=frames * FRAME, transition_bytes=transitions * TRANSITION, event_bytes=event
    )
    return Outbox(wanted=None, limits=limits, cursor=START, on_overflow=on_overflow)


def frame(sensor: str, k: int, entry: int | None = None, *, late: bool = False) -> LiveFrame:
    return frames_of(
        EntryId(k if entry is None else entry, 0), batch(packed(sensor, k, late=late))
    )[0]


def drain(outbox: Outbox) -> list[Event]:
    events = []
    while (event := outbox.take()) is not None:
        events.append(event)
        if event.last:
            break
    return events


def windows(events: list[Event]) -> list[tuple[str, int]]:
    found = []
    for event in events:
        for part in event.parts if event.kind == "features" else ():
            assert isinstance(part.message, features_pb2.FeatureFrame)
            found.append((part.message.sensor_id, part.message.window_index))
    return found


def test_a_client_that_keeps_up_gets_every_frame_in_order() -> None:
    outbox = make()
    for k in range(20):
        outbox.add_frame(frame("a", k))
    assert windows(drain(outbox)) == [("a", k) for k in range(20)]
    assert outbox.byte_count == 0
    assert outbox.is_empty


def test_frames_that_pile_up_give_way_to_the_newest_of_each_sensor() -> None:
    gone: Counter[str] = Counter()
    limits = OutboxLimits(feature_bytes=10 * FRAME, transition_bytes=1, event_bytes=1 << 20)
    outbox = Outbox(
        wanted=None, limits=limits, cursor=START, on_conflated=lambda: gone.update(["frame"])
    )
    for k in range(100, 400):
        for sensor in ("a", "b", "c"):
            outbox.add_frame(frame(sensor, k, k * 10 + ord(sensor)))
        assert outbox.byte_count <= 10 * FRAME
    events = drain(outbox)
    assert windows(events) == [("a", 399), ("b", 399), ("c", 399)]
    assert gone["frame"] == 897
    assert {event.kind for event in events} == {"features"}  # the client need not be told
    outbox.add_frame(frame("a", 400))
    outbox.add_frame(frame("a", 401))
    assert windows(drain(outbox)) == [("a", 400), ("a", 401)]  # it keeps up again


def test_a_late_frame_does_not_take_the_place_of_a_newer_one() -> None:
    outbox = make(frames=2)
    for k in (101, 102, 103):
        outbox.add_frame(frame("a", k))
    outbox.add_frame(frame("a", 90, 200, late=True))
    assert windows(drain(outbox)) == [("a", 103)]


def test_an_upload_does_not_take_the_place_of_a_live_frame_whatever_its_epoch() -> None:
    outbox = make(frames=2)
    uploads = [
        frames_of(EntryId(200 + k, 0), batch(packed("a", k, epoch=9, late=True)))[0]
        for k in range(3)
    ]
    for upload, k in zip(uploads, (101, 102, 103), strict=True):
        outbox.add_frame(upload)
        outbox.add_frame(frame("a", k))
    outbox.add_frame(uploads[-1])
    assert windows(drain(outbox)) == [("a", 103)]


def test_more_sensors_than_fit_are_dropped_and_the_client_is_told() -> None:
    outbox = make(frames=5)
    for k in range(9):
        outbox.add_frame(frame(str(k), 100 + k))
    events = drain(outbox)
    assert isinstance(events[0].body, pb.Resync)
    assert events[0].body.features_lost
    assert [name for name, _ in windows(events)] == ["4", "5", "6", "7", "8"]


def test_transitions_come_before_frames_and_move_the_cursor() -> None:
    outbox = make()
    outbox.add_frame(frame("a", 5))
    outbox.add_transitions(LiveTransition(transition(n)) for n in (1, 2))
    first, second = drain(outbox)
    assert (first.kind, first.cursor) == ("alerts", Cursor(None, 2))
    assert second.cursor == Cursor(Position(EntryId(5, 0), 0), 2)


def test_events_are_cut_at_their_weight() -> None:
    outbox = make(event=3 * FRAME)
    for k in range(100, 110):
        outbox.add_frame(frame("a", k))
    assert [len(event.parts) for event in drain(outbox)] == [3, 3, 3, 1]


def test_transitions_that_pile_up_end_the_stream_where_the_client_stood() -> None:
    ended: list[str] = []
    outbox = make(transitions=5, on_overflow=lambda: ended.append("stream"))
    outbox.add_transitions([LiveTransition(transition(1000))])
    taken = outbox.take()
    assert taken is not None
    assert taken.cursor.transition == 1000
    for n in range(1001, 1100):
        outbox.add_transitions([LiveTransition(transition(n))])
        outbox.add_frame(frame("a", n))
        outbox.add_states({"a": Encoded(status("a"))})
    assert outbox.byte_count == 0
    assert ended == ["stream"]
    (event,) = drain(outbox)
    assert event.last
    assert event.cursor.transition == 1000  # the next stream brings 1001 and all that follow
    assert isinstance(event.body, pb.Resync)
    assert not event.body.alerts_lost


def test_a_snapshot_outdates_what_waited() -> None:
    outbox = make()
    outbox.add_transitions([LiveTransition(transition(1))])
    outbox.lose_alerts("numbered anew")
    outbox.replace_alerts((Encoded(alert("x")),), 40)
    resync, snapshot = drain(outbox)
    assert isinstance(resync.body, pb.Resync)
    assert resync.body.alerts_lost
    assert snapshot.kind == "alert_snapshot"
    assert snapshot.cursor.transition == 40


def test_only_the_newest_state_of_a_stream_waits() -> None:
    outbox = make()
    for index in range(5):
        outbox.add_states({"a": Encoded(status("a", index)), "b": Encoded(status("b"))})
    (event,) = drain(outbox)
    assert event.kind == "stream_status"
    assert [part.message for part in event.parts] == [status("a", 4), status("b")]


def test_resyncs_are_put_together_and_stay_short() -> None:
    outbox = make()
    for k in range(1000):
        outbox.lose_features(f"{k} windows of pump-{k} were never published")
    (event,) = drain(outbox)
    assert isinstance(event.body, pb.Resync)
    assert len(event.body.message) < 500


def test_a_client_without_waiting_frames_moves_on() -> None:
    outbox = make()
    outbox.stand_at(Position(EntryId(9, 0), 0))
    assert outbox.heartbeat().cursor.features == Position(EntryId(9, 0), 0)
    outbox.add_frame(frame("a", 10))
    outbox.stand_at(Position(EntryId(11, 0), 0))
    assert outbox.cursor.features == Position(EntryId(9, 0), 0)  # frame 10 is still to come


def test_a_snapshot_frame_stands_at_the_position_given() -> None:
    outbox = make()
    outbox.add_frame(frame("a", 3), Position(EntryId(50, 0), 0))
    (event,) = drain(outbox)
    assert event.cursor.features == Position(EntryId(50, 0), 0)
