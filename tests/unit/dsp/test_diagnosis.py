"""Diagnosis of signals whose fault, speed and noise are known exactly."""

import math

import numpy as np
import pytest
from scipy import signal as scipy_signal

from kurto_dsp import AccelerationUnit, ParameterError, synthesis
from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import SKF_6205_2RS_JEM, BearingGeometry, find_bearing
from kurto_dsp.diagnosis import (
    LEAST_LEAD,
    LEAST_Z,
    AlarmLevel,
    Diagnosis,
    Fault,
    Hint,
    ShaftSpeed,
    SpeedSource,
    combine,
    diagnose_record,
    diagnose_window,
    gate,
    whitened_envelope_spectrum,
)
from kurto_dsp.diagnosis.verdict import decide, needed_z

RATE_HZ = 12000.0
SPEED = ShaftSpeed(29.95)


def noise(seed: int, duration_s: float = 1.0) -> Float64Array:
    return np.random.default_rng(seed).standard_normal(round(RATE_HZ * duration_s))


def machine(
    fault: synthesis.Fault,
    *,
    bearing: BearingGeometry = SKF_6205_2RS_JEM,
    shaft_hz: float = 29.95,
    rate_hz: float = RATE_HZ,
    severity: float = 0.2,
    duration_s: float = 5.0,
) -> Float64Array:
    model = synthesis.MachineModel(
        fault=fault,
        severity=synthesis.SeverityRamp.constant(severity),
        seed=3,
        sample_rate_hz=rate_hz,
        channel_count=1,
        shaft_hz=shaft_hz,
        bearing=bearing,
    )
    samples = synthesis.MachineSignal(model).samples(0, round(duration_s * rate_hz))
    return np.asarray(samples[0], np.float64)


def diagnose(samples: Float64Array, **others: object) -> Diagnosis:
    arguments: dict[str, object] = {
        "sample_rate_hz": RATE_HZ,
        "bearing": SKF_6205_2RS_JEM,
        "speed": SPEED,
    }
    return diagnose_window(samples, **(arguments | others))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("simulated", "expected"),
    [
        (synthesis.Fault.OUTER_RACE, Fault.OUTER_RACE),
        (synthesis.Fault.INNER_RACE, Fault.INNER_RACE),
        (synthesis.Fault.BALL, Fault.BALL),
        (synthesis.Fault.NONE, Fault.NONE),
        (synthesis.Fault.IMBALANCE, Fault.NONE),
        (synthesis.Fault.LOOSENESS, Fault.NONE),
    ],
)
@pytest.mark.parametrize(
    ("designation", "shaft_hz", "rate_hz"),
    [
        ("6205-2RS", 29.95, 25600.0),
        ("6203", 29.95, 12800.0),  # its lines lie within 1.7 % of shaft harmonics
        ("UER204", 40.0, 20000.0),
        ("SKF 6310", 49.3, 12000.0),
        ("ZA-2115", 33.3, 20480.0),
        ("6205-2RS", 8.0, 12000.0),  # 480 r/min: windows of 2.5 s
    ],
)
def test_simulated_faults_are_named(
    simulated: synthesis.Fault,
    expected: Fault,
    designation: str,
    shaft_hz: float,
    rate_hz: float,
) -> None:
    bearing = find_bearing(designation)
    samples = machine(
        simulated,
        bearing=bearing,
        shaft_hz=shaft_hz,
        rate_hz=rate_hz,
        duration_s=max(3.0, 100 / shaft_hz),
    )
    verdict = diagnose_record(
        samples, sample_rate_hz=rate_hz, bearing=bearing, speed=ShaftSpeed(shaft_hz)
    )
    assert verdict.fault is expected, verdict.reason
    assert set(verdict.scores) == {Fault.OUTER_RACE, Fault.INNER_RACE, Fault.BALL}


