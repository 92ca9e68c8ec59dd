"""Alert transitions by their dense numbers, and the open alerts that follow from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from kurto.alerts.v1 import alerts_pb2
from kurto_gateway.live.encoding import Encoded

__all__ = ["LiveTransition", "TransitionLog"]

_OVERHEAD_BYTES = 128


class LiveTransition:
    """One transition, shared by all clients."""

    __slots__ = ("encoded", "number", "size")

    def __init__(self, transition: alerts_pb2.AlertTransition) -> None:
        self.encoded = Encoded(transition)
        self.number = transition.transition_number
        #: Bytes that it weighs in a queue.
        self.size = transition.ByteSize() + _OVERHEAD_BYTES


class TransitionLog:
    """Recent transitions without holes, and the alerts that are open after the newest one.

    Parameters
    ----------
    max_bytes : int
        Weight of the recent transitions kept, in bytes.
    max_snapshot_alerts : int
        Open alerts in a snapshot; the most severe ones are taken.
    """

    def __init__(self, *, max_bytes: int, max_snapshot_alerts: int) -> None:
        self._max_bytes = max_bytes
        self._max_snapshot_alerts = max_snapshot_alerts
        self._recent: deque[LiveTransition] = deque()
        self._bytes = 0
        self._open: dict[str, Encoded] = {}
        self._snapshot: tuple[Encoded, ...] | None = None
        self._number: int | None = None
        self._has_hole = False

    @property
    def number(self) -> int | None:
        """Number of the newest transition; None until the alerts were loaded."""
        return self._number

    @property
    def has_hole(self) -> bool:
        """True when a transition came whose predecessors did not."""
        return self._has_hole

    @property
    def open_count(self) -> int:
        """Alerts that are open."""
        return len(self._open)

    def load(self, alerts: Iterable[alerts_pb2.Alert], number: int) -> None:
        """Begin with these open alerts, as they are after transition `number`."""
        self._open = {alert.alert_id: Encoded(alert) for alert in alerts}
        self._snapshot = None
        self._number = number
        self._recent.clear()
        self._bytes = 0
        self._has_hole = False

    def append(self, transitions: Iterable[alerts_pb2.AlertTransition]) -> list[LiveTransition]:
        """Add those transitions that continue the log; return them.

        Ones that are there already are left out. At a hole it stops and `has_hole` says so; the
        caller then appends what the owner of the transitions lists after `number`.
        """
        added: list[LiveTransition] = []
        if self._number is None:
            return added
        for transition in transitions:
            if transition.transition_number <= self._number:
                continue
            if transition.transition_number > self._number + 1:
                self._has_hole = True
                break
            self._number = transition.transition_number
            self._apply(transition.alert)
            added.append(LiveTransition(transition))
        self._keep(added)
        return added

    def filled(self, newest_number: int) -> None:
        """Say that `append` got everything up to `newest_number`."""
        if self._number is not None and self._number >= newest_number:
            self._has_hole = False

    def _apply(self, alert: alerts_pb2.Alert) -> None:
        self._snapshot = None
        if alert.HasField("resolve_time") or alert.state == alerts_pb2.CONDITION_STATE_NORMAL:
            self._open.pop(alert.alert_id, None)
        else:
            self._open[alert.alert_id] = Encoded(alert)

    def _keep(self, added: Sequence[LiveTransition]) -> None:
        self._recent.extend(added)
        self._bytes += sum(transition.size for transition in added)
        while self._bytes > self._max_bytes and self._recent:
            self._bytes -= self._recent.popleft().size

    def after(self, number: int) -> list[LiveTransition] | None:
        """Return all transitions after `number`, or None when some of them are not here."""
        if self._number is None or number > self._number:
            return None
        missing = self._number - number
        if missing > len(self._recent):
            return None
        return [self._recent[index] for index in range(-missing, 0)]

    def snapshot(self) -> tuple[Encoded, ...]:
        """Return the open alerts, the most severe and then the newest first."""
        if self._snapshot is None:
            ordered = sorted(self._open.values(), key=_urgency, reverse=True)
            self._snapshot = tuple(ordered[: self._max_snapshot_alerts])
        return self._snapshot


def _urgency(encoded: Encoded) -> tuple[int, int]:
    alert = encoded.message
    assert isinstance(alert, alerts_pb2.Alert)
    return alert.severity, alert.raise_time.ToNanoseconds()
