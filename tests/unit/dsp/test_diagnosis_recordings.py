"""Diagnosis of real recordings against what is known of them."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import io, signal

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import BearingGeometry, find_bearing, known_bearings
from kurto_dsp.diagnosis import (
    Diagnosis,
    Fault,
    ShaftSpeed,
    SpeedSource,
    combine,
    diagnose_record,
    diagnose_window,
)

HOP_S = 0.1
VERDICT_WINDOWS = 5
TRUE_FAULTS = {
    "inner": Fault.INNER_RACE,
    "outer": Fault.OUTER_RACE,
    "ball": Fault.BALL,
    "none": Fault.NONE,
}


@dataclass(frozen=True)
class Recording:
    name: str
    fault: Fault
    visibility: str
    sample_rate_hz: float
    speed: ShaftSpeed
    bearing: BearingGeometry
    channels: dict[str, Float64Array]

    def windows(self, channel: str, hop_s: float = HOP_S) -> Iterator[Float64Array]:
        samples = self.channels[channel]
        length = round(self.sample_rate_hz)
        hop = round(hop_s * self.sample_rate_hz)
        for start in range(0, len(samples) - length + 1, hop):
            yield samples[start : start + length]

    def diagnoses(self, channel: str, hop_s: float = HOP_S) -> list[Diagnosis]:
        return [
            diagnose_window(
                window,
                sample_rate_hz=self.sample_rate_hz,
                bearing=self.bearing,
                speed=self.speed,
            )
            for window in self.windows(channel, hop_s)
        ]


@cache
def recordings(directory: Path) -> tuple[Recording, ...]:
    with (directory / "truth.csv").open(encoding="utf-8") as table:
        return tuple(_recording(directory, row) for row in csv.DictReader(table))


def _recording(directory: Path, row: dict[str, str]) -> Recording:
    content = io.loadmat(directory / row["file"])
    shaft_hz = float(row["rpm"]) / 60.0
    if row["dataset"] == "CWRU":
        channels = {key.split("_")[1]: content[key][:, 0] for key in content if "_time" in key}
        speed, bearing = ShaftSpeed(shaft_hz), find_bearing("6205-2RS")
    else:
        channels = {"DE": content["bearing"]["gs"][0, 0].ravel()}
        speed, bearing = ShaftSpeed(shaft_hz, SpeedSource.NAMEPLATE), find_bearing("NICE")
    return Recording(
        row["record"],
        TRUE_FAULTS[row["fault"]],
        row["envelope_verdict"],
        float(row["fs"]),
        speed,
        bearing,
        channels,
    )


@cache
def sliding(directory: Path) -> dict[str, list[Diagnosis]]:
    """Every 1 s window of the drive-end channels, each 0.1 s."""
    return {one.name: one.diagnoses("DE") for one in recordings(directory)}


def verdicts(diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Verdicts of 5 consecutive windows that do not overlap, from every hop on."""
    step = round(1.0 / HOP_S)
    reach = (VERDICT_WINDOWS - 1) * step + 1
    return [
        combine(diagnoses[first : first + reach : step])
        for first in range(len(diagnoses) - reach + 1)
    ]


def is_wrong(diagnosis: Diagnosis, truth: Fault) -> bool:
    return diagnosis.names_a_fault and diagnosis.fault is not truth


def test_clear_records_are_named(shared_data: Path) -> None:
    right = []
    for one in recordings(shared_data):
        if one.visibility == "clear":
            of_record = [d.fault is one.fault for d in sliding(shared_data)[one.name]]
            assert np.mean(of_record) >= 0.85, one.name
            right += of_record
    assert len(right) > 600
    assert np.mean(right) >= 0.95


def test_verdicts_of_five_windows_are_all_right_on_clear_records(shared_data: Path) -> None:
    count = 0
    for one in recordings(shared_data):
        if one.visibility == "clear":
            for verdict in verdicts(sliding(shared_data)[one.name]):
                assert verdict.fault is one.fault, (one.name, verdict.reason)
                count += 1
    assert count > 300


def test_hard_records_are_rarely_named_wrong_and_never_in_a_verdict(shared_data: Path) -> None:
    wrong = []
    for one in recordings(shared_data):
        if one.visibility in ("weak", "not seen"):
            diagnoses = sliding(shared_data)[one.name]
            wrong += [is_wrong(diagnosis, one.fault) for diagnosis in diagnoses]
            assert not any(is_wrong(verdict, one.fault) for verdict in verdicts(diagnoses))
    assert len(wrong) > 300
    assert np.mean(wrong) <= 0.10


def test_healthy_record_has_no_fault_in_any_window(shared_data: Path) -> None:
    healthy = [one for one in recordings(shared_data) if one.fault is Fault.NONE]
    for one in healthy:
        for channel in one.channels:
            assert {d.fault for d in one.diagnoses(channel)} == {Fault.NONE}
    assert healthy