@pytest.mark.parametrize("error", [-0.018, -0.01, 0.01, 0.018])
def test_nameplate_speed_may_be_two_percent_off(error: float) -> None:
    samples = machine(synthesis.Fault.OUTER_RACE)
    nameplate = ShaftSpeed(29.95 * (1 + error), SpeedSource.NAMEPLATE)
    verdict = diagnose_record(
        samples, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=nameplate
    )
    assert verdict.fault is Fault.OUTER_RACE
    if error > 0.015:  # a measured speed that far off is another frequency
        measured = ShaftSpeed(nameplate.hz)
        verdict = diagnose_record(
            samples, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=measured
        )
        assert verdict.fault is not Fault.OUTER_RACE


def test_approximate_geometry_is_searched_wider() -> None:
    # The pitch diameter of the catalogue's approximate entries may be 1.5 % off.
    true = SKF_6205_2RS_JEM
    rough = BearingGeometry(9, 7.94, 38.5, is_approximate=True)
    samples = machine(synthesis.Fault.BALL, bearing=true)
    kept = diagnose_record(samples, sample_rate_hz=RATE_HZ, bearing=rough, speed=SPEED)
    assert kept.fault is Fault.BALL


def test_noise_names_a_fault_in_less_than_one_window_of_a_hundred() -> None:
    named = [diagnose(noise(seed)).names_a_fault for seed in range(200)]
    assert np.mean(named) < 0.01


def test_noise_never_names_a_fault_in_a_verdict() -> None:
    for seed in range(20):
        verdict = diagnose_record(
            noise(seed, 5.0), sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=SPEED
        )
        assert verdict.fault is Fault.NONE, verdict.reason


@pytest.mark.parametrize("designation", ["6205-2RS", "6203"])
def test_modulation_by_the_shaft_is_no_bearing_fault(designation: str) -> None:
    # Every shaft harmonic in the envelope, strong: imbalance, gears and blades do that.
    t = np.arange(round(5 * RATE_HZ)) / RATE_HZ
    turns = 2 * np.pi * SPEED.hz * t
    depth = sum(np.cos(k * turns + k * k) / k for k in range(1, 12))
    verdict = diagnose_record(
        noise(1, 5.0) * (1.0 + 0.5 * depth),
        sample_rate_hz=RATE_HZ,
        bearing=find_bearing(designation),
        speed=SPEED,
    )
    assert verdict.fault is Fault.NONE, verdict.reason


def test_one_giant_line_is_no_family() -> None:
    # Another machine that modulates at just BPFO, without harmonics.
    bpfo_hz = SKF_6205_2RS_JEM.defect_frequencies(SPEED.hz).bpfo_hz
    t = np.arange(round(5 * RATE_HZ)) / RATE_HZ
    samples = noise(2, 5.0) * np.sqrt(1.0 + 0.9 * np.cos(2 * np.pi * bpfo_hz * t))
    verdict = diagnose_record(
        samples, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=SPEED
    )
    assert verdict.fault is not Fault.OUTER_RACE


def test_evidence_shows_the_harmonics_that_were_simulated() -> None:
    verdict = diagnose_record(
        machine(synthesis.Fault.OUTER_RACE),
        sample_rate_hz=RATE_HZ,
        bearing=SKF_6205_2RS_JEM,
        speed=SPEED,
    )
    bpfo_hz = SKF_6205_2RS_JEM.defect_frequencies(SPEED.hz).bpfo_hz
    names = [line.name for line in verdict.lines]
    assert names[:5] == ["BPFO", "2xBPFO", "3xBPFO", "4xBPFO", "5xBPFO"]
    assert set(names[5:]) == {"BPFI", "2xBSF"}
    for harmonic, line in enumerate(verdict.lines[:4], 1):
        assert line.expected_hz == pytest.approx(harmonic * bpfo_hz)
        # Simulated with 0.4 % of slip.
        assert line.found_hz == pytest.approx(harmonic * bpfo_hz * 0.996, abs=1.01)
        assert line.level_db is not None
        assert line.level_db > 10.0
    # The fifth lies 2.3 Hz from the 18th shaft harmonic, less what slip adds.
    assert verdict.lines[5].level_db is None or verdict.lines[5].level_db < 8.0


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(12000), "all samples are equal"),
        (np.full(12000, 3.0), "all samples are equal"),
        (np.append(noise(0)[1:], np.nan), "not finite"),
        (np.append(noise(0)[1:], np.inf), "not finite"),
        (noise(0) * 1e20, "amplitude"),
        (noise(0)[:10], "only 10 samples"),
        (np.empty(0), "only 0 samples"),
        (noise(0)[:4800], "12.0 revolutions are too few, 20 are needed: 0.7 s"),
    ],
)
def test_samples_that_cannot_tell_are_uncertain_with_the_reason(
    samples: Float64Array, reason: str
) -> None:
    for diagnosis in (
        diagnose(samples),
        diagnose_record(samples, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=SPEED),
    ):
        assert diagnosis.fault is Fault.UNCERTAIN
        assert math.isnan(diagnosis.score)
        assert reason in diagnosis.reason
        assert not diagnosis.scores
        assert not diagnosis.lines


