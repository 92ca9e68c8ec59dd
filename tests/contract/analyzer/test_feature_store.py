"""What every store of features must do."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.ports import Advance, EpochOpening, FeatureStore, FrameQuery
from kurto_analyzer.sample_clock import StreamGeometry

GAP = 1
LAYOUT = FrameLayout(("rms", "kurtosis", "velocity_rms"), ("h", "v"), ("g", "m/s2"))
GEOMETRY = StreamGeometry(
    sample_rate_hz=25_600.0,
    hop_samples=2560,
    window_hops=10,
    anchor_us=(int(time.time()) - 3600) * 1_000_000,
)


def frame(
    window_index: int,
    *,
    sensor_id: str = "pump-7",
    epoch: int = 1,
    empty_reason: int = 0,
    late: bool = False,
    geometry: StreamGeometry = GEOMETRY,
    layout: FrameLayout = LAYOUT,
    offset: float = 0.0,
) -> Frame:
    shape = (len(layout.channels), len(layout.feature_names))
    values = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    values += np.float32(window_index + offset + 0.1)
    values[-1, -1] = np.nan
    return Frame.of_window(
        sensor_id,
        epoch,
        window_index,
        geometry=geometry,
        config_version=3,
        layout=layout,
        late=late,
        empty_reason=empty_reason,
        values=None if empty_reason else values,
        quality=() if empty_reason else tuple(range(shape[0])),
    )


def advance(*frames: Frame, expected: int, late: tuple[Frame, ...] = ()) -> Advance:
    one = (frames or late)[0]
    target = frames[-1].window_index + 1 if frames else expected
    return Advance(one.sensor_id, one.epoch, expected, target, list(frames), list(late))


async def opened(store: FeatureStore, *epochs: int, sensor_id: str = "pump-7") -> None:
    await store.open_epochs([EpochOpening(sensor_id, epoch, GEOMETRY) for epoch in epochs])


def query(**values: object) -> FrameQuery:
    return replace(FrameQuery("pump-7", limit=1000), **values)  # type: ignore[arg-type]


async def indexes(store: FeatureStore, **values: object) -> list[int]:
    return [found.window_index for found in await store.list_frames(query(**values))]


def assert_same(found: Frame, wanted: Frame) -> None:
    same = (
        "sensor_id", "epoch", "window_index", "first_index", "sample_count", "start_us", "end_us",
        "config_version", "late", "empty_reason", "layout", "quality",
    )  # fmt: skip
    for name in same:
        assert getattr(found, name) == getattr(wanted, name), name
    if wanted.values is None:
        assert found.values is None
    else:
        assert found.values is not None
        np.testing.assert_array_equal(found.values, wanted.values)


async def test_new_epoch_starts_at_window_zero(store: FeatureStore) -> None:
    opening = EpochOpening("pump-7", 1, GEOMETRY)
    [state] = await store.open_epochs([opening])
    assert (state.next_window_index, state.geometry) == (0, GEOMETRY)


async def test_open_returns_what_is_stored(store: FeatureStore) -> None:
    await opened(store, 1)
    await store.commit([advance(frame(0), expected=0)])
    other = replace(GEOMETRY, hop_samples=1200)
    states = await store.open_epochs(
        [EpochOpening("pump-8", 1, other), EpochOpening("pump-7", 1, other)]
    )
    assert [state.next_window_index for state in states] == [0, 1]
    assert [state.geometry for state in states] == [other, GEOMETRY]


async def test_frames_come_back_as_committed(store: FeatureStore) -> None:
    await opened(store, 1)
    frames = [frame(0), frame(1, empty_reason=GAP), frame(2)]
    assert await store.commit([advance(*frames, expected=0)]) == {("pump-7", 1): 3}
    for found, wanted in zip(await store.list_frames(query()), frames, strict=True):
        assert_same(found, wanted)


async def test_geometry_with_uneven_rate_gives_the_same_times(store: FeatureStore) -> None:
    uneven = replace(GEOMETRY, sample_rate_hz=48_828.125, hop_samples=4883)
    await store.open_epochs([EpochOpening("pump-7", 2, uneven)])
    wanted = frame(7, epoch=2, geometry=uneven)
    await store.commit([advance(wanted, expected=0)])
    [found] = await store.list_frames(query())
    assert_same(found, wanted)


async def test_frames_of_many_layouts_share_a_transaction(store: FeatureStore) -> None:
    names = ("rms", "kurtosis")
    wide = FrameLayout(names, tuple("abcdefgh"), ("g",) * 8)
    await store.open_epochs([EpochOpening(name, 1, GEOMETRY) for name in ("pump-7", "é" * 20)])
    frames = [frame(0), frame(0, sensor_id="é" * 20, layout=wide)]
    await store.commit([advance(one, expected=0) for one in frames])
    for wanted in frames:
        [found] = await store.list_frames(query(sensor_id=wanted.sensor_id))
        assert_same(found, wanted)


async def test_wrong_position_is_refused_alone(store: FeatureStore) -> None:
    await opened(store, 1, 2)
    await store.commit([advance(frame(0), expected=0)])
    stale = advance(frame(0, offset=9.0), frame(1), expected=0)
    good = advance(frame(0, epoch=2), expected=0)
    assert await store.commit([stale, good]) == {("pump-7", 1): 1, ("pump-7", 2): 1}
    assert await indexes(store, epoch=1) == [0]
    assert_same((await store.list_frames(query(epoch=1)))[0], frame(0))


async def test_unknown_epoch_is_refused(store: FeatureStore) -> None:
    assert await store.commit([advance(frame(0), expected=0)]) == {("pump-7", 1): 0}
    assert await indexes(store) == []


async def test_late_frame_replaces_an_empty_one(store: FeatureStore) -> None:
    await opened(store, 1)
    await store.commit([advance(frame(0, empty_reason=GAP), frame(1), expected=0)])
    late = frame(0, late=True)
    assert await store.commit([advance(expected=2, late=(late,))]) == {("pump-7", 1): 2}
    assert_same((await store.list_frames(query()))[0], late)


async def test_late_frame_leaves_values_alone(store: FeatureStore) -> None:
    await opened(store, 1)
    await store.commit([advance(frame(0), expected=0)])
    await store.commit([advance(expected=1, late=(frame(0, late=True, offset=5.0),))])
    assert_same((await store.list_frames(query()))[0], frame(0))


async def test_late_frame_may_share_the_transaction_of_the_empty_one(store: FeatureStore) -> None:
    await opened(store, 1)
    late = frame(0, late=True)
    await store.commit([advance(frame(0, empty_reason=GAP), expected=0, late=(late,))])
    assert_same((await store.list_frames(query()))[0], late)


async def test_windows_may_be_skipped(store: FeatureStore) -> None:
    await opened(store, 1)
    await store.commit([advance(frame(0), expected=0)])
    await store.commit([advance(frame(99, empty_reason=3), expected=1)])
    assert await store.next_window_index("pump-7", 1) == 100
    assert await indexes(store) == [0, 99]


async def test_position_of_an_unknown_epoch_is_zero(store: FeatureStore) -> None:
    assert await store.next_window_index("pump-7", 1) == 0


@pytest.fixture
async def filled(store: FeatureStore) -> FeatureStore:
    """Epochs 1 and 2 with windows 0 to 19, and another sensor."""
    await opened(store, 1, 2)
    await opened(store, 1, sensor_id="pump-8")
    later = replace(GEOMETRY, anchor_us=GEOMETRY.anchor_us + 60_000_000)
    await store.commit(
        [
            advance(*[frame(k) for k in range(20)], expected=0),
            advance(*[frame(k, sensor_id="pump-8") for k in range(20)], expected=0),
        ]
    )
    await store.open_epochs([EpochOpening("pump-7", 3, later)])
    await store.commit(
        [advance(*[frame(k, epoch=3, geometry=later) for k in range(20)], expected=0)]
    )
    return store


async def test_list_by_time_is_half_open(filled: FeatureStore) -> None:
    start, end = GEOMETRY.window_start_us(3), GEOMETRY.window_start_us(6)
    assert await indexes(filled, start_us=start, end_us=end) == [3, 4, 5]
    assert await indexes(filled, start_us=start + 1, end_us=end + 1) == [4, 5, 6]


async def test_list_of_all_epochs_is_ordered_by_time(filled: FeatureStore) -> None:
    found = await filled.list_frames(query())
    assert [f.order for f in found] == [(e, k) for e in (1, 3) for k in range(20)]


async def test_list_after_a_window(filled: FeatureStore) -> None:
    assert await indexes(filled, epoch=3, after_window_index=16) == [17, 18, 19]
    assert await indexes(filled, epoch=3, after_window_index=-1, limit=3) == [0, 1, 2]
    assert await indexes(filled, epoch=3, after_window_index=19) == []
    assert await indexes(filled, epoch=9, after_window_index=-1) == []


async def test_list_after_a_row(filled: FeatureStore) -> None:
    row = (GEOMETRY.window_start_us(17), 1, 17)
    found = await filled.list_frames(query(after=row, limit=3))
    assert [f.order for f in found] == [(1, 18), (1, 19), (3, 0)]


async def test_newest_frame_is_a_late_one_only_if_there_is_no_other(store: FeatureStore) -> None:
    await opened(store, 1, 2)
    later = replace(GEOMETRY, anchor_us=GEOMETRY.anchor_us + 60_000_000)
    await store.open_epochs([EpochOpening("pump-7", 3, later)])
    uploads = [frame(k, epoch=3, late=True, geometry=later) for k in range(3)]
    await store.commit([advance(*uploads, expected=0)])
    newest = await store.newest_frame("pump-7")
    assert newest is not None
    assert newest.order == (3, 2)
    await store.commit([advance(frame(0), frame(1), expected=0)])
    newest = await store.newest_frame("pump-7")
    assert newest is not None
    assert newest.order == (1, 1)


async def test_newest_frame_is_the_latest_in_time(filled: FeatureStore) -> None:
    newest = await filled.newest_frame("pump-7")
    assert newest is not None
    assert newest.order == (3, 19)
    assert await filled.newest_frame("pump-9") is None
