"""Which minutes are rolled up, and when: every window once its minute is over, none before."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_analyzer.rollups import MINUTE_US, EpochProgress, RollupTimes, minute_of, plan_span
from kurto_analyzer.sample_clock import StreamGeometry

ANCHOR_US = 1_790_000_000_000_000
TIMES = RollupTimes(idle_s=30.0, batch_minutes=4)

geometries = st.builds(
    lambda rate_hz, offset_us, burst_us: StreamGeometry(
        sample_rate_hz=rate_hz,
        hop_samples=round(rate_hz / 10),
        window_hops=1 if burst_us else 10,
        anchor_us=ANCHOR_US + offset_us,
        burst_interval_us=burst_us,
    ),
    st.sampled_from([100.0, 25_600.0, 48_828.125]),
    st.integers(0, 3 * MINUTE_US),
    st.sampled_from([0, 0, 10_000_000, 7 * MINUTE_US]),
)


@settings(deadline=None)
@given(
    geometry=geometries,
    steps=st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=6),
)
def test_every_window_once_its_minute_is_over(
    geometry: StreamGeometry, steps: list[tuple[int, bool]]
) -> None:
    progress = EpochProgress("pump-7", 1, geometry, 0, 0, 0.0)
    for count, idle in steps:
        following = progress.next_window_index + count
        progress = replace(progress, next_window_index=following, idle_s=60.0 if idle else 0.0)
        covered: list[tuple[int, int]] = []
        while True:
            span = plan_span(progress, TIMES, first_frame_us=progress.first_due_us)
            if span is None:
                break
            assert span.start_us % MINUTE_US == span.end_us % MINUTE_US == 0
            assert span.minute_count <= TIMES.batch_minutes
            assert span.rolled_window_index > progress.rolled_window_index, "no progress"
            covered.append((span.start_us, span.end_us))
            first, last = progress.rolled_window_index, span.rolled_window_index - 1
            # Each window that is passed lies in the minutes that are rolled up.
            assert span.start_us <= geometry.window_start_us(first)
            assert geometry.window_start_us(last) < span.end_us
            progress = replace(progress, rolled_window_index=span.rolled_window_index)
        rolled = progress.rolled_window_index
        if idle:
            assert rolled == following
        else:
            # What is left lies in the minute in which the next window starts.
            now = minute_of(geometry.window_start_us(following))
            assert all(end_us <= now for _, end_us in covered)
            assert rolled == following or geometry.window_start_us(rolled) >= now


@settings(deadline=None)
@given(geometry=geometries, back=st.integers(0, 999))
def test_a_position_that_was_set_back_is_followed(geometry: StreamGeometry, back: int) -> None:
    progress = EpochProgress("pump-7", 1, geometry, back, 1000, 0.0)
    span = plan_span(progress, TIMES, first_frame_us=progress.first_due_us)
    assert span is not None
    assert span.rolled_window_index <= back
    assert span.start_us <= geometry.window_start_us(span.rolled_window_index)