def test_a_bad_window_does_not_spoil_a_record() -> None:
    samples = machine(synthesis.Fault.INNER_RACE)
    samples[100] = np.nan
    verdict = diagnose_record(
        samples, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=SPEED
    )
    assert verdict.fault is Fault.INNER_RACE
    assert "mean of 4 windows" in verdict.reason


@pytest.mark.parametrize("rate_hz", [64.0, 200.0, 1000.0, 2560.0])
def test_low_rates_give_an_answer_or_say_that_lines_are_above_the_band(rate_hz: float) -> None:
    samples = np.random.default_rng(0).standard_normal(round(20 * rate_hz))
    diagnosis = diagnose(samples, sample_rate_hz=rate_hz, speed=ShaftSpeed(25.0))
    assert diagnosis.fault in (Fault.NONE, Fault.UNCERTAIN)
    assert diagnosis.reason


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="sample_rate_hz"):
        diagnose(noise(0), sample_rate_hz=0.0)
    with pytest.raises(ParameterError, match="one channel"):
        diagnose(np.zeros((2, 100)))
    with pytest.raises(ParameterError, match="shaft speed"):
        ShaftSpeed(0.0)
    with pytest.raises(ParameterError, match="window_s"):
        diagnose_record(
            noise(0), sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=SPEED, window_s=0.0
        )


def test_envelope_spectrum_equals_the_textbook_way() -> None:
    # Whiten at full rate, analytic signal of the band, square, Hann: by another path.
    samples = machine(synthesis.Fault.INNER_RACE, duration_s=1.0)
    spectrum = np.fft.fft(samples - samples.mean())
    white = spectrum / np.abs(spectrum)
    frequencies_hz = np.fft.fftfreq(len(samples), 1 / RATE_HZ)
    usable = math.floor(RATE_HZ / 2.56)
    white[(np.abs(frequencies_hz) > usable) | (frequencies_hz == 0)] = 0
    envelope = np.abs(scipy_signal.hilbert(np.fft.ifft(white).real)) ** 2
    window = scipy_signal.get_window("hann", len(samples))
    expected = np.abs(np.fft.rfft((envelope - envelope.mean()) * window))[:700]
    found = whitened_envelope_spectrum(samples, sample_rate_hz=RATE_HZ, highest_hz=699.0)
    assert found.resolution_hz == 1.0
    assert found.duration_s == 1.0
    assert found.highest_hz == 699.0
    ratio = found.magnitude / found.magnitude.max() * expected.max()
    np.testing.assert_allclose(ratio, expected, atol=1e-9 * expected.max())


def test_gain_and_offset_do_not_change_a_diagnosis() -> None:
    samples = machine(synthesis.Fault.BALL, duration_s=1.0)
    plain = diagnose(samples)
    for gain, offset in ((9.80665, 0.0), (1e-6, 0.0), (1.0, 3.0), (-1.0, 0.0)):
        other = diagnose(gain * samples + offset)
        for fault, z in plain.scores.items():
            assert other.scores[fault] == pytest.approx(z, abs=1e-6)


def scored(outer: float, inner: float, ball: float) -> dict[Fault, float]:
    return {Fault.OUTER_RACE: outer, Fault.INNER_RACE: inner, Fault.BALL: ball}