def test_evidence_of_a_clear_record_is_where_it_was_measured(shared_data: Path) -> None:
    with (shared_data / "truth.csv").open(encoding="utf-8") as table:
        truth = {row["record"]: row for row in csv.DictReader(table)}
    for one in recordings(shared_data):
        if one.visibility != "clear":
            continue
        verdict = diagnose_record(
            one.channels["DE"],
            sample_rate_hz=one.sample_rate_hz,
            bearing=one.bearing,
            speed=one.speed,
        )
        assert verdict.fault is one.fault
        first = verdict.lines[0]
        assert first.name == truth[one.name]["expected"]
        assert first.expected_hz == pytest.approx(float(truth[one.name]["expected_hz"]), abs=0.15)
        # One line of a 1 s window is 1 Hz wide.
        assert first.found_hz == pytest.approx(float(truth[one.name]["peak_hz"]), abs=1.0)
        assert first.level_db is not None
        assert first.level_db > 6.0


@pytest.mark.parametrize("channel", ["FE", "BA"])
def test_other_channels_name_the_right_part_or_none(shared_data: Path, channel: str) -> None:
    for one in recordings(shared_data):
        if channel in one.channels:
            diagnoses = one.diagnoses(channel, hop_s=1.0)
            assert not is_wrong(combine(diagnoses), one.fault), one.name


def resampled(one: Recording, rate_hz: int) -> Recording:
    channels = {
        name: signal.resample_poly(samples, rate_hz, int(one.sample_rate_hz))
        for name, samples in one.channels.items()
    }
    return replace(one, sample_rate_hz=float(rate_hz), channels=channels)


def changed(one: Recording, change: Callable[[Float64Array], Float64Array]) -> Recording:
    return replace(one, channels={name: change(x) for name, x in one.channels.items()})


def in_steps(samples: Float64Array, count: int) -> Float64Array:
    """Whole numbers, as of an input that is hardly modulated."""
    return np.asarray(np.round(samples / np.abs(samples).max() * count))


def at_nameplate(one: Recording, error: float) -> Recording:
    return replace(one, speed=ShaftSpeed(one.speed.hz * (1 + error), SpeedSource.NAMEPLATE))


CHANGES: dict[str, Callable[[Recording], Recording]] = {
    "sampled at 48 kHz": lambda one: resampled(one, 48000),
    "sampled at 25.6 kHz": lambda one: resampled(one, 25600),
    "sampled at 20 kHz": lambda one: resampled(one, 20000),
    "integers of 100 steps": lambda one: changed(one, lambda x: in_steps(x, 100)),
    "the other way round": lambda one: changed(one, lambda x: -0.01 * x),
    "with a bias": lambda one: changed(one, lambda x: x + 10 * x.std()),
    "with hum": lambda one: changed(
        one, lambda x: x + 3 * x.std() * np.sin(np.arange(len(x)) * 314.16 / one.sample_rate_hz)
    ),
    "clipped": lambda one: changed(one, lambda x: np.clip(x, -3 * x.std(), 3 * x.std())),
    "speed of the nameplate": lambda one: at_nameplate(one, 0.0),
    "nameplate 1 % too fast": lambda one: at_nameplate(one, 0.01),
    "nameplate 1 % too slow": lambda one: at_nameplate(one, -0.01),
}


@pytest.mark.parametrize("change", CHANGES)
def test_records_taken_otherwise_say_the_same(shared_data: Path, change: str) -> None:
    """What another rig or logger would have made of these records changes no verdict."""
    right = []
    for original in recordings(shared_data):
        one = CHANGES[change](original)
        diagnoses = one.diagnoses("DE", hop_s=1.0)
        if one.visibility == "clear":
            right += [diagnosis.fault is one.fault for diagnosis in diagnoses]
            assert combine(diagnoses).fault is one.fault, one.name
        else:
            assert not is_wrong(combine(diagnoses), one.fault), one.name
            assert one.fault is not Fault.NONE or {d.fault for d in diagnoses} == {Fault.NONE}
    assert np.mean(right) >= 0.95


def test_lines_of_other_bearings_are_not_found_where_no_fault_shows(shared_data: Path) -> None:
    # Real signals without a visible fault, looked at with the geometry of other bearings.
    named = []
    for one in recordings(shared_data):
        if one.visibility not in ("not seen", "n/a"):
            continue
        for other in known_bearings()[1::5]:
            diagnosis = diagnose_record(
                one.channels["DE"],
                sample_rate_hz=one.sample_rate_hz,
                bearing=other,
                speed=one.speed,
            )
            if diagnosis.names_a_fault:
                named.append((one.name, other.designation, diagnosis.reason))
    assert not named


def test_early_life_of_a_run_to_failure_names_nothing_and_says_why(shared_data: Path) -> None:
    run = np.load(shared_data / "pronostia" / "learning" / "Bearing2_2.npz")
    burst = (((run["hi"][:3].astype(np.int32) << 8) | run["lo"][:3]) / 1000.0)[..., 0]
    for samples in burst:
        diagnosis = diagnose_window(
            samples,
            sample_rate_hz=25600,
            bearing=find_bearing("PRONOSTIA"),
            speed=ShaftSpeed(27.5),
        )
        assert diagnosis.fault is Fault.UNCERTAIN
        assert diagnosis.reason == (
            "2.8 revolutions are too few, 20 are needed: 0.7 s at this speed"
        )
