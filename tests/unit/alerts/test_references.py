"""Frames beside the references of their sensor."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from kurto.analyzer.v1 import baselines_pb2
from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.references.baselines import BaselineVersion, baseline_at
from kurto_alerts.references.book import BaselineBook
from kurto_alerts.references.columns import needed_features
from kurto_alerts.references.derived import derived_name
from kurto_alerts.references.peers import version_from_proto
from kurto_alerts.references.track import SensorTrack, make_track
from kurto_alerts.rules import (
    Measure,
    OperatingCondition,
    Rule,
    Severity,
    SpeedRange,
    StartUp,
)
from kurto_alerts.testing import START_US, make_frame, make_rule
from kurto_analyzer.baselines.messages import baseline_message
from kurto_analyzer.baselines.model import BaselineState, LearningCause, StoredBaseline
from kurto_dsp.condition import (
    Baseline,
    BaselineLearner,
    OperatingBin,
    OperatingBins,
    OperatingState,
    ReferenceLayout,
)

FEATURES = (
    "rms", "mean", "kurtosis", "band_rms.10_1000", "velocity_rms", "displacement_rms",
    "spectral_centroid", "spectral_flatness",
)  # fmt: skip
POSITIVE = tuple(name for name in FEATURES if name != "mean")
CHANNELS, UNITS = ("h", "v"), ("g", "m/s2")
HEALTHY = np.array(
    [[0.5, 0.0, 3.0, 0.3, 1.0, 10.0, 900.0, 0.1], [4.0, 0.0, 3.0, 2.0, 1.2, 12.0, 800.0, 0.1]]
)
HOP_S = 0.1


def rule(measure: Measure, feature: str = "") -> Rule:
    found = make_rule("r", levels={Severity.WARNING: 2.0}, unit="1", feature=feature)
    return replace(found, measure=measure)


def frame(
    window: int, values: np.ndarray | None = None, *, speed_hz: float = math.nan, **more: object
) -> Frame:
    """Windows that count, one after the other, unless `window` has a part."""
    data = HEALTHY if values is None else values
    return make_frame(
        window, data.ravel().tolist(), features=FEATURES, channels=CHANNELS, units=UNITS,
        shaft_speed_hz=speed_hz, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def learned(*, cuts: OperatingBins | None = None, place: OperatingBin | None = None) -> Baseline:
    learner = BaselineLearner(ReferenceLayout(CHANNELS, UNITS, POSITIVE))
    columns = [FEATURES.index(name) for name in POSITIVE]
    for number in range(60):
        learner.add(HEALTHY[:, columns] * math.exp((number - 29.5) / 100), place)
    return learner.freeze(cuts)


def version(number: int = 1, *, freeze_us: int = 0, end_us: int | None = None) -> BaselineVersion:
    return BaselineVersion(number, "pump-7", freeze_us, end_us, learned())


def running(track: SensorTrack, first: int = 0) -> int:
    """Feed counted windows until the machine is known to run; return the next window."""
    for counted in range(8):
        derived = track.update(frame(first + 10 * counted))
        if derived.operating is OperatingState.RUNNING:
            return first + 10 * counted + 1
        assert np.isnan(derived.values).all()
    raise AssertionError("it never ran")


ALL = [
    rule(Measure.ACCELERATION_GROWTH),
    rule(Measure.BASELINE_RATIO, "kurtosis"),
    rule(Measure.BASELINE_Z_SCORE, "rms"),
    rule(Measure.ISO_ZONE),
]


def test_columns_have_the_names_of_their_rules() -> None:
    track = make_track(None, ALL, [version()])
    assert track is not None
    assert track.names == (
        "acceleration_growth",
        "baseline_ratio.kurtosis",
        "baseline_z.rms",
        "iso_zone",
    )
    assert set(track.names) == {derived_name(one) for one in ALL}


def test_a_sensor_without_such_rules_has_no_track() -> None:
    assert make_track(None, [make_rule("plain")]) is None

    assert make_track(None, [replace(ALL[0], disabled=True)]) is None
    for gate in (
        {"start_up": StartUp(multiplier=2.0)},
        {"speed_range": SpeedRange(low_hz=5.0)},
        {"suppress_when": frozenset({OperatingCondition.STOPPED})},
    ):
        assert make_track(None, [replace(make_rule("gated"), **gate)]) is not None


def test_values_against_the_baseline() -> None:
    track = make_track(SensorProfile("pump-7"), ALL, [version()])
    assert track is not None
    window = running(track)
    grown = HEALTHY.copy()
    grown[0, FEATURES.index("band_rms.10_1000")] *= 5.0
    grown[1, FEATURES.index("rms")] *= 3.0
    grown[1, FEATURES.index("kurtosis")] *= 2.0
    derived = track.update(frame(window, grown))
    np.testing.assert_allclose(derived.values[:, 0], [5.0, 3.0], rtol=1e-6)
    np.testing.assert_allclose(derived.values[:, 1], [1.0, 2.0], rtol=1e-6)
    # The spread of ln(x) is 0.15 neper here.
    wanted = [0.0, math.log(3.0) / (1.4826 * 0.15)]
    np.testing.assert_allclose(derived.values[:, 2], wanted, rtol=1e-6, atol=1e-5)
    assert np.isnan(derived.values[:, 3]).all()  # no machine class


def test_a_baseline_holds_from_its_freezing_to_its_end() -> None:
    begin, end = START_US + 20_000_000, START_US + 30_000_000
    track = make_track(None, ALL[:1], [version(freeze_us=begin, end_us=end)])
    assert track is not None
    known = {}
    for window in range(400):
        one = frame(window)
        known[one.start_us] = bool(np.isfinite(track.update(one).values).all())
    assert {start for start, found in known.items() if found} == {
        start for start in known if begin <= start < end
    }


def test_of_two_baselines_the_newer_holds() -> None:
    versions = [version(4, freeze_us=10), version(9, freeze_us=5), version(2)]
    assert [getattr(baseline_at(versions, at), "baseline_id", None) for at in (0, 7, 12)] == [
        2,
        9,
        9,
    ]
    assert baseline_at([version(1, freeze_us=5, end_us=9)], 9) is None


def test_a_baseline_that_comes_later_is_taken_up() -> None:
    book = BaselineBook()
    track = book.make_track("pump-7", None, ALL[:1])
    assert track is not None
    window = running(track)
    assert np.isnan(track.update(frame(window)).values).all()
    book.put([version()])
    np.testing.assert_allclose(track.update(frame(window + 1)).values, 1.0, rtol=1e-6)
    book.put([version(end_us=START_US)])
    assert np.isnan(track.update(frame(window + 2)).values).all()


def test_at_another_speed_there_is_nothing_to_compare_with() -> None:
    cuts = OperatingBins(25.0)
    baseline = learned(cuts=cuts, place=cuts.bin_of(speed_hz=25.0))
    track = make_track(None, ALL[:1], [BaselineVersion(1, "pump-7", 0, None, baseline)])
    assert track is not None
    window = running(track)
    for speed_hz, comparable in ((25.5, True), (33.0, False), (math.nan, False)):
        derived = track.update(frame(window, speed_hz=speed_hz))
        assert np.isfinite(derived.values).all() == comparable
        np.testing.assert_equal(derived.shaft_speed_hz, float(np.float64(speed_hz)))


def test_a_machine_that_stands_still_has_no_values() -> None:
    track = make_track(None, ALL[:1], [version()])
    assert track is not None
    window = running(track)
    flat = (1 << (QualityFlag.QUALITY_FLAG_FLAT - 1),) * 2
    following = range(-(-window // 10) * 10, window + 60, 10)
    states = []
    for number in following:
        derived = track.update(frame(number, quality=flat))
        states.append(derived.operating)
        assert np.isfinite(derived.values).all() == (derived.operating is OperatingState.RUNNING)
    assert states[-1] is OperatingState.STOPPED
    assert derived.condition is OperatingCondition.STOPPED


@pytest.mark.parametrize(
    ("velocity", "displacement", "place"),
    [(1.4, 10.0, 1.0), (2.8, 10.0, 2.0), (1.0, 71.0, 3.0), (6.2, 10.0, 4.0), (math.nan, 45.0, 2.0)],
)
def test_the_worse_of_velocity_and_displacement_counts(
    velocity: float, displacement: float, place: float
) -> None:
    profile = SensorProfile("pump-7", machine_class="group_2,rigid", nominal_speed_hz=25.0)
    track = make_track(profile, ALL[3:])
    assert track is not None
    window = running(track)
    values = HEALTHY.copy()
    values[0, 4:6] = velocity, displacement
    found = track.update(frame(window, values)).values[0, 0]
    assert found == pytest.approx(place, rel=1e-6)


@pytest.mark.parametrize(
    ("machine_class", "nominal_hz", "measured_hz"),
    [
        ("", 25.0, math.nan),
        ("group_9,rigid", 25.0, math.nan),
        ("group_2,rigid", 1.0, math.nan),
        ("group_2,rigid", 25.0, 300.0),
        ("class_ii", 5.0, math.nan),
    ],
)
def test_what_cannot_be_graded_has_no_zone(
    machine_class: str, nominal_hz: float, measured_hz: float
) -> None:
    profile = SensorProfile("pump-7", machine_class=machine_class, nominal_speed_hz=nominal_hz)
    track = make_track(profile, ALL[3:])
    assert track is not None
    window = running(track)
    assert np.isnan(track.update(frame(window, speed_hz=measured_hz)).values).all()


def test_a_restored_track_goes_on_as_if_nothing_had_happened() -> None:
    rng = np.random.default_rng(5)
    whole = make_track(None, ALL, [version()])
    parted = make_track(None, ALL, [version()])
    assert whole is not None
    assert parted is not None
    for window in range(0, 1500, 5):
        level = 0.001 if 500 <= window < 800 else 1.0
        one = frame(window, HEALTHY * level * rng.uniform(0.9, 1.1, HEALTHY.shape))
        state = json.loads(json.dumps(parted.state(), allow_nan=False))
        parted = make_track(None, ALL, [version()])
        assert parted is not None
        parted.restore(state)
        first, second = whole.update(one), parted.update(one)
        assert first.operating is second.operating
        np.testing.assert_array_equal(first.values, second.values)


def test_needed_features_are_read_from_the_history_too() -> None:
    assert needed_features([make_rule("plain")]) == frozenset()
    assert needed_features(ALL[:1]) >= {"rms", "band_rms.10_1000", "spectral_flatness"}
    assert needed_features(ALL[3:]) >= {"velocity_rms", "displacement_rms"}


def test_a_baseline_of_the_analyzer_arrives_as_it_was_learned() -> None:
    cuts = OperatingBins(24.7, load_step=0.5)
    baseline = learned(cuts=cuts, place=cuts.bin_of(speed_hz=24.7, load=3.0))
    stored = StoredBaseline(
        baseline_id=3, sensor_id="pump-7", state=BaselineState.RETIRED,
        cause=LearningCause.COMMISSIONING, reason="new", principal="ada", begin_us=0,
        wanted_windows=60, create_us=1, freeze_us=START_US + 1, end_us=START_US + 5,
        baseline=baseline,
    )  # fmt: skip
    sent = baselines_pb2.Baseline.FromString(
        baseline_message(stored, whole=True).SerializeToString()
    )
    found = version_from_proto(sent)
    assert found is not None
    assert (found.baseline_id, found.sensor_id) == (3, "pump-7")
    assert (found.freeze_us, found.end_us) == (START_US + 1, START_US + 5)
    assert found.baseline.cuts == cuts
    assert found.baseline.bins.keys() == baseline.bins.keys()
    tracks = [
        make_track(None, ALL[:3], [BaselineVersion(3, "pump-7", 0, None, one)])
        for one in (baseline, found.baseline)
    ]
    values = []
    for track in tracks:
        assert track is not None
        window = running(track)
        one = make_frame(
            window, (2.0 * HEALTHY).ravel().tolist(), features=FEATURES, channels=CHANNELS,
            units=UNITS, shaft_speed_hz=24.7,
        )  # fmt: skip
        values.append(track.update(replace(one, load=3.1)).values)
    assert np.isfinite(values[0]).all()
    np.testing.assert_allclose(values[1], values[0], rtol=1e-12)


def test_a_baseline_that_is_being_learned_is_none() -> None:
    assert version_from_proto(baselines_pb2.Baseline(baseline_id=1, sensor_id="pump-7")) is None