def test_decisions_follow_threshold_and_lead() -> None:
    assert decide(scored(LEAST_Z, 0, 0))[0] is Fault.OUTER_RACE
    assert decide(scored(0, LEAST_Z - 0.01, 0))[0] is Fault.NONE
    assert decide(scored(9, 0, 9 - LEAST_LEAD))[0] is Fault.OUTER_RACE
    fault, reason = decide(scored(9, 0, 9.1 - LEAST_LEAD))
    assert fault is Fault.UNCERTAIN
    assert reason == "outer race (z 9.0) does not stand out from ball (z 7.6)"
    assert decide(scored(math.nan, math.nan, math.nan))[0] is Fault.UNCERTAIN
    fault, reason = decide(scored(math.nan, 9, 0))
    assert fault is Fault.INNER_RACE
    assert reason.endswith("outer race cannot be told at this speed and length")


def test_more_windows_need_less_each() -> None:
    needed = [needed_z(count) for count in range(1, 9)]
    assert needed[:5] == sorted(needed[:5], reverse=True)
    assert needed[0] == LEAST_Z == 4.0
    assert needed[4:] == [3.0] * 4
    assert decide(scored(3.5, 0, 0))[0] is Fault.NONE
    assert decide(scored(3.5, 0, 0), window_count=5)[0] is Fault.OUTER_RACE


def test_combine_takes_the_mean_of_what_was_scored() -> None:
    windows = [
        Diagnosis(Fault.OUTER_RACE, 6.0, scored(6.0, 1.0, math.nan)),
        Diagnosis(Fault.UNCERTAIN, math.nan, reason="only 3 samples"),
        Diagnosis(Fault.NONE, 2.0, scored(2.0, 1.0, 0.5)),
    ]
    verdict = combine(windows)
    assert verdict.scores == scored(4.0, 1.0, 0.5)
    assert verdict.fault is Fault.OUTER_RACE
    assert verdict.score == 4.0
    assert combine(windows[1:2]).reason == "only 3 samples"
    with pytest.raises(ParameterError, match="at least one"):
        combine([])


def test_combine_keeps_hints_of_most_windows() -> None:
    often, once = Hint("imbalance", 0.8, "a"), Hint("electrical", 0.9, "b")
    windows = [
        Diagnosis(Fault.NONE, 0.0, scored(0, 0, 0), hints=(often, once)),
        Diagnosis(Fault.NONE, 0.0, scored(0, 0, 0), hints=(Hint("imbalance", 0.6, "c"),)),
        Diagnosis(Fault.NONE, 0.0, scored(0, 0, 0)),
    ]
    (kept,) = combine(windows).hints
    assert (kept.pattern, kept.reason) == ("imbalance", "a")
    assert kept.score == pytest.approx(0.7)


def test_windows_combined_say_what_the_record_says() -> None:
    samples = machine(synthesis.Fault.INNER_RACE)
    length = round(RATE_HZ)
    windows = [diagnose(samples[k * length : (k + 1) * length]) for k in range(5)]
    record = diagnose_record(samples, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=SPEED)
    verdict = combine(windows)
    assert verdict.fault is record.fault is Fault.INNER_RACE
    assert verdict.scores == pytest.approx(record.scores)
    assert verdict.reason == record.reason
    names = [[line.name for line in one.lines] for one in (verdict, record)]
    assert names[0][:9] == names[1][:9]
    assert set(names[0]) == set(names[1])


FAULTY = Diagnosis(Fault.OUTER_RACE, 8.0, reason="")


@pytest.mark.parametrize(
    ("diagnosis", "growth", "level"),
    [
        (FAULTY, None, AlarmLevel.NONE),
        (FAULTY, math.nan, AlarmLevel.NONE),
        (FAULTY, 1.0, AlarmLevel.NONE),
        (FAULTY, 1.99, AlarmLevel.NONE),
        # A factor on a limit belongs to the lower grade, as where growth is graded.
        (FAULTY, 2.0, AlarmLevel.NONE),
        (FAULTY, 2.01, AlarmLevel.WARNING),
        (FAULTY, 4.0, AlarmLevel.WARNING),
        (FAULTY, 4.01, AlarmLevel.CRITICAL),
        (Diagnosis(Fault.NONE, 1.0), 3.0, AlarmLevel.WARNING),
        (Diagnosis(Fault.UNCERTAIN, 1.0, reason="x"), 5.0, AlarmLevel.CRITICAL),
    ],
)
def test_growth_alone_decides_whether_to_alarm(
    diagnosis: Diagnosis, growth: float | None, level: AlarmLevel
) -> None:
    finding = gate(diagnosis, growth)
    assert finding.level is level
    assert finding.fault is diagnosis.fault
    assert finding.reason


