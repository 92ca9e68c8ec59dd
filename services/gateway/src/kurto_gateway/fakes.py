"""In-memory stand-ins for what the gateway depends on; held to the adapters' contract by tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from kurto.alerts.v1 import alerts_pb2
from kurto.ingest.v1 import stream_status_pb2
from kurto.signal.v1 import features_pb2
from kurto_gateway.live.cursors import EntryId
from kurto_gateway.ports import Away, Entry, OpenAlerts, TransitionPage

__all__ = ["FakeAlerts", "FakeLiveStreams", "FakeStates"]

_NEVER = EntryId(0, 0)


class FakeLiveStreams:
    """Live streams in memory.

    Attributes
    ----------
    away : bool
        While true every method raises `Away`.
    """

    def __init__(self) -> None:
        self.away = False
        self._entries: dict[str, list[Entry]] = {}
        self._newest: dict[str, EntryId] = {}
        self._latest: dict[str, features_pb2.FeatureBatch] = {}
        self._changed = asyncio.Event()

    def append(self, stream: str, payload: bytes, *, milliseconds: int | None = None) -> EntryId:
        """Add an entry, whose id is one above the newest unless `milliseconds` is given."""
        newest = self._newest.get(stream, _NEVER)
        entry_id = EntryId(newest.milliseconds + 1 if milliseconds is None else milliseconds, 0)
        if entry_id <= newest:
            raise ValueError(f"ids grow, and {entry_id} is not above {newest}")
        self._entries.setdefault(stream, []).append(Entry(entry_id, payload))
        self._newest[stream] = entry_id
        self._changed.set()
        self._changed = asyncio.Event()
        return entry_id

    def trim(self, stream: str, before: EntryId) -> None:
        """Remove entries before `before`."""
        kept = [entry for entry in self._entries.get(stream, []) if entry.entry_id >= before]
        self._entries[stream] = kept

    def cache(self, batch: features_pb2.FeatureBatch) -> None:
        """Take a batch of one frame as the newest of its sensor."""
        self._latest[batch.frames[0].sensor_id] = batch

    async def newest(self, stream: str) -> EntryId:
        """Return the id of the newest entry that there ever was; 0-0 when there was none."""
        self._check()
        return self._newest.get(stream, _NEVER)

    async def oldest(self, stream: str) -> EntryId | None:
        """Return the id of the oldest entry that is still there."""
        self._check()
        entries = self._entries.get(stream)
        return entries[0].entry_id if entries else None

    async def read(self, stream: str, after: EntryId, *, wait_s: float) -> Sequence[Entry]:
        """Return entries after `after`, waiting at most `wait_s` seconds for the first."""
        self._check()
        found = self._after(stream, after)
        if not found:
            try:
                async with asyncio.timeout(wait_s):
                    while not (found := self._after(stream, after)):
                        await self._changed.wait()
            except TimeoutError:
                found = []
        self._check()
        return found

    def _after(self, stream: str, after: EntryId) -> list[Entry]:
        return [entry for entry in self._entries.get(stream, []) if entry.entry_id > after]

    async def read_from(self, stream: str, first: EntryId, *, count: int) -> Sequence[Entry]:
        """Return at most `count` entries from `first` on, inclusive."""
        self._check()
        found = [entry for entry in self._entries.get(stream, []) if entry.entry_id >= first]
        return found[:count]

    async def latest(self, sensor_ids: Sequence[str]) -> Sequence[features_pb2.FeatureBatch]:
        """Return the cached newest frame of each of these sensors that has one."""
        self._check()
        return [self._latest[sensor] for sensor in sensor_ids if sensor in self._latest]

    async def ping(self) -> None:
        """Return if the server answers."""
        self._check()

    def _check(self) -> None:
        if self.away:
            raise Away("the fake is away")


class FakeAlerts:
    """An owner of alerts in memory: every transition with its number, and what is open.

    Attributes
    ----------
    away : bool
        While true every method raises `Away`.
    transitions : list of AlertTransition
        All of them, by number.
    """

    def __init__(self) -> None:
        self.away = False
        self.transitions: list[alerts_pb2.AlertTransition] = []

    def commit(
        self, alert: alerts_pb2.Alert, kind: alerts_pb2.TransitionKind
    ) -> alerts_pb2.AlertTransition:
        """Store the next transition and return it."""
        transition = alerts_pb2.AlertTransition(
            transition_number=len(self.transitions) + 1, kind=kind, alert=alert
        )
        self.transitions.append(transition)
        return transition

    async def list_open(self) -> OpenAlerts:
        """Return the open alerts."""
        self._check()
        opened: dict[str, alerts_pb2.Alert] = {}
        for transition in self.transitions:
            alert = transition.alert
            if alert.state == alerts_pb2.CONDITION_STATE_NORMAL:
                opened.pop(alert.alert_id, None)
            else:
                opened[alert.alert_id] = alert
        return OpenAlerts(list(opened.values()), len(self.transitions))

    async def list_transitions(self, after_number: int, *, count: int) -> TransitionPage:
        """Return at most `count` transitions after `after_number`, by number."""
        self._check()
        found = self.transitions[after_number : after_number + count]
        return TransitionPage(found, len(self.transitions))

    def _check(self) -> None:
        if self.away:
            raise Away("the fake is away")


class FakeStates:
    """An owner of streams in memory.

    Attributes
    ----------
    away : bool
        While true every method raises `Away`.
    states : dict of str to SensorStatus
        The state of every sensor's stream.
    """

    def __init__(self, states: Iterable[stream_status_pb2.SensorStatus] = ()) -> None:
        self.away = False
        self.states = {state.sensor_id: state for state in states}

    async def list_states(self) -> Sequence[stream_status_pb2.SensorStatus]:
        """Return the state of every sensor's stream."""
        if self.away:
            raise Away("the fake is away")
        return list(self.states.values())
