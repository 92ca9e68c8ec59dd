"""The ports of baselines in memory, for tests; they pass the contract suite of the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kurto_analyzer.baselines.exceptions import AlreadyLearning
from kurto_analyzer.baselines.model import (
    BaselineState,
    LearningCause,
    NewBaseline,
    StoredBaseline,
)
from kurto_analyzer.baselines.ports import BaselineEvent, Revision
from kurto_analyzer.baselines.tracks import counts
from kurto_analyzer.fakes import FakeFeatureStore
from kurto_analyzer.frames import Frame
from kurto_analyzer.ports import FrameQuery
from kurto_dsp.condition.baselines import Baseline
from kurto_service.clock import Clock

__all__ = ["FakeBaselines", "FakeCountedWindows"]

_ANALYZER = "kurto-analyzer"
_ALL = 1 << 60


class FakeBaselines:
    """`BaselineStore` in memory.

    Parameters
    ----------
    clock : Clock
        Dates what happens.

    Attributes
    ----------
    failures : list of Exception
        Raised by the next calls, one each.
    """

    def __init__(self, clock: Clock) -> None:
        self.failures: list[Exception] = []
        self._clock = clock
        self._rows: list[StoredBaseline] = []
        self._events: list[BaselineEvent] = []

    async def request(self, new: NewBaseline) -> StoredBaseline:
        """Store a baseline that is to be learned; retire or abandon what it replaces at once."""
        self._fail()
        if not new.restart and self._find(new.sensor_id, BaselineState.LEARNING):
            raise AlreadyLearning(sensor_id=new.sensor_id)
        self._end(new.sensor_id, BaselineState.LEARNING, "abandoned", new.principal, new.reason)
        if new.cause is LearningCause.BEARING_REPLACED:
            self._end(new.sensor_id, BaselineState.IN_FORCE, "retired", new.principal, new.reason)
        stored = StoredBaseline(
            baseline_id=len(self._rows) + 1,
            sensor_id=new.sensor_id,
            state=BaselineState.LEARNING,
            cause=new.cause,
            reason=new.reason,
            principal=new.principal,
            begin_us=new.begin_us,
            wanted_windows=new.wanted_windows,
            create_us=self._now_us(),
        )
        self._rows.append(stored)
        self._note(stored.baseline_id, "requested", new.principal, new.reason)
        return stored

    async def freeze(self, baseline_id: int, baseline: Baseline) -> bool:
        """Put a learned baseline in force and retire the one before."""
        self._fail()
        stored = self._rows[baseline_id - 1]
        if stored.state is not BaselineState.LEARNING:
            return False
        replaced = f"replaced by baseline {baseline_id}"
        self._end(stored.sensor_id, BaselineState.IN_FORCE, "retired", _ANALYZER, replaced)
        self._rows[baseline_id - 1] = replace(
            stored, state=BaselineState.IN_FORCE, freeze_us=self._now_us(), baseline=baseline
        )
        reason = f"{baseline.window_count} windows learned"
        self._note(baseline_id, "frozen", _ANALYZER, reason)
        return True

    async def open_baselines(self, sensor_id: str) -> list[StoredBaseline]:
        """Return the baselines of a sensor in force and being learned, at most one of each."""
        self._fail()
        open_states = (BaselineState.LEARNING, BaselineState.IN_FORCE)
        return [r for r in self._rows if r.sensor_id == sensor_id and r.state in open_states]

    async def list_baselines(
        self, sensor_id: str, *, before_id: int | None, limit: int
    ) -> list[StoredBaseline]:
        """Return baselines of a sensor with lower numbers, the newest first."""
        found = [
            row
            for row in reversed(self._rows)
            if row.sensor_id == sensor_id and (before_id is None or row.baseline_id < before_id)
        ]
        return found[:limit]

    async def get(self, sensor_id: str, baseline_id: int) -> StoredBaseline | None:
        """Return one baseline of a sensor."""
        found = (r for r in self._rows if (r.sensor_id, r.baseline_id) == (sensor_id, baseline_id))
        return next(found, None)

    async def events(self, baseline_ids: Sequence[int]) -> list[BaselineEvent]:
        """Return the audit of some baselines, oldest first."""
        return [event for event in self._events if event.baseline_id in baseline_ids]

    async def events_after(self, number: int, *, limit: int) -> list[BaselineEvent]:
        """Return what happened to the baselines of all sensors behind an event, oldest first."""
        return [event for event in self._events if event.event_id > number][:limit]

    async def revisions(self) -> Mapping[str, Revision]:
        """Return the revision of every sensor that has baselines."""
        self._fail()
        revisions: dict[str, Revision] = {}
        for event in self._events:
            sensor_id = self._rows[event.baseline_id - 1].sensor_id
            learning = self._find(sensor_id, BaselineState.LEARNING) is not None
            revisions[sensor_id] = Revision(event.event_id, learning)
        return revisions

    def _find(self, sensor_id: str, state: BaselineState) -> StoredBaseline | None:
        found = (r for r in self._rows if r.sensor_id == sensor_id and r.state is state)
        return next(found, None)

    def _end(
        self, sensor_id: str, state: BaselineState, end: str, principal: str, reason: str
    ) -> None:
        stored = self._find(sensor_id, state)
        if stored is not None:
            self._rows[stored.baseline_id - 1] = replace(
                stored, state=BaselineState(end), end_us=self._now_us()
            )
            self._note(stored.baseline_id, end, principal, reason)

    def _note(self, baseline_id: int, kind: str, principal: str, reason: str) -> None:
        number, sensor_id = len(self._events) + 1, self._rows[baseline_id - 1].sensor_id
        self._events.append(
            BaselineEvent(number, baseline_id, sensor_id, self._now_us(), kind, principal, reason)
        )

    def _now_us(self) -> int:
        return round(self._clock.now().timestamp() * 1e6)

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class FakeCountedWindows:
    """`CountedWindows` over a `FakeFeatureStore`."""

    def __init__(self, store: FakeFeatureStore) -> None:
        self._store = store

    async def knows(self, sensor_id: str) -> bool:
        """Tell whether the sensor was ever analysed."""
        return self._store.knows(sensor_id)

    async def between(self, sensor_id: str, start_us: int, end_us: int) -> list[Frame]:
        """Return counted frames that start in a range, half open, oldest first."""
        query = FrameQuery(sensor_id, limit=_ALL, start_us=start_us, end_us=end_us)
        return [frame for frame in await self._store.list_frames(query) if counts(frame)]

    async def newest(self, sensor_id: str, limit: int) -> list[Frame]:
        """Return at most `limit` of the newest counted frames, oldest first."""
        frames = await self._store.list_frames(FrameQuery(sensor_id, limit=_ALL))
        return [frame for frame in frames if counts(frame)][-limit:]
