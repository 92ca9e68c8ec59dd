"""Each window once, in order, without holes."""

from collections.abc import Sequence

from kurto_alerts.frames import Frame
from kurto_alerts.sequences import HistoryPage, Offer, SensorSequence
from kurto_alerts.testing import make_frame


def sequence(epoch: int = 1, window_index: int = -1, *, capacity: int = 4) -> SensorSequence:
    return SensorSequence("pump-7", epoch, window_index, capacity=capacity, longest_hole=1000)


def page(
    *indexes: int,
    epoch: int = 1,
    after: int = -1,
    next_index: int | None = None,
    complete: bool = True,
) -> HistoryPage:
    if next_index is None:
        next_index = max(indexes, default=after) + 1
    frames = [make_frame(index, 0.5, epoch=epoch) for index in indexes]
    return HistoryPage("pump-7", epoch, after, frames, next_index, complete)


def indexes(frames: Sequence[Frame]) -> list[tuple[int, int]]:
    return [(frame.epoch, frame.window_index) for frame in frames]


def offer(taker: SensorSequence, index: int, epoch: int = 1) -> tuple[Offer, list[Frame]]:
    return taker.offer(make_frame(index, 0.5, epoch=epoch))


def test_in_order() -> None:
    taker = sequence()
    for index in range(3):
        outcome, frames = offer(taker, index)
        assert outcome is Offer.TAKEN
        assert indexes(frames) == [(1, index)]


def test_duplicates_and_older_epochs_and_late_frames() -> None:
    taker = sequence(epoch=2, window_index=5)
    assert offer(taker, 5, 2) == (Offer.DUPLICATE, [])
    assert offer(taker, 0, 2) == (Offer.DUPLICATE, [])
    assert offer(taker, 9, 1) == (Offer.OLD_EPOCH, [])
    assert taker.offer(make_frame(6, 0.5, epoch=2, late=True)) == (Offer.LATE, [])
    assert (taker.window_index, taker.filling) == (5, False)


def test_hole_waits_for_history() -> None:
    taker = sequence(window_index=0)
    assert offer(taker, 3) == (Offer.WAITING, [])
    assert offer(taker, 3) == (Offer.DUPLICATE, [])
    assert offer(taker, 4) == (Offer.WAITING, [])
    assert taker.filling
    assert indexes(taker.fill(page(1, 2, after=0))) == [(1, 1), (1, 2), (1, 3), (1, 4)]
    assert not taker.filling
    assert offer(taker, 5)[0] is Offer.TAKEN


def test_a_committed_window_without_a_frame_is_skipped() -> None:
    taker = sequence(window_index=0)
    offer(taker, 6)
    assert indexes(taker.fill(page(1, 4, after=0, next_index=6))) == [(1, 1), (1, 4), (1, 6)]
    assert taker.skipped_count == 3
    assert not taker.filling


def test_an_uncommitted_window_is_waited_for() -> None:
    taker = sequence(window_index=0)
    offer(taker, 3)
    assert indexes(taker.fill(page(1, after=0, next_index=2))) == [(1, 1)]
    assert taker.filling
    assert taker.fill(page(3, after=1, next_index=2)) == []
    assert indexes(taker.fill(page(2, after=1))) == [(1, 2), (1, 3)]


def test_pages_until_the_last() -> None:
    taker = sequence(window_index=0)
    offer(taker, 5)
    first = page(1, 2, after=0, next_index=5, complete=False)
    assert indexes(taker.fill(first)) == [(1, 1), (1, 2)]
    assert taker.filling
    assert indexes(taker.fill(page(3, 4, after=2))) == [(1, 3), (1, 4), (1, 5)]


def test_old_pages_change_nothing() -> None:
    taker = sequence(window_index=9)
    assert taker.fill(page(1, 2, 3)) == []
    assert taker.fill(page(50, epoch=2)) == []
    assert taker.window_index == 9


def test_next_epoch_begins_once_the_old_one_is_exhausted() -> None:
    taker = sequence(window_index=7)
    assert offer(taker, 0, 2) == (Offer.WAITING, [])
    assert offer(taker, 1, 2) == (Offer.WAITING, [])
    more = page(8, 9, after=7, next_index=12, complete=False)
    assert indexes(taker.fill(more)) == [(1, 8), (1, 9)]
    rest = taker.fill(page(10, 11, after=9))
    assert indexes(rest) == [(1, 10), (1, 11), (2, 0), (2, 1)]
    assert not taker.filling


def test_epochs_are_followed_one_by_one() -> None:
    taker = sequence(window_index=0)
    offer(taker, 0, 3)
    assert taker.fill(page(after=0)) == []
    assert (taker.epoch, taker.filling) == (2, True)
    assert indexes(taker.fill(page(0, 1, epoch=2))) == [(2, 0), (2, 1), (3, 0)]
    assert not taker.filling


def test_hole_at_the_end_of_an_epoch_is_filled_before_it_is_left() -> None:
    taker = sequence(window_index=0)
    offer(taker, 2)
    offer(taker, 0, 2)
    assert taker.fill(page(after=0)) == []
    assert taker.epoch == 1
    assert indexes(taker.fill(page(1, after=0))) == [(1, 1), (1, 2), (2, 0)]


def test_a_hole_that_is_never_committed_does_not_hold_the_next_epoch_up() -> None:
    taker = sequence(window_index=0, capacity=4)
    offer(taker, 2)
    for index in range(4):
        offer(taker, index, 2)
    assert indexes(taker.fill(page(after=0))) == [(2, index) for index in range(4)]


def test_waiting_frames_are_bounded_and_read_again() -> None:
    taker = sequence(window_index=0, capacity=4)
    for index in range(2, 12):
        offer(taker, index)
    assert len(taker.waiting) == 4
    ready = taker.fill(page(*range(1, 9), after=0))
    assert indexes(ready) == [(1, index) for index in range(1, 12)]


def test_a_hole_too_long_is_given_up_at_its_far_end() -> None:
    taker = SensorSequence("pump-7", 1, 0, capacity=4, longest_hole=10)
    offer(taker, 100)
    assert (taker.window_index, taker.skipped_count) == (89, 89)
    assert indexes(taker.fill(page(*range(90, 100), after=89)))[-1] == (1, 100)


def test_news_of_a_later_epoch() -> None:
    taker = sequence(window_index=3)
    taker.expect(2)
    assert taker.filling
    assert taker.fill(page(after=3)) == []
    assert (taker.epoch, taker.window_index, taker.filling) == (2, -1, True)
    assert indexes(taker.fill(page(0, epoch=2))) == [(2, 0)]
    assert not taker.filling
