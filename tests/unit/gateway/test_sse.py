"""Server-sent events: what clients ask for and what they read."""

import json
from datetime import UTC, datetime

import pytest
from multidict import MultiDict
from tests.unit.gateway.messages import transition

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.exceptions import InvalidField
from kurto_gateway.live.cursors import Cursor
from kurto_gateway.live.encoding import Encoded, Event
from kurto_gateway.sse import encode_event, parse_query

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_parameters_become_a_request() -> None:
    query = MultiDict([("sensor_id", "a"), ("sensor_id", "b"), ("feature", "rms")])
    query.update({"cursor": "1~-~4", "include_stream_status": "false"})
    assert parse_query(query) == pb.SubscribeRequest(
        sensor_ids=["a", "b"], feature_names=["rms"], include_alerts=True, cursor="1~-~4"
    )


def test_a_client_that_reconnects_by_itself_goes_on_where_it_was() -> None:
    query = MultiDict([("cursor", "1~-~4")])
    assert parse_query(query, "1~-~9").cursor == "1~-~9"


@pytest.mark.parametrize(("name", "value"), [("sensor", "a"), ("include_alerts", "perhaps")])
def test_wrong_parameters_are_named(name: str, value: str) -> None:
    with pytest.raises(InvalidField) as caught:
        parse_query(MultiDict([(name, value)]))
    assert caught.value.metadata["field"] == name


def test_an_event_has_its_kind_its_cursor_and_one_line_of_json() -> None:
    event = Event("alerts", Cursor(None, 7), [Encoded(transition(7))])
    lines = encode_event(event, NOW).decode().split("\n")
    assert lines[:2] == ["event: alerts", "id: 1~-~7"]
    assert lines[3:] == ["", ""]
    data = json.loads(lines[2].removeprefix("data: "))
    assert data["cursor"] == "1~-~7"
    assert data["alerts"]["transitions"][0]["transition_number"] == "7"


def test_a_heartbeat_moves_the_cursor_and_is_no_event() -> None:
    text = encode_event(Event("heartbeat", Cursor(None, 7), body=pb.Heartbeat()), NOW).decode()
    assert text == ": heartbeat\nid: 1~-~7\n\n"
