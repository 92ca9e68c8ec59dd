"""Analysis of recordings: equal to the library, true to what files and callers tell."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import scipy.io.wavfile
from tests.unit.cli.test_recording_formats import write_tdms, write_uff

from kurto_cli.analysis.file import FileJob, file_records
from kurto_cli.analysis.formats import AnalysisFormat, writer_of
from kurto_cli.analysis.formats.rows import columns
from kurto_cli.analysis.options import AnalysisOptions
from kurto_cli.analysis.picture import draw, fault_lines
from kurto_cli.analysis.records import Record
from kurto_cli.analysis.summary import Summariser
from kurto_cli.analysis.task import prepare
from kurto_cli.analysis.windows import analysed_windows
from kurto_cli.recordings import RecordingError, Segment
from kurto_dsp import AccelerationUnit, QualityFlag, WindowGeometry, record_features
from kurto_dsp.bearings import SKF_6205_2RS_JEM
from kurto_dsp.diagnosis import SpeedSource, diagnose_record, diagnose_window
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp

RATE_HZ = 12000.0
SPEED_HZ = 29.95
OPTIONS = AnalysisOptions(sample_rate_hz=RATE_HZ, rpm=SPEED_HZ * 60, bearing=SKF_6205_2RS_JEM)


def machine(fault: Fault = Fault.INNER_RACE, seconds: float = 3.05) -> Any:
    model = MachineModel(
        fault=fault,
        severity=SeverityRamp.constant(1.0),
        seed=3,
        sample_rate_hz=RATE_HZ,
        channel_count=2,
    )
    return MachineSignal(model).samples(0, round(seconds * RATE_HZ)).astype(np.float32)


@pytest.fixture(scope="module")
def samples() -> Any:
    return machine()


@pytest.fixture
def path(tmp_path: Path, samples: Any) -> Path:
    found = tmp_path / "rig.npy"
    np.save(found, samples)
    return found


def records(path: Path, options: AnalysisOptions = OPTIONS) -> list[Record]:
    return list(file_records(FileJob(path, options), lambda _: None))


def windows_of(found: list[Record], channel: str) -> list[Record]:
    return [r for r in found if r["channel"] == channel and "summary" not in r]


def test_features_equal_those_of_the_library(path: Path, samples: Any) -> None:
    found = records(path)
    expected = record_features(samples, sample_rate_hz=RATE_HZ)
    assert [len(windows_of(found, f"channel_{n}")) for n in (1, 2)] == [21, 21]
    for place in (0, 1):
        for number, record in enumerate(windows_of(found, f"channel_{place + 1}")):
            assert record["window"] == number
            assert record["start_s"] == pytest.approx(number * 0.1)
            got = [math.nan if v is None else v for v in record["features"].values()]
            assert tuple(record["features"]) == expected.names
            np.testing.assert_array_equal(np.array(got, np.float32), expected.values[number, place])


def test_a_window_is_diagnosed_alone(path: Path, samples: Any) -> None:
    task = prepare(path, OPTIONS)
    assert task.speed is not None
    for record in windows_of(records(path), "channel_2")[::10]:
        first = record["window"] * 1200
        alone = diagnose_window(
            samples[1, first : first + 12000],
            sample_rate_hz=RATE_HZ,
            bearing=SKF_6205_2RS_JEM,
            speed=task.speed,
        )
        assert record["diagnosis"]["fault"] == alone.fault.value
        assert record["diagnosis"]["score"] == pytest.approx(alone.score, rel=1e-9)
        assert [line["name"] for line in record["diagnosis"]["lines"]] == [
            line.name for line in alone.lines
        ]


@pytest.mark.parametrize(
    ("fault", "name"), [(Fault.INNER_RACE, "inner_race"), (Fault.OUTER_RACE, "outer_race")]
)
def test_the_verdict_is_that_of_the_record(tmp_path: Path, fault: Fault, name: str) -> None:
    signal = machine(fault)
    path = tmp_path / "x.npy"
    np.save(path, signal)
    task = prepare(path, OPTIONS)
    assert task.speed is not None
    last = records(path)[-2:]
    assert [record["summary"] for record in last] == [True, True]
    for row, record in zip(signal, last, strict=True):
        verdict = diagnose_record(
            row, sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM, speed=task.speed
        )
        assert record["verdict"] == record["diagnosis"]["fault"] == verdict.fault.value == name
        assert record["diagnosis"]["score"] == pytest.approx(verdict.score, rel=1e-6)
        assert record["windows"] == 21
        assert record["speed_source"] == "nameplate"
        assert record["long_window"]["bpfi"] is not None


def test_slow_shafts_get_a_verdict_from_longer_windows(tmp_path: Path) -> None:
    """A window of 1 s holds 6 revolutions: it cannot tell, but the record can."""
    path = tmp_path / "slow.npy"
    # The machine of the tests at a fifth of its speed, by telling a fifth of the rate.
    np.save(path, machine(seconds=20.0))
    options = AnalysisOptions(
        sample_rate_hz=RATE_HZ / 5, rpm=SPEED_HZ * 12, bearing=SKF_6205_2RS_JEM
    )
    found = records(path, options)
    assert {r["diagnosis"]["fault"] for r in windows_of(found, "channel_1")} == {"uncertain"}
    assert "revolutions" in windows_of(found, "channel_1")[0]["diagnosis"]["reason"]
    assert found[-1]["verdict"] == "inner_race"


def test_a_gap_gives_empty_windows(path: Path) -> None:
    task = prepare(path, OPTIONS)
    gapped = replace(task.recording, segments=(Segment(0, 0), Segment(13_200, 12_600)))
    windows = list(analysed_windows(replace(task, recording=gapped)))
    empty = [bool(window.features.quality[0] & QualityFlag.GAP) for window in windows]
    # Samples 12600 to 13199 are missing: hop 10. Windows 1 to 10 hold it.
    assert empty == [False, *[True] * 10, *[False] * (len(windows) - 11)]
    assert windows[5].diagnoses[0].reason == "samples are missing"
    summariser = Summariser(task)
    for window in windows:
        summariser.add(window)
    assert summariser.summary().channels[0].verdict.fault.value == "inner_race"


def test_bursts_are_windows(shared_data: Path) -> None:
    path = shared_data / "pronostia" / "test_truncated" / "Bearing2_7.npz"
    options = AnalysisOptions(bearing=SKF_6205_2RS_JEM, channels=("vertical",))
    found = records(path, options)
    assert len(found) == 172 + 1
    assert [record["start_s"] for record in found[:3]] == [0.0, 10.0, 20.0]
    task = prepare(path, options)
    expected = record_features(
        task.recording.samples[1:2, :], sample_rate_hz=25600, geometry=WindowGeometry.burst(2560)
    )
    rms = expected.names.index("rms")
    assert [r["features"]["rms"] for r in found[:-1]] == expected.values[:, 0, rms].tolist()
    assert found[-1]["verdict"] == "uncertain"
    assert "revolutions are too few" in found[-1]["diagnosis"]["reason"]
    assert (found[-1]["rpm"], found[-1]["speed_source"]) == (1650.0, "nameplate")


@pytest.mark.parametrize(
    ("name", "rate_hz", "fault"),
    [
        ("cwru/105_IR007_0.mat", 12000.0, "inner_race"),
        ("cwru/130_OR007@6_0.mat", 12000.0, "outer_race"),
        ("cwru/97_Normal_0_first_half.mat", 48000.0, "none"),
    ],
)
def test_real_records(shared_data: Path, name: str, rate_hz: float, fault: str) -> None:
    options = AnalysisOptions(
        sample_rate_hz=rate_hz, bearing=SKF_6205_2RS_JEM, hop_s=1.0, channels=("DE",)
    )
    found = records(shared_data / name, options)
    assert found[-1]["verdict"] == fault
    assert found[-1]["speed_source"] == "measured"
    assert {record["channel"] for record in found} == {"drive_end"}


def test_without_a_bearing_there_are_features(path: Path) -> None:
    found = records(path, AnalysisOptions(sample_rate_hz=RATE_HZ))
    assert found[0]["features"]["rms"] > 0
    assert found[0]["diagnosis"]["fault"] == "uncertain"
    assert "--bearing" in found[0]["diagnosis"]["reason"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate_hz": None}, "does not tell its sample rate; give --sample-rate HZ"),
        ({"rpm": None}, "does not tell the shaft speed; give --rpm R"),
        ({"channels": ("axial",)}, "no channel 'axial'; --channel takes channel_1, channel_2"),
        ({"window_s": 5.0, "hop_s": 1.0}, "a window takes 60000; give a shorter --window"),
        ({"window_s": 1e-5, "hop_s": 1e-5}, "holds no sample"),
        ({"variables": ("x",)}, "leave --variable out"),
    ],
)
def test_what_is_missing_is_named(path: Path, change: dict[str, Any], message: str) -> None:
    [record] = records(path, replace(OPTIONS, **change))
    assert record["error"].startswith(f"{path}: ")
    assert message in record["error"]
    assert "\n" not in record["error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_rate_hz": 0.0}, "--sample-rate is 0; give a number above 0 in Hz"),
        ({"sample_rate_hz": -1.0}, "--sample-rate is -1"),
        ({"sample_rate_hz": math.nan}, "--sample-rate is nan"),
        ({"rpm": 0.0}, "--rpm is 0"),
        ({"full_scale": 0.0}, "--full-scale is 0; give a number above 0 in the unit"),
        ({"hop_s": -0.1}, "--hop is -0.1"),
        ({"window_s": 0.0}, "--window is 0"),
        ({"window_s": 1.0, "hop_s": 0.3}, "--window 1 is no whole number of hops of 0.3 s"),
        ({"window_s": 0.1, "hop_s": 0.2}, "no whole number of hops"),
    ],
)
def test_impossible_options_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnalysisOptions(**arguments)


@pytest.mark.parametrize(
    ("arguments", "window_s", "hops"),
    [
        ({}, 1.0, 10),
        ({"window_s": 0.05}, 0.05, 1),
        ({"hop_s": 2.0}, 2.0, 1),
        ({"hop_s": 0.5}, 1.0, 2),
        ({"window_s": 5.0}, 5.0, 50),
    ],
)
def test_windows_follow_what_is_given(
    arguments: dict[str, Any], window_s: float, hops: int
) -> None:
    options = AnalysisOptions(**arguments)
    assert (options.window_duration_s, options.hops_per_window) == (window_s, hops)


def test_a_rate_that_contradicts_the_file_is_refused(shared_data: Path) -> None:
    path = shared_data / "mfpt" / "OuterRaceFault_vload_5.mat"
    with pytest.raises(RecordingError, match="48828 Hz, which --sample-rate 12000 contradicts"):
        prepare(path, AnalysisOptions(sample_rate_hz=12000.0))
    assert prepare(path, AnalysisOptions(sample_rate_hz=48828.125)).sample_rate_hz == 48828.125


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pyuff's writer
@pytest.mark.parametrize("ending", ["wav", "tdms", "uff"])
def test_headers_know_their_rate(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    writers: dict[str, Callable[[Path], Any]] = {
        "wav": lambda where: scipy.io.wavfile.write(where, 12000, np.zeros((400, 2), np.int16)),
        "tdms": write_tdms,
        "uff": lambda where: write_uff(where, binary=0),
    }
    writers[ending](path)
    options = AnalysisOptions(sample_rate_hz=25600.0, window_s=0.01, hop_s=0.01)
    with pytest.raises(RecordingError, match="12000 Hz, which --sample-rate 25600 contradicts"):
        prepare(path, options)
    assert prepare(path, replace(options, sample_rate_hz=None)).sample_rate_hz == 12000


def test_a_unit_that_contradicts_the_file_is_refused(shared_data: Path) -> None:
    path = shared_data / "mfpt" / "OuterRaceFault_vload_5.mat"
    with pytest.raises(RecordingError, match="is in g, which --unit contradicts"):
        prepare(path, AnalysisOptions(unit=AccelerationUnit.MPS2))


def test_a_unit_that_is_assumed_is_said(path: Path) -> None:
    assert "taken as g" in prepare(path, OPTIONS).notes[0]
    assert prepare(path, replace(OPTIONS, unit=AccelerationUnit.MPS2)).notes == ()


def test_integers_of_a_wav_file_are_parts_of_a_full_scale(tmp_path: Path, samples: Any) -> None:
    path = tmp_path / "x.wav"
    full_scale = 1.25 * float(np.abs(samples).max())
    steps = np.round(samples / full_scale * 2**15).astype(np.int16)
    steps[0, 5000:5003] = 2**15 - 1
    scipy.io.wavfile.write(path, 12000, steps.T)
    relative, scaled = (
        records(path, replace(OPTIONS, full_scale=scale)) for scale in (None, full_scale)
    )
    assert "parts of full scale, no acceleration" in relative[-1]["notes"][0]
    assert "parts of full scale" not in " ".join(scaled[-1]["notes"])
    wanted = record_features(
        (steps * 2.0**-15).astype(np.float32) * np.float32(full_scale),
        sample_rate_hz=RATE_HZ,
        full_scale=full_scale,
    )
    for place in (0, 1):
        found = windows_of(scaled, f"channel_{place + 1}")
        rms = wanted.names.index("rms")
        assert [r["features"]["rms"] for r in found] == wanted.values[:, place, rms].tolist()
        clipped = ["clipped" in record["quality"] for record in found]
        assert clipped == [place == 0 and number <= 4 for number in range(len(found))]
        for one, other in zip(windows_of(relative, f"channel_{place + 1}"), found, strict=True):
            ratio = other["features"]["rms"] / one["features"]["rms"]
            assert ratio == pytest.approx(full_scale, rel=1e-5)
            assert "clipped" not in one["quality"]


def test_speed_counts_as_what_it_is(shared_data: Path) -> None:
    path = shared_data / "cwru" / "105_IR007_0.mat"
    base = AnalysisOptions(sample_rate_hz=12000.0)
    told = prepare(path, base).speed
    assert told is not None
    assert (round(told.hz * 60), told.source) == (1797, SpeedSource.MEASURED)
    near = prepare(path, replace(base, rpm=1797.0)).speed
    assert near is not None
    assert near.source is SpeedSource.MEASURED
    far = prepare(path, replace(base, rpm=1500.0))
    assert far.speed is not None
    assert far.speed.source is SpeedSource.NAMEPLATE
    assert "analysed with --rpm 1500" in far.notes[0]
    sure = prepare(path, replace(base, rpm=1500.0, speed_source=SpeedSource.MEASURED)).speed
    assert sure is not None
    assert sure.source is SpeedSource.MEASURED


def written(found: list[Record], chosen: AnalysisFormat) -> bytes:
    stream = BytesIO()
    writer = writer_of(chosen, stream)
    for record in found:
        writer.write(record)
    writer.finish()
    return stream.getvalue()


def test_json_lines_are_the_records(path: Path) -> None:
    found = records(path)
    lines = written(found, AnalysisFormat.JSON).splitlines()
    assert [json.loads(line) for line in lines] == found
    assert {"file", "channel", "window", "start_s", "features", "diagnosis"} <= set(found[0])


def test_tables_of_rows_hold_the_same(path: Path) -> None:
    found = records(path)
    table = pyarrow.parquet.read_table(BytesIO(written(found, AnalysisFormat.PARQUET)))
    assert table.column_names == list(columns())
    rows = table.to_pylist()
    assert len(rows) == len(found)
    text = written(found, AnalysisFormat.CSV).decode().splitlines()
    assert text[0].split(",") == list(columns())
    assert len(text) == 1 + len(found)
    for row, record in zip(rows, found, strict=True):
        assert row["summary"] is bool(record.get("summary"))
        assert row["rms"] == record["features"]["rms"]
        assert row["fault"] == record["diagnosis"]["fault"]
        assert row["window"] == record.get("window")
    assert rows[-1]["bpfi"] == found[-1]["long_window"]["bpfi"]
    assert rows[0]["bpfi"] is None


def test_the_table_shows_the_verdict(path: Path) -> None:
    text = written(records(path), AnalysisFormat.TABLE).decode()
    assert f"{path}: 3.0 s at 12000 Hz in g, 1797 r/min (nameplate), SKF 6205-2RS JEM" in text
    rows = [line.split() for line in text.splitlines() if line.startswith("  channel_")]
    assert [(row[0], row[1], row[7]) for row in rows] == [
        ("channel_1", "21", "inner_race"), ("channel_2", "21", "inner_race"),
    ]  # fmt: skip
    assert "BPFI 16" in text


def test_a_picture_marks_the_fault_lines(path: Path, tmp_path: Path) -> None:
    task = prepare(path, OPTIONS)
    summariser = Summariser(task)
    for window in analysed_windows(task):
        summariser.add(window)
    picture = tmp_path / "out.svg"
    draw(task, summariser.summary(), picture)
    svg = picture.read_text()
    lines = fault_lines(task)
    assert lines["BPFI"] == pytest.approx([162.186, 324.371, 486.557], abs=2e-3)
    for text in ("channel_1: waveform", "spectrum (0-peak)", "envelope spectrum: inner race"):
        assert f"<!-- {text}" in svg or f"{text}" in svg
    assert "BPFI 162.2 Hz" in svg


def test_a_picture_of_dead_channels_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "dead.npy"
    dead = np.zeros((2, 24000), np.float32)
    dead[1] = np.nan
    np.save(path, dead)
    picture = tmp_path / "dead.png"
    found = list(file_records(FileJob(path, OPTIONS, picture), lambda _: None))
    assert [record["verdict"] for record in found[-2:]] == ["uncertain", "uncertain"]
    assert [record["features"]["rms"] for record in found[:2]] == [None, None]
    assert [record["quality"][0] for record in found[:2]] == ["constant", "non_finite"]
    assert picture.read_bytes().startswith(b"\x89PNG")
