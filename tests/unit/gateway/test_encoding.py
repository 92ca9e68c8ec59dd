"""Bytes and JSON put together from parts are those of the whole message."""

import json
from datetime import UTC, datetime

import pytest
from google.protobuf import json_format
from tests.unit.gateway.messages import batch, packed, status, transition

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.live.cursors import Cursor, EntryId, Position
from kurto_gateway.live.encoding import Encoded, Event
from kurto_gateway.live.frames import frames_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
CURSOR = Cursor(Position(EntryId(7, 1), 2), 9)
FRAMES = [
    frame.view(None) for frame in frames_of(EntryId(7, 1), batch(packed("p", 1), packed("q", 2)))
]
EVENTS = [
    Event("features", CURSOR, FRAMES),
    Event("alerts", CURSOR, [Encoded(transition(n)) for n in (1, 2, 300)]),
    Event("alert_snapshot", CURSOR, [Encoded(transition(1).alert)]),
    Event("alert_snapshot", CURSOR, []),
    Event("stream_status", CURSOR, [Encoded(status("p", 2**40))]),
    Event("heartbeat", CURSOR, body=pb.Heartbeat()),
    Event("resync", CURSOR, body=pb.Resync(message='say "ü"', features_lost=True)),
]


def expected(event: Event) -> pb.SubscribeResponse:
    response = pb.SubscribeResponse(cursor=CURSOR.encode())
    response.server_time.FromDatetime(NOW)
    chosen = getattr(response, event.kind)
    chosen.SetInParent()
    if event.body is not None:
        chosen.CopyFrom(event.body)
    for part in event.parts:
        getattr(chosen, chosen.DESCRIPTOR.fields[0].name).append(part.message)
    return response


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_bytes_are_those_of_the_message(event: Event) -> None:
    assert pb.SubscribeResponse.FromString(event.wire(NOW)) == expected(event)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_json_is_that_of_the_message(event: Event) -> None:
    text = event.json(NOW)
    assert "\n" not in text
    whole = json_format.MessageToDict(
        expected(event),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    assert json.loads(text) == whole


def test_a_part_is_encoded_once() -> None:
    part = Encoded(transition(5))
    assert part.entry is part.entry
    assert part.json is part.json