def test_negative_growth_is_refused() -> None:
    with pytest.raises(ParameterError, match="not negative"):
        gate(FAULTY, -1.0)


def shaft_signal(velocities_mm_s: dict[float, float], *, mains_mm_s: float = 0.0) -> Float64Array:
    """Tones of given RMS velocity at orders of the shaft, in m/s², on a little noise."""
    t = np.arange(round(8 * RATE_HZ)) / RATE_HZ
    samples = 0.05 * noise(5, 8.0)
    tones = {order * SPEED.hz: velocity for order, velocity in velocities_mm_s.items()}
    for frequency_hz, velocity in (tones | {100.0: mains_mm_s}).items():
        peak_mps2 = math.sqrt(2) * velocity / 1000 * 2 * math.pi * frequency_hz
        samples += peak_mps2 * np.cos(2 * np.pi * frequency_hz * t + frequency_hz)
    return samples


@pytest.mark.parametrize(
    ("velocities_mm_s", "mains_mm_s", "pattern"),
    [
        ({1.0: 5.0, 2.0: 0.5}, 0.0, "imbalance"),
        ({1.0: 2.0, 2.0: 3.0, 3.0: 0.5}, 0.0, "misalignment"),
        ({k / 2: 1.0 for k in range(1, 17)}, 0.0, "looseness"),
        ({1.0: 1.0}, 3.0, "electrical"),
        ({1.0: 1.0, 2.0: 0.3}, 0.0, None),  # as good as new
        ({1.0: 2.0, 5.0: 3.0}, 0.0, None),  # blades, for example
    ],
)
def test_shaft_patterns_are_named(
    velocities_mm_s: dict[float, float], mains_mm_s: float, pattern: str | None
) -> None:
    verdict = diagnose_record(
        shaft_signal(velocities_mm_s, mains_mm_s=mains_mm_s),
        sample_rate_hz=RATE_HZ,
        bearing=SKF_6205_2RS_JEM,
        speed=SPEED,
        unit=AccelerationUnit.MPS2,
        line_frequency_hz=50.0,
    )
    assert [hint.pattern for hint in verdict.hints] == ([pattern] if pattern else [])
    for hint in verdict.hints:
        assert 0.0 < hint.score <= 1.0
        assert "mm/s RMS" in hint.reason


def test_mains_on_a_shaft_harmonic_are_not_called_electrical() -> None:
    t = np.arange(round(8 * RATE_HZ)) / RATE_HZ
    samples = 0.05 * noise(5, 8.0) + 3.0 * np.cos(2 * np.pi * 100.0 * t)
    verdict = diagnose_record(
        samples,
        sample_rate_hz=RATE_HZ,
        bearing=SKF_6205_2RS_JEM,
        speed=ShaftSpeed(50.0),
        unit=AccelerationUnit.MPS2,
        line_frequency_hz=50.0,
    )
    assert "electrical" not in [hint.pattern for hint in verdict.hints]


def test_a_damaged_cage_is_hinted_at() -> None:
    ftf_hz = SKF_6205_2RS_JEM.defect_frequencies(SPEED.hz).ftf_hz
    t = np.arange(round(8 * RATE_HZ)) / RATE_HZ
    pulses = np.exp(4.0 * (np.cos(2 * np.pi * ftf_hz * t) - 1.0))
    verdict = diagnose_record(
        noise(4, 8.0) * (1.0 + 2.0 * pulses),
        sample_rate_hz=RATE_HZ,
        bearing=SKF_6205_2RS_JEM,
        speed=SPEED,
    )
    assert "cage" in [hint.pattern for hint in verdict.hints]
    assert verdict.fault is Fault.NONE
