"""Which samples lie too far in the future, and what becomes of them."""

from __future__ import annotations

from kurto_ingest.exceptions import TimeInFuture
from kurto_ingest.pushing.session import Session
from kurto_ingest.quarantine.ledger import QuarantineLedger
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.streams.pending import ENTRY_BYTES
from kurto_ingest.streams.quarantine import grid_line
from kurto_ingest.streams.timing import microseconds
from kurto_service.clock import Clock

__all__ = ["FutureSamples"]

_LATEST_US = 7_258_118_400_000_000  # 2200-01-01: whatever claims to be later is no index at all
_CLOCK_TOLERANCE_US = 60_000_000


class FutureSamples:
    """Looks at the few batches that may lie in the future.

    Parameters
    ----------
    clock : Clock
        What they are compared with.
    max_future_s : float
        How far ahead of it samples may lie.
    ledger : QuarantineLedger
        Knows whether there is room for those that lie farther.
    events : EventLog
        Told of them.
    """

    def __init__(
        self, clock: Clock, max_future_s: float, ledger: QuarantineLedger, events: EventLog
    ) -> None:
        self._clock = clock
        self._max_future_us = round(max_future_s * 1e6)
        self._ledger = ledger
        self._events = events

    def boundary(self, session: Session, first: int, end: int) -> int | None:
        """Return the index from which on a batch belongs into quarantine; None if none of it does.

        Also moves the session's `timely_index` on, so that this is seldom asked.

        Raises
        ------
        TimeInFuture
            If there is no room, or the index cannot be meant.
        """
        live = session.live
        now_us = microseconds(self._clock.now())
        # A converter that is 200 ppm too fast is half an hour ahead after a season.
        nominal_us = now_us - session.clock.correction_us
        ahead_us = live.format.time_us(end) - nominal_us
        latest = live.format.index_at(nominal_us + self._max_future_us)
        if live.quarantine is not None:
            index = self._way_made(session, latest)
        elif ahead_us <= self._max_future_us:
            # Good for a while: what lies in the past now does so later, too.
            session.timely_index, session.newest_us = latest - 1, max(session.newest_us, now_us)
            return None
        else:
            index = grid_line(max(latest, live.accepted.next_index), live.format.hop_samples)
        if end <= index:
            return None
        objection = self._objection(session, first, end, now_us)
        if objection:
            self._refuse(session, end, ahead_us / 1e6, objection)
        return index

    def _way_made(self, session: Session, latest: int) -> int:
        """Return where the quarantine begins, after it has made way for what is in time."""
        quarantine = session.live.quarantine
        assert quarantine is not None
        index = min(quarantine.free_until, grid_line(latest, session.live.format.hop_samples))
        if index > quarantine.accepted.index:
            quarantine.make_way(index)
        session.timely_index = quarantine.accepted.index
        return session.timely_index

    def _objection(self, session: Session, first: int, end: int, now_us: int) -> str:
        stream_format = session.live.format
        if now_us + _CLOCK_TOLERANCE_US < session.newest_us:
            # The samples may well be in time. Those of an epoch in quarantine stay there.
            return "the clock of this service has gone back: it has to be put right"
        if stream_format.time_us(end) > _LATEST_US:
            return "no index can mean such a time"
        blocks = (end - first) // stream_format.hop_samples + 2
        size_bytes = (end - first) * stream_format.frame_bytes + blocks * ENTRY_BYTES
        return self._ledger.objection(size_bytes)

    def _refuse(self, session: Session, end: int, ahead_s: float, objection: str) -> None:
        error = TimeInFuture(session.key[0], ahead_s, objection)
        self._events.note(
            EventKind.TIME_IN_FUTURE,
            sensor_id=session.key[0],
            epoch=session.key[1],
            first_index=end,
            value=ahead_s,
            message=error.message,
        )
        raise error

    def taken(self, session: Session, first: int, end: int, size_bytes: int, *, new: bool) -> None:
        """Note that samples went into quarantine, the first of the epoch if it is `new`."""
        self._ledger.take(size_bytes)
        quarantine = session.live.quarantine
        assert quarantine is not None
        session.timely_index = min(session.timely_index, quarantine.accepted.index)
        if not new:
            return
        now_us = microseconds(self._clock.now()) - session.clock.correction_us
        ahead_s = (session.live.format.time_us(first) - now_us) / 1e6
        self._events.note(
            EventKind.SAMPLES_QUARANTINED,
            sensor_id=session.key[0],
            epoch=session.key[1],
            first_index=first,
            end_index=end,
            value=ahead_s,
            message=f"Samples lie {ahead_s:.0f} s in the future: from here on the epoch is in"
            " quarantine, stored and not analysed. Check first_index and the sample rate, and let"
            " the sender begin a new epoch.",
        )
