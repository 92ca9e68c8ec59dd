"""Events as bytes and as JSON, each part encoded once however many clients get it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from google.protobuf import json_format
from google.protobuf.message import Message

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.live.cursors import Cursor

__all__ = ["Encoded", "Event", "EventKind", "to_json"]

EventKind = Literal["features", "alert_snapshot", "alerts", "stream_status", "heartbeat", "resync"]
_FIELDS = {field.name: field for field in pb.SubscribeResponse.DESCRIPTOR.fields}
_LIST_NAMES: dict[EventKind, str] = {
    "features": "frames",
    "alert_snapshot": "alerts",
    "alerts": "transitions",
    "stream_status": "streams",
}
_DELIMITED = 2  # protobuf's wire type of messages


def to_json(message: Message) -> str:
    """Return `message` as REST does: names as in the contract, defaults printed, on one line."""
    return json_format.MessageToJson(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
        indent=None,
        ensure_ascii=False,
    )


def _delimited(field_number: int, payload: bytes) -> bytes:
    return _varint(field_number << 3 | _DELIMITED) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Encoded:
    """A message that many clients get: encoded when first asked for.

    Parameters
    ----------
    message : Message
        Must not change any more.
    """

    __slots__ = ("_entry", "_json", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self._entry: bytes | None = None
        self._json: str | None = None

    @property
    def entry(self) -> bytes:
        """The message as an element of field 1, which every list of an event is."""
        if self._entry is None:
            self._entry = _delimited(1, self.message.SerializeToString())
        return self._entry

    @property
    def json(self) -> str:
        """The message as JSON."""
        if self._json is None:
            self._json = to_json(self.message)
        return self._json


@dataclass(frozen=True, slots=True)
class Event:
    """One event for one client.

    Attributes
    ----------
    kind : str
        Name of its field in ``SubscribeResponse``.
    cursor : Cursor
        Where the client stands once it has it.
    parts : sequence of Encoded
        Elements of the event's list.
    body : Message, optional
        The event itself where it is no list.
    last : bool
        True when the stream ends after it.
    """

    kind: EventKind
    cursor: Cursor
    parts: Sequence[Encoded] = ()
    body: Message | None = None
    last: bool = False

    def wire(self, server_time: datetime) -> bytes:
        """Return the serialised ``SubscribeResponse``."""
        if self.body is not None:
            payload = self.body.SerializeToString()
        else:
            payload = b"".join([part.entry for part in self.parts])
        head = _head(self.cursor, server_time).SerializeToString()
        return head + _delimited(_FIELDS[self.kind].number, payload)

    def json(self, server_time: datetime) -> str:
        """Return the ``SubscribeResponse`` as JSON on one line."""
        head = to_json(_head(self.cursor, server_time))
        if self.body is not None:
            payload = to_json(self.body)
        else:
            parts = ",".join([part.json for part in self.parts])
            payload = f'{{"{_LIST_NAMES[self.kind]}":[{parts}]}}'
        return f'{head[:-1]},"{self.kind}":{payload}}}'


def _head(cursor: Cursor, server_time: datetime) -> pb.SubscribeResponse:
    head = pb.SubscribeResponse(cursor=cursor.encode())
    head.server_time.FromDatetime(server_time)
    return head
