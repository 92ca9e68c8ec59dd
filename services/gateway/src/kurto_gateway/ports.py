"""What the gateway needs from others, as the adapters offer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from kurto.alerts.v1 import alerts_pb2
from kurto.ingest.v1 import stream_status_pb2
from kurto.signal.v1 import features_pb2
from kurto_gateway.live.cursors import EntryId

__all__ = [
    "FEATURES",
    "STREAMS",
    "TRANSITIONS",
    "AlertSource",
    "Away",
    "Entry",
    "LiveStreams",
    "OpenAlerts",
    "StateSource",
    "TransitionPage",
]

FEATURES = "kurto:features:0"
TRANSITIONS = "kurto:transitions:0"
STREAMS = "kurto:streams:0"


class Away(Exception):
    """The other side does not answer; it may later."""


class Entry(NamedTuple):
    """One entry of a live stream: its id and the serialised message in it."""

    entry_id: EntryId
    payload: bytes


class LiveStreams(Protocol):
    """The live streams, each read by ids that grow. Every method raises `Away`."""

    async def newest(self, stream: str) -> EntryId:
        """Return the id of the newest entry that there ever was; 0-0 when there was none."""
        ...

    async def oldest(self, stream: str) -> EntryId | None:
        """Return the id of the oldest entry that is still there."""
        ...

    async def read(self, stream: str, after: EntryId, *, wait_s: float) -> Sequence[Entry]:
        """Return entries after `after`, waiting at most `wait_s` seconds for the first."""
        ...

    async def read_from(self, stream: str, first: EntryId, *, count: int) -> Sequence[Entry]:
        """Return at most `count` entries from `first` on, inclusive."""
        ...

    async def latest(self, sensor_ids: Sequence[str]) -> Sequence[features_pb2.FeatureBatch]:
        """Return the cached newest frame of each of these sensors that has one."""
        ...

    async def ping(self) -> None:
        """Return if the server answers."""
        ...


class OpenAlerts(NamedTuple):
    """All open alerts as they are after a transition, whose number comes with them."""

    alerts: Sequence[alerts_pb2.Alert]
    transition_number: int


class TransitionPage(NamedTuple):
    """Some transitions, and the number of the newest that exists."""

    transitions: Sequence[alerts_pb2.AlertTransition]
    newest_number: int


class AlertSource(Protocol):
    """The owner of the alerts. Every method raises `Away`."""

    async def list_open(self) -> OpenAlerts:
        """Return the open alerts."""
        ...

    async def list_transitions(self, after_number: int, *, count: int) -> TransitionPage:
        """Return at most `count` transitions after `after_number`, by number."""
        ...


class StateSource(Protocol):
    """The owner of the streams. Every method raises `Away`."""

    async def list_states(self) -> Sequence[stream_status_pb2.SensorStatus]:
        """Return the state of every sensor's stream."""
        ...
