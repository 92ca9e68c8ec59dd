"""Problems of data are found by windows alone: cuts, restarts and other sensors change nothing."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kurto_alerts.alert_state import ConditionChange, TransitionKind
from kurto_alerts.data_quality.built_in import Problem
from kurto_alerts.data_quality.decisions import Place
from kurto_alerts.data_quality.frame_problems import FrameProblems
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.testing import make_frame

CLIPPED, FLAT, NON_FINITE, BIAS = 2, 4, 8, 16
CHANNELS = ("x", "y")
PROFILES = {"pump-7": SensorProfile("pump-7", machine_id="mill", nominal_speed_hz=25.0)}
MASKS = st.sampled_from([0, 0, 0, CLIPPED, FLAT, NON_FINITE, BIAS, FLAT | CLIPPED])
KINDS = st.one_of(st.just("gap"), st.just("skipped"), st.tuples(MASKS, MASKS))
# Runs, so that alerts are raised and end: ten seconds are a hundred windows.
STORIES = st.lists(
    st.tuples(KINDS, st.sampled_from([1, 2, 3, 4, 60, 99, 100, 101])), max_size=10
).map(lambda runs: [kind for kind, count in runs for _ in range(count)])


def frame_of(index: int, kind: str | tuple[int, int]) -> Frame:
    if isinstance(kind, str):
        return replace(make_frame(index, None), gap=kind == "gap")
    return make_frame(index, [1.0, 2.0], channels=CHANNELS, units=("g", "g"), quality=kind)


def judge(problems: FrameProblems, frames: Sequence[Frame]) -> list[ConditionChange]:
    return [change for frame in frames for change in problems.take(frame)[1]]


def short(changes: Sequence[ConditionChange]) -> list[tuple[str, str, str, int]]:
    return [
        (one.kind.name, one.key.channel, one.rule.rule_id[13:], one.window_index) for one in changes
    ]


def expected(story: Sequence[str | tuple[int, int]]) -> list[tuple[str, str, str, int]]:
    """Say again what the contract says, one problem at a time."""
    found = []
    by_bit = {CLIPPED: "clipped", FLAT: "flat", NON_FINITE: "non-finite"}
    for row, channel in enumerate(CHANNELS):
        for bit, name in by_bit.items():
            known = [
                (at, bool(kind[row] & bit))
                for at, kind in enumerate(story)
                if not isinstance(kind, str)
            ]
            found += _episodes(known, channel, name)
        found += _bias(story, row, channel)
    known = [(at, kind == "gap") for at, kind in enumerate(story) if kind != "skipped"]
    found += _episodes(known, "", "gap")
    return sorted(found, key=lambda one: (one[3], one[1], one[2]))


def _episodes(
    known: Sequence[tuple[int, bool]], channel: str, name: str
) -> list[tuple[str, str, str, int]]:
    found, is_open, bad, good = [], False, 0, 0
    for at, is_bad in known:
        bad, good = (bad + 1, 0) if is_bad else (0, good + 1)
        if not is_open and bad == 3:
            is_open = True
            found.append(("RAISED", channel, name, at))
        elif is_open and good == 100:
            is_open = False
            found.append(("RESOLVED", channel, name, at))
    return found


def _bias(
    story: Sequence[str | tuple[int, int]], row: int, channel: str
) -> list[tuple[str, str, str, int]]:
    found, is_open, good = [], False, 0
    seen: list[bool] = []
    for at, kind in enumerate(story):
        if isinstance(kind, str):
            continue
        seen = [*seen, bool(kind[row] & BIAS)][-100:]
        outside = sum(seen) > 50
        good = 0 if outside else good + 1
        if not is_open and outside:
            is_open = True
            found.append(("RAISED", channel, "bias", at))
        elif is_open and good == 100:
            is_open, seen = False, []
            found.append(("RESOLVED", channel, "bias", at))
    return found


@given(STORIES)
def test_problems_are_raised_after_three_windows_and_end_after_ten_seconds(
    story: list[str | tuple[int, int]],
) -> None:
    frames = [frame_of(at, kind) for at, kind in enumerate(story)]
    changes = judge(FrameProblems(PROFILES), frames)
    assert sorted(short(changes), key=lambda one: (one[3], one[1], one[2])) == expected(story)
    assert len({one.alert_id for one in changes if one.kind is TransitionKind.RAISED}) == len(
        [one for one in changes if one.kind is TransitionKind.RAISED]
    )


@given(STORIES, st.sets(st.integers(0, 400), max_size=5))
def test_restarts_change_nothing(story: list[str | tuple[int, int]], restarts: set[int]) -> None:
    frames = [frame_of(at, kind) for at, kind in enumerate(story)]
    whole = judge(FrameProblems(PROFILES), frames)
    problems = FrameProblems(PROFILES)
    open_alerts: dict[Place, str] = {}
    changes: list[ConditionChange] = []
    for at, frame in enumerate(frames):
        if at in restarts:
            document = json.loads(json.dumps(problems.state("pump-7")))
            problems = FrameProblems(PROFILES)
            problems.restore("pump-7", document, open_alerts)
        for change in problems.take(frame)[1]:
            changes.append(change)
            place = Place("pump-7", change.key.channel, Problem(change.rule.rule_id))
            if change.kind is TransitionKind.RAISED:
                open_alerts[place] = change.alert_id
            else:
                del open_alerts[place]
    assert changes == whole


@given(MASKS, MASKS)
def test_values_that_cannot_be_trusted_are_taken_out_and_no_others(left: int, right: int) -> None:
    frame = make_frame(
        0,
        [1.0, 2.0, 3.0, 4.0],
        channels=CHANNELS,
        units=("g", "g"),
        features=("rms", "peak"),
        quality=(left, right),
    )
    trusted, _ = FrameProblems(PROFILES).take(frame)
    assert trusted.values is not None
    for row, mask in enumerate((left, right)):
        untrusted = bool(mask & (FLAT | NON_FINITE))
        assert np.isnan(trusted.values[2 * row : 2 * row + 2]).all() == untrusted


def test_a_flat_sensor_of_a_machine_that_may_stand_still_is_no_problem() -> None:
    problems = FrameProblems({})
    frames = [make_frame(at, 0.0, quality=(FLAT,)) for at in range(20)]
    assert judge(problems, frames) == []
    assert problems.take(make_frame(20, 0.0, quality=(FLAT,)))[0].values == [0.0]
    turning = [make_frame(at, 0.0, quality=(FLAT,), shaft_speed_hz=25.0) for at in range(20, 23)]
    assert short(judge(problems, turning)) == [("RAISED", "horizontal", "flat", 22)]


def test_a_flat_channel_beside_a_lively_one_is_a_problem() -> None:
    frames = [
        make_frame(at, [0.0, 1.0], channels=CHANNELS, units=("g", "g"), quality=(FLAT, 0))
        for at in range(3)
    ]
    assert short(judge(FrameProblems({}), frames)) == [("RAISED", "x", "flat", 2)]
