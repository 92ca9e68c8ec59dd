"""A track that is rebuilt from stored windows is the one that was lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_analyzer.baselines.model import BaselineState, LearningCause, StoredBaseline
from kurto_analyzer.baselines.tracks import ConditionTrack, LearningTrack, counts
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp.condition.operating_state import OperatingState

NAMES = ("mean", "rms", "kurtosis", "spectral_centroid", "band_rms.10_1000")
LAYOUT = FrameLayout(NAMES, ("h", "v"), ("g", "m/s2"))
GEOMETRY = StreamGeometry(25_600.0, 2560, 10, 1_700_000_000_000_000)
CLIPPED, FLAT = 1 << 1, 1 << 2


def frame(
    window_index: int,
    level: float,
    *,
    mask: int = 0,
    speed_hz: float = np.nan,
    late: bool = False,
    load: float = np.nan,
) -> Frame:
    rng = np.random.default_rng(window_index)
    row = np.array([0.01, level, 3.0, 900.0, level / 2])
    values = row * np.exp(rng.normal(0.0, 0.05, (2, len(NAMES))))
    if mask & FLAT:
        values[:, 1:] = np.nan
    return Frame.of_window(
        "pump-7", 1, window_index, geometry=GEOMETRY, config_version=1, layout=LAYOUT, late=late,
        values=values.astype(np.float32), quality=(mask, mask), shaft_speed_hz=speed_hz,
        load=load, load_step=np.nan if np.isnan(load) else 10.0,
    )  # fmt: skip


def request(*, begin: int = 0, wanted: int = 60) -> StoredBaseline:
    return StoredBaseline(
        baseline_id=1, sensor_id="pump-7", state=BaselineState.LEARNING,
        cause=LearningCause.COMMISSIONING, reason="new", principal="ada",
        begin_us=GEOMETRY.window_start_us(begin), wanted_windows=wanted, create_us=0,
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Frame]:
    """Return counted windows of a machine that runs, stops, changes speed and loses windows."""
    parts = draw(
        st.lists(
            st.tuples(
                st.integers(1, 60), st.sampled_from([1.0, 1.5, 5.0, 1e-4]),
                st.sampled_from([np.nan, 24.0, 50.0]), st.sampled_from([0, 0, 0, CLIPPED, FLAT]),
                st.sampled_from([np.nan, 0.0, 33.0, 78.0]),
            ),
            min_size=1, max_size=6,
        )
    )  # fmt: skip
    frames, window = [], 0
    for count, level, speed_hz, mask, load in parts:
        for _ in range(count):
            frames.append(frame(window, level, mask=mask, speed_hz=speed_hz, load=load))
            window += 10
        window += 10 * draw(st.integers(0, 3))
    return frames


@given(history=histories(), cut=st.integers(0, 400))
@settings(max_examples=40, deadline=None)
def test_learning_again_from_the_store_changes_nothing(history: list[Frame], cut: int) -> None:
    undisturbed, killed = LearningTrack(request()), LearningTrack(request())
    for number, one in enumerate(history):
        undisturbed.update(one)
        if number == cut:
            killed = LearningTrack(request())
            for stored in history[:number]:
                killed.update(stored)
        killed.update(one)
        killed.update(one)  # what is known changes nothing
    assert undisturbed.missing == killed.missing
    states = [
        None if learned is None else learned.state()
        for learned in (undisturbed.learned(), killed.learned())
    ]
    assert states[0] == states[1]


def test_windows_count_that_share_no_sample() -> None:
    assert [k for k in range(40) if counts(frame(k, 1.0))] == [0, 10, 20, 30]
    assert not counts(frame(10, 1.0, late=True))


def learned_from(frames: list[Frame]) -> LearningTrack:
    track = LearningTrack(request(wanted=90))
    for one in frames:
        track.update(one)
    return track


def test_windows_before_the_beginning_do_not_count() -> None:
    track = LearningTrack(request(begin=500))
    for k in range(100):
        track.update(frame(10 * k, 1.0))
    assert track.missing == 60 - (50 - 3)  # running from the fourth on


def test_clipped_flat_and_quiet_windows_teach_nothing() -> None:
    assert learned_from([frame(10 * k, 1.0, mask=CLIPPED) for k in range(80)]).missing == 90
    assert learned_from([frame(10 * k, 1.0, mask=FLAT) for k in range(80)]).missing == 90
    assert learned_from([frame(10 * k, 1e-4) for k in range(80)]).missing == 90


def test_other_channels_begin_anew() -> None:
    track = learned_from([frame(10 * k, 1.0) for k in range(50)])
    assert track.missing == 90 - 47
    renamed = FrameLayout(NAMES, ("x", "y"), ("g", "g"))
    values = np.ones((2, len(NAMES)), np.float32)
    track.update(
        Frame.of_window(
            "pump-7", 1, 500, geometry=GEOMETRY, config_version=2, layout=renamed,
            values=values, quality=(0, 0),
        )
    )  # fmt: skip
    assert track.missing == 89


def test_a_dead_sensor_is_a_stopped_machine() -> None:
    track = ConditionTrack(None)
    for k in range(10):
        track.update(frame(10 * k, 1.0))
    states = [track.state]
    before = track.compared
    for k in range(10, 20):
        track.update(frame(10 * k, 1.0, mask=FLAT))
    states.append(track.state)
    assert states == [OperatingState.RUNNING, OperatingState.STOPPED]
    assert track.compared is not None
    assert before is not None
    # The comparison stays that of the machine in operation.
    assert track.compared.frame.window_index <= 110


def two_loads(k: int) -> Frame:
    """Return a window of a machine whose load changes every ten windows."""
    return frame(10 * k, 1.25, load=78.0) if k // 10 % 2 else frame(10 * k, 1.0, load=33.0)


def test_each_load_has_its_own_reference() -> None:
    """The machine shakes a quarter more at full load: that is no growth."""
    frames = [two_loads(k) for k in range(190)]
    learning = learned_from(frames)
    baseline = learning.learned()
    assert baseline is not None
    assert {one.label for one in baseline.bins} == {"load+3", "load+8"}
    assert baseline.cuts.load_step == 10.0
    rms = baseline.layout.features.index("rms")
    medians = {one.label: levels.values[0, rms] for one, levels in baseline.bins.items()}
    assert medians["load+8"] / medians["load+3"] == pytest.approx(1.25, rel=0.03)


def test_growth_is_that_at_the_same_load() -> None:
    frames = [two_loads(k) for k in range(190)]
    stored = replace(
        request(wanted=90), state=BaselineState.IN_FORCE, baseline=learned_from(frames).learned()
    )
    track = ConditionTrack(stored)
    for one in frames:
        track.update(one)
    for k, load, level, factor in (
        (190, 33.0, 1.0, 1.0), (191, 81.0, 1.25, 1.0), (192, 78.0, 1.0, 0.8),
    ):  # fmt: skip
        track.update(frame(10 * k, level, load=load))
        growth = track.compared.growth.acceleration if track.compared else None
        assert growth is not None
        assert growth.factor == pytest.approx(factor, rel=0.15)
    track.update(frame(1930, 1.25, load=55.0))  # was never learned
    assert track.compared is not None
    assert track.compared.growth.operating_bin.label == "load+6"
    assert track.compared.growth.acceleration is None
    track.update(frame(1940, 1.25))  # no load is known
    assert track.compared.growth.operating_bin.label == "any"
    assert track.compared.growth.acceleration is None


def test_a_change_of_the_width_does_not_move_the_bins_of_a_baseline() -> None:
    track = LearningTrack(request())
    for k in range(80):
        one = frame(10 * k, 1.0, load=33.0)
        track.update(replace(one, load_step=10.0 if k < 40 else 1.0))
    learned = track.learned()
    assert learned is not None
    assert [one.label for one in learned.bins] == ["load+3"]
    in_force = replace(request(), state=BaselineState.IN_FORCE, baseline=learned)
    condition = ConditionTrack(in_force)
    for k in range(80, 90):
        condition.update(replace(frame(10 * k, 1.0, load=33.0), load_step=2.0))
    assert condition.compared is not None
    assert condition.compared.growth.operating_bin.label == "load+3"


def test_an_older_baseline_leaves_the_load_out() -> None:
    learned = learned_from([frame(10 * k, 1.0) for k in range(100)]).learned()
    track = ConditionTrack(replace(request(), state=BaselineState.IN_FORCE, baseline=learned))
    for k in range(100, 110):
        track.update(frame(10 * k, 1.0, load=33.0))
    assert track.compared is not None
    assert track.compared.growth.operating_bin.label == "any"
    assert track.compared.growth.acceleration is not None


def test_without_a_baseline_loads_are_cut_as_declared() -> None:
    track = ConditionTrack(None)
    for k in range(10):
        track.update(frame(10 * k, 1.0, load=78.0, speed_hz=1.0))
    assert track.compared is not None
    assert track.compared.growth.operating_bin.label == "speed+0,load+8"
