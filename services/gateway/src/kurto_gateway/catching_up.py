"""How a client that comes back gets what it missed, before new things go to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TypeVar

from kurto.signal.v1 import features_pb2
from kurto_gateway.live.cursors import Position
from kurto_gateway.live.fanout import Fanout, Subscriber
from kurto_gateway.live.frames import LiveFrame, frames_of
from kurto_gateway.live.transition_log import LiveTransition
from kurto_gateway.ports import FEATURES, AlertSource, Away, Entry, LiveStreams, TransitionPage

__all__ = ["AlertLane", "FeatureLane"]

_FRAME_PAGE = 20  # entries read at a time
_TRANSITION_PAGE = 50
ItemT = TypeVar("ItemT", LiveFrame, LiveTransition)


def _page(items: Sequence[ItemT], max_bytes: int) -> list[ItemT]:
    """Return as many of the first items as the outbox has room for, and at least one."""
    page: list[ItemT] = []
    weight = 0
    for item in items:
        weight += item.size
        if page and weight > max_bytes:
            break
        page.append(item)
    return page


class FeatureLane:
    """Brings a client's frames up to date.

    Parameters
    ----------
    fanout : Fanout
        Where the client is attached in the end.
    streams : LiveStreams
        Where older frames are.
    subscriber : Subscriber
        The client.
    replays : asyncio.Semaphore
        Bounds how many clients read older frames at a time.
    max_page_bytes : int
        Weight of the frames put into the outbox at a time.
    """

    def __init__(
        self,
        *,
        fanout: Fanout,
        streams: LiveStreams,
        subscriber: Subscriber,
        replays: asyncio.Semaphore,
        max_page_bytes: int,
    ) -> None:
        self._fanout = fanout
        self._streams = streams
        self._subscriber = subscriber
        self._replays = replays
        self._max_page_bytes = max_page_bytes
        self._position = subscriber.outbox.cursor.features
        self._seeded = False
        self._checked = False

    @property
    def is_live(self) -> bool:
        """True when there is nothing left to do."""
        return self._subscriber.features_live or not self._subscriber.sensor_ids

    @property
    def is_waiting(self) -> bool:
        """True while the client has not yet taken what the last step brought."""
        return self._subscriber.outbox.has_frames

    def attach(self) -> bool:
        """Queue what is in memory, and attach the client when that is all; tell whether it was."""
        if self._position is None:
            unknown = self._fanout.features.unknown(self._subscriber.sensor_ids)
            known = self._seeded or not unknown
            return known and self._fanout.begin_features(self._subscriber)
        missed = self._fanout.missed_frames(self._subscriber, self._position)
        if missed is None:
            return False
        page = _page(missed, self._max_page_bytes)
        for frame in page:
            self._subscriber.outbox.add_frame(frame)
        if len(page) == len(missed):
            self._fanout.follow_features(self._subscriber)
        else:
            self._position = page[-1].position
        return True

    async def step(self) -> bool:
        """Do the next piece of work, once `is_waiting` is false.

        Returns
        -------
        bool
            False when there is nothing to do but wait.

        Raises
        ------
        Away
            When the older frames cannot be read.
        """
        if self.attach():
            return True
        if self._fanout.features.head is None:
            return False
        if self._position is not None:
            return await self._replay()
        await self._seed()
        return self.attach()

    async def _seed(self) -> None:
        """Fetch newest frames that came before this process began to read."""
        unknown = self._fanout.features.unknown(self._subscriber.sensor_ids)
        with contextlib.suppress(Away):  # without it their next frames come all the same
            self._fanout.features.seed(await self._streams.latest(unknown))
        self._seeded = True

    async def _replay(self) -> bool:
        assert self._position is not None
        before = self._position
        async with self._replays:
            if not self._checked:
                oldest = await self._streams.oldest(FEATURES)
                if oldest is None or oldest > before.entry:
                    return self._give_up()
                self._checked = True
            entries = await self._streams.read_from(FEATURES, before.entry, count=_FRAME_PAGE)
        for entry in entries:
            self._replay_entry(entry)
            if self._subscriber.outbox.byte_count > self._max_page_bytes:
                break
        self._subscriber.outbox.stand_at(self._position)
        return True if self._position > before else self._give_up()

    def _replay_entry(self, entry: Entry) -> None:
        batch = features_pb2.FeatureBatch.FromString(entry.payload)
        for frame in frames_of(entry.entry_id, batch):
            wanted = frame.sensor_id in self._subscriber.sensor_ids
            if wanted and self._position is not None and frame.position > self._position:
                self._subscriber.outbox.add_frame(frame)
        self._position = Position.after_all_of(entry.entry_id)

    def _give_up(self) -> bool:
        self._subscriber.outbox.lose_features("frames since the cursor are no longer kept live")
        self._position = None
        return True


class AlertLane:
    """Brings a client's alerts up to date.

    Parameters
    ----------
    fanout : Fanout
        Where the client is attached in the end.
    source : AlertSource
        Where older transitions are.
    subscriber : Subscriber
        The client.
    max_missed : int
        Missed transitions beyond which the client gets a snapshot instead.
    max_page_bytes : int
        Weight of the transitions put into the outbox at a time.
    """

    def __init__(
        self,
        *,
        fanout: Fanout,
        source: AlertSource,
        subscriber: Subscriber,
        max_missed: int,
        max_page_bytes: int,
    ) -> None:
        self._fanout = fanout
        self._source = source
        self._subscriber = subscriber
        self._max_missed = max_missed
        self._max_page_bytes = max_page_bytes
        self._number = subscriber.outbox.cursor.transition

    @property
    def is_live(self) -> bool:
        """True when there is nothing left to do."""
        return self._subscriber.alerts_live or not self._subscriber.include_alerts

    @property
    def is_waiting(self) -> bool:
        """True while the client has not yet taken what the last step brought."""
        return self._subscriber.outbox.has_alerts

    def attach(self) -> bool:
        """Queue what is in memory, and attach the client when that is all; tell whether it was."""
        if self._number is None:
            return self._fanout.begin_alerts(self._subscriber)
        missed = self._fanout.transitions.after(self._number)
        if missed is None:
            return False
        page = _page(missed, self._max_page_bytes)
        self._subscriber.outbox.add_transitions(page)
        if len(page) == len(missed):
            self._subscriber.alerts_live = True
        else:
            self._number = page[-1].number
        return True

    async def step(self) -> bool:
        """Do the next piece of work, once `is_waiting` is false.

        Returns
        -------
        bool
            False when there is nothing to do but wait.

        Raises
        ------
        Away
            When the older transitions cannot be read.
        """
        if self.attach():
            return True
        newest, number = self._fanout.transitions.number, self._number
        if newest is None or number is None:
            return False
        if newest - number > self._max_missed:
            return self._give_up("too many alert transitions were missed")
        page = await self._source.list_transitions(number, count=_TRANSITION_PAGE)
        return self._take_page(number, page)

    def _take_page(self, number: int, page: TransitionPage) -> bool:
        if page.newest_number < number:
            return self._give_up("the alerts were numbered anew")
        if not page.transitions:
            return False  # this process has not heard yet what the client knows already
        if page.transitions[0].transition_number != number + 1:
            return self._give_up("alert transitions since the cursor are no longer kept")
        taken = _page([LiveTransition(one) for one in page.transitions], self._max_page_bytes)
        self._subscriber.outbox.add_transitions(taken)
        self._number = taken[-1].number
        return True

    def _give_up(self, why: str) -> bool:
        self._subscriber.outbox.lose_alerts(why)
        self._number = None
        return True
