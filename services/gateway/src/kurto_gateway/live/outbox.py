"""What one client has still to get: bounded, whatever the client does."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.live.cursors import Cursor, Position
from kurto_gateway.live.encoding import Encoded, Event
from kurto_gateway.live.frames import FeatureFilter, LiveFrame
from kurto_gateway.live.transition_log import LiveTransition

__all__ = ["Outbox", "OutboxLimits"]

_MESSAGE_LENGTH = 400  # characters of a resync's message after which nothing is added


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLimits:
    """Bounds of one client's queue, in bytes.

    Attributes
    ----------
    feature_bytes : int
        Waiting frames beyond which only the newest of each sensor is kept.
    transition_bytes : int
        Waiting transitions beyond which the stream ends.
    event_bytes : int
        Weight of one event.
    """

    feature_bytes: int
    transition_bytes: int
    event_bytes: int


class Outbox:
    """The queue of one client.

    Frames give way to newer ones of the same sensor when they pile up; alert transitions never
    do: when even they pile up the stream ends with a resync, whose cursor is where it was, so that
    the next stream brings them.

    Parameters
    ----------
    wanted : FeatureFilter
        Features that frames shall hold.
    limits : OutboxLimits
        How much may wait.
    cursor : Cursor
        Where the client stands.
    on_conflated : callable, optional
        Called for each frame that gives way to a newer one.
    on_overflow : callable, optional
        Called when transitions have piled up, so that the stream has to end.
    """

    def __init__(
        self,
        *,
        wanted: FeatureFilter,
        limits: OutboxLimits,
        cursor: Cursor,
        on_conflated: Callable[[], object] = _nothing,
        on_overflow: Callable[[], object] = _nothing,
    ) -> None:
        self._wanted = wanted
        self._limits = limits
        self._cursor = cursor
        self._frames: OrderedDict[Hashable, tuple[Position, LiveFrame]] = OrderedDict()
        self._frame_bytes = 0
        self._conflating = False
        self._transitions: deque[LiveTransition] = deque()
        self._transition_bytes = 0
        self._snapshot: tuple[tuple[Encoded, ...], int] | None = None
        self._states: dict[str, Encoded] = {}
        self._resync: pb.Resync | None = None
        self._overflowed = False
        self._on_conflated = on_conflated
        self._on_overflow = on_overflow

    @property
    def cursor(self) -> Cursor:
        """Where the client stands once it has what was taken."""
        return self._cursor

    @property
    def byte_count(self) -> int:
        """Weight of what waits; shared states and alerts are not counted."""
        return self._frame_bytes + self._transition_bytes

    @property
    def is_empty(self) -> bool:
        """True when nothing waits."""
        return not (
            self._frames or self._transitions or self._states or self._snapshot is not None
            or self._resync is not None or self._overflowed
        )  # fmt: skip

    @property
    def has_frames(self) -> bool:
        """True while frames wait."""
        return bool(self._frames)

    @property
    def has_alerts(self) -> bool:
        """True while transitions or a snapshot wait."""
        return bool(self._transitions) or self._snapshot is not None

    def add_frame(self, frame: LiveFrame, position: Position | None = None) -> None:
        """Queue a frame; `position` is where the client stands after it, if not at the frame's."""
        if self._overflowed:
            return
        entry = (position or frame.position, frame)
        if self._conflating:
            self._replace(entry)
        else:
            self._frames[frame.position, frame.sensor_id] = entry
            self._frame_bytes += frame.size
        if self._frame_bytes > self._limits.feature_bytes:
            self._conflate()

    def _replace(self, entry: tuple[Position, LiveFrame]) -> None:
        frame = entry[1]
        waiting = self._frames.get(frame.sensor_id)
        if waiting is not None:
            self._on_conflated()
            if _rank(waiting[1]) >= _rank(frame):
                return
            del self._frames[frame.sensor_id]
            self._frame_bytes -= waiting[1].size
        self._frames[frame.sensor_id] = entry
        self._frame_bytes += frame.size

    def _conflate(self) -> None:
        if not self._conflating:
            self._conflating = True
            waiting = list(self._frames.values())
            self._frames.clear()
            self._frame_bytes = 0
            for entry in waiting:
                self._replace(entry)
        while self._frame_bytes > self._limits.feature_bytes:
            _, (_, dropped) = self._frames.popitem(last=False)
            self._frame_bytes -= dropped.size
            self.lose_features("more sensors were chosen than the queue has room for")

    def add_transitions(self, transitions: Iterable[LiveTransition]) -> None:
        """Queue transitions that follow the ones before without a hole."""
        if self._overflowed:
            return
        for transition in transitions:
            self._transitions.append(transition)
            self._transition_bytes += transition.size
        if self._transition_bytes > self._limits.transition_bytes:
            self._drop_all()
            self._overflowed = True
            self._on_overflow()

    def _drop_all(self) -> None:
        self._frames.clear()
        self._transitions.clear()
        self._states.clear()
        self._frame_bytes = self._transition_bytes = 0
        self._snapshot = self._resync = None

    def replace_alerts(self, alerts: tuple[Encoded, ...], number: int) -> None:
        """Queue a snapshot of the open alerts after transition `number`; it outdates the rest."""
        if self._overflowed:
            return
        self._transitions.clear()
        self._transition_bytes = 0
        self._snapshot = (alerts, number)

    def add_states(self, states: Mapping[str, Encoded]) -> None:
        """Queue states of streams; newer ones take the place of older ones."""
        if not self._overflowed:
            self._states.update(states)

    def lose_features(self, why: str) -> None:
        """Tell the client that frames are missing."""
        self._pending_resync(why).features_lost = True

    def lose_alerts(self, why: str) -> None:
        """Tell the client to drop its alerts; a snapshot must be queued too."""
        self._pending_resync(why).alerts_lost = True

    def _pending_resync(self, why: str) -> pb.Resync:
        if self._resync is None:
            self._resync = pb.Resync(message=why)
        elif why not in self._resync.message and len(self._resync.message) < _MESSAGE_LENGTH:
            self._resync.message += f"; {why}"
        return self._resync

    def stand_at(self, position: Position) -> None:
        """Move the client on to `position` when no frame waits: nothing lies between."""
        if not self._frames:
            self._cursor = self._cursor._replace(features=position)

    def take(self) -> Event | None:
        """Remove and return the next event, or None when nothing waits."""
        if self._overflowed:
            return self._take_overflow()
        if self._resync is not None:
            resync, self._resync = self._resync, None
            return Event("resync", self._cursor, body=resync)
        if self._snapshot is not None:
            (alerts, number), self._snapshot = self._snapshot, None
            self._cursor = self._cursor._replace(transition=number)
            return Event("alert_snapshot", self._cursor, alerts)
        if self._transitions:
            return self._take_transitions()
        if self._states:
            states, self._states = tuple(self._states.values()), {}
            return Event("stream_status", self._cursor, states)
        return self._take_frames() if self._frames else None

    def _take_overflow(self) -> Event:
        message = "alert transitions piled up: read faster and connect again with this cursor"
        resync = pb.Resync(message=message, features_lost=True)
        return Event("resync", self._cursor, body=resync, last=True)

    def _take_transitions(self) -> Event:
        taken: list[Encoded] = []
        weight = 0
        while self._transitions and (not taken or weight < self._limits.event_bytes):
            transition = self._transitions.popleft()
            weight += transition.size
            taken.append(transition.encoded)
            self._cursor = self._cursor._replace(transition=transition.number)
        self._transition_bytes -= weight
        return Event("alerts", self._cursor, taken)

    def _take_frames(self) -> Event:
        taken: list[Encoded] = []
        weight = 0
        while self._frames and (not taken or weight < self._limits.event_bytes):
            _, (position, frame) = self._frames.popitem(last=False)
            weight += frame.size
            taken.append(frame.view(self._wanted))
            self._cursor = self._cursor._replace(features=position)
        self._frame_bytes -= weight
        if not self._frames:
            self._conflating = False
        return Event("features", self._cursor, taken)

    def heartbeat(self) -> Event:
        """Return an event that says only where the client stands."""
        return Event("heartbeat", self._cursor, body=pb.Heartbeat())


def _rank(frame: LiveFrame) -> tuple[bool, tuple[int, int]]:
    """Tell which of a sensor's frames to show: none from a buffer, whatever its epoch's number."""
    return not frame.late, frame.order
