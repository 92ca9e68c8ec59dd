"""What is kept of a sensor's samples for its long windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.analyzer.long_windows.windows import (
    HOP,
    SCALE,
    history,
    integers,
    run,
    spec,
)

from kurto_analyzer.hop_runs import HopRun
from kurto_analyzer.long_windows.history import HistoryRoom, SampleHistory
from kurto_analyzer.long_windows.lengths import LongWindowPolicy
from kurto_analyzer.machine_data import MachineData

WINDOW, GRID, INTERVAL = 80, 10, 100
HOP_BYTES = 2 * 2 * HOP


def fed(kept: SampleHistory, first: int, end: int, chunk: int = 1) -> SampleHistory:
    for at in range(first, end, chunk):
        kept.append(run(at, min(chunk, end - at)))
    return kept


def expected(first_hop: int, end_hop: int) -> np.ndarray:
    return (integers(first_hop, end_hop - first_hop) * SCALE).astype(np.float32)


def test_nothing_is_taken_before_samples_come() -> None:
    room = HistoryRoom(1 << 30)
    kept = history(room=room)
    assert (room.reserved_bytes, kept.window(), kept.is_due) == (0, None, False)


@given(st.lists(st.integers(1, 37), min_size=1, max_size=60), st.integers(0, 500))
def test_a_window_depends_on_its_end_alone(chunks: list[int], first: int) -> None:
    kept, at = history(first_hop=first), first
    for count in chunks:
        kept.append(run(at, count))
        at += count
    window = kept.window()
    end = at - at % GRID
    if end - WINDOW < first:
        assert window is None
        return
    assert window is not None
    assert (window.first_hop, window.end_hop) == (end - WINDOW, end)
    np.testing.assert_array_equal(window.samples(), expected(end - WINDOW, end))
    assert window.window_index == end - 10
    assert window.first_index == (end - WINDOW) * HOP
    assert window.sample_count == WINDOW * HOP
    assert window.end_us - window.start_us == 8_000_000


@given(st.lists(st.integers(1, 300), min_size=1, max_size=20))
def test_no_more_is_kept_than_is_reserved(chunks: list[int]) -> None:
    room = HistoryRoom(1 << 30)
    kept, at = history(room=room), 0
    for count in chunks:
        kept.append(run(at, count))
        at += count
        held = sum(len(stretch.planar) for stretch in kept._stretches)
        assert held <= room.reserved_bytes == (WINDOW + 2 * GRID) * HOP_BYTES


def test_hops_are_kept_as_they_came() -> None:
    arrived = run(0)
    kept = history()
    kept.append(arrived)
    assert kept._stretches[0].planar is arrived.planar


def test_hops_that_come_twice_count_once() -> None:
    kept = fed(history(), 0, 50)
    kept.append(run(45, 40))
    window = kept.window()
    assert window is not None
    np.testing.assert_array_equal(window.samples(), expected(0, 80))


def test_a_gap_begins_anew_and_frees_the_room() -> None:
    room = HistoryRoom(1 << 30)
    kept = fed(history(room=room), 0, 95)
    assert kept.window() is not None
    kept.interrupt(97)
    assert (kept.window(), room.reserved_bytes, kept.held_hops) == (None, 0, 0)
    fed(kept, 97, 179)
    assert kept.window() is None  # hops 90 to 170 are not all there
    fed(kept, 179, 180)
    window = kept.window()
    assert window is not None
    assert (window.first_hop, window.end_hop) == (100, 180)


def test_hops_that_jump_begin_anew() -> None:
    kept = fed(history(), 0, 95)
    kept.append(run(200))
    assert kept.held_hops == 1


def test_due_once_an_interval() -> None:
    kept, due_at = history(), []
    for hop in range(430):
        kept.append(run(hop))
        if kept.is_due:
            window = kept.window()
            assert window is not None
            due_at.append((hop + 1, window.end_hop))
            kept.note_done(window)
    assert due_at == [(100, 100), (200, 200), (300, 300), (400, 400)]


def test_after_a_restart_due_as_soon_as_a_window_is_whole() -> None:
    kept = history(first_hop=12_345)
    fed(kept, 12_345, 12_429)
    assert not kept.is_due
    fed(kept, 12_429, 12_430)
    assert kept.is_due


def test_news_is_what_was_not_taken() -> None:
    kept = fed(history(), 0, 95)
    assert kept.has_news
    window = kept.window()
    assert window is not None
    kept.note_done(window)
    assert not kept.has_news
    fed(kept, 95, 100)
    assert kept.has_news


def test_slow_shafts_have_long_windows() -> None:
    kept = history(spec(machine=MachineData(nominal_speed_hz=5.0)))
    fed(kept, 0, 199)
    assert kept.window() is None
    fed(kept, 199, 200)
    window = kept.window()
    assert window is not None
    assert window.end_hop - window.first_hop == 200


def test_a_measured_speed_goes_before_the_declared_one() -> None:
    kept = history(spec(machine=MachineData(nominal_speed_hz=5.0)))
    for hop in range(90):
        kept.append(run(hop, speeds=(20.0,)))
    window = kept.window()
    assert window is not None
    assert window.end_hop - window.first_hop == WINDOW
    np.testing.assert_array_equal(window.speeds_hz(), np.full(WINDOW, 20.0))


def test_speeds_are_those_of_the_hops() -> None:
    kept = history()
    kept.append(run(0, 40, speeds=tuple(20.0 + 0.01 * k for k in range(40))))
    kept.append(run(40, 45))
    window = kept.window()
    assert window is not None
    speeds = window.speeds_hz()
    np.testing.assert_allclose(speeds[:40], 20.0 + 0.01 * np.arange(40))
    assert np.isnan(speeds[40:]).all()
    assert len(speeds) == WINDOW


def test_room_is_for_whole_histories() -> None:
    size = (WINDOW + 2 * GRID) * HOP_BYTES
    room = HistoryRoom(2 * size)
    first, second, third = (fed(history(room=room), 0, 90) for _ in range(3))
    assert first.window() is not None
    assert second.window() is not None
    assert third.window() is None
    assert third.denied
    assert third.held_hops == 0
    assert room.reserved_bytes == 2 * size
    assert "KURTO_ANALYZER_HISTORY_BYTES" in third.shortfall
    first.release()
    fed(third, 90, 180)
    assert third.window() is not None
    assert not third.denied


def test_growing_beyond_the_room_gives_all_back() -> None:
    size = (WINDOW + 2 * GRID) * HOP_BYTES
    room = HistoryRoom(size)
    kept = fed(history(room=room), 0, 90)
    assert kept.window() is not None
    kept.append(run(90, speeds=(2.0,)))
    assert (kept.denied, room.reserved_bytes) == (True, 0)


def test_sensors_at_rest_keep_nothing() -> None:
    room = HistoryRoom(1 << 30)
    kept = fed(history(room=room), 0, 100)
    kept.rest(1000.0, 30.0)
    kept.rest(1029.0, 30.0)
    assert kept.held_hops == 90
    kept.rest(1030.0, 30.0)
    assert (kept.held_hops, room.reserved_bytes) == (0, 0)
    fed(kept, 100, 190)
    window = kept.window()
    assert window is not None
    assert window.first_hop == 110


def test_a_burst_is_a_long_window_of_its_own() -> None:
    bursts = spec(burst_interval_us=60_000_000, hop=2000)
    kept = history(bursts)
    kept.append(run(0, hop=2000))
    kept.append(run(1, hop=2000))
    assert kept.is_due
    window = kept.window()
    assert window is not None
    assert (window.first_hop, window.end_hop, window.sample_count) == (1, 2, 2000)
    assert window.end_us - window.start_us == 2_000_000


def test_short_bursts_and_uploads_have_none() -> None:
    short = fed(history(spec(burst_interval_us=10_000_000)), 0, 5)
    assert "bursts are shorter" in short.shortfall
    upload = fed(history(spec(backfill=True)), 0, 200)
    assert upload.window() is None
    assert "buffer" in upload.shortfall
    assert "needed" in fed(history(), 0, 20).shortfall


@pytest.mark.parametrize(("speed_hz", "seconds"), [(None, 8), (30.0, 8), (5.0, 20), (0.5, 60)])
def test_lengths(speed_hz: float | None, seconds: int) -> None:
    lengths = LongWindowPolicy().lengths(spec().geometry, speed_hz)
    assert lengths is not None
    assert (lengths.window_hops, lengths.grid_hops) == (seconds * GRID, GRID)
    assert lengths.interval_hops == INTERVAL


def test_pieces_hold_the_speeds_of_their_hops() -> None:
    kept = history()
    kept.append(
        HopRun(0, 95, integers(0, 95).tobytes(), shaft_speeds_hz=tuple(map(float, range(1, 96))))
    )
    window = kept.window()
    assert window is not None
    np.testing.assert_array_equal(window.speeds_hz(), np.arange(11.0, 91.0))
