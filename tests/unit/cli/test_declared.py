"""What files tell of rates and units that are several, uneven or none, and what callers declare."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.io
from tests.unit.cli.test_recording_formats import write_tdms
from typer.testing import CliRunner

from kurto_cli.analysis.options import AnalysisOptions
from kurto_cli.analysis.task import prepare
from kurto_cli.app import app
from kurto_cli.recordings import RecordingError
from kurto_dsp import AccelerationUnit
from kurto_dsp.bearings import nearest_bearings

RATE_HZ = 1000.0
COUNT = 3000


def table(
    path: Path, times_s: npt.NDArray[np.float64], names: Sequence[str] = ("time", "x")
) -> Path:
    noise = np.random.default_rng(0).standard_normal((len(times_s), len(names) - 1))
    cells = np.column_stack([times_s, noise])
    np.savetxt(path, cells, fmt="%.6f", delimiter=";", header=";".join(names), comments="")
    return path


def even_times() -> npt.NDArray[np.float64]:
    return np.arange(COUNT) / RATE_HZ


@pytest.mark.parametrize("declared", [None, RATE_HZ])
def test_a_hole_in_the_times_is_refused(tmp_path: Path, declared: float | None) -> None:
    times = even_times()
    times[1500:] += 0.5
    path = table(tmp_path / "hole.csv", times)
    with pytest.raises(RecordingError, match=r"cut the file where samples are missing") as refusal:
        prepare(path, AnalysisOptions(sample_rate_hz=declared))
    assert "0.501 s" in str(refusal.value)


def test_coarse_times_need_a_rate_that_fits(tmp_path: Path) -> None:
    path = table(tmp_path / "coarse.csv", np.floor(even_times() * 50) / 50)
    with pytest.raises(RecordingError, match="too coarse to tell its sample rate"):
        prepare(path, AnalysisOptions())
    assert prepare(path, AnalysisOptions(sample_rate_hz=RATE_HZ)).sample_rate_hz == RATE_HZ
    with pytest.raises(RecordingError, match=r"span 2\.98\d* s, its samples 1\.4995 s at"):
        prepare(path, AnalysisOptions(sample_rate_hz=2 * RATE_HZ))


def test_times_that_run_back_tell_nothing(tmp_path: Path) -> None:
    path = table(tmp_path / "back.csv", even_times()[::-1])
    with pytest.raises(RecordingError, match="run back"):
        prepare(path, AnalysisOptions())
    assert prepare(path, AnalysisOptions(sample_rate_hz=RATE_HZ)).sample_rate_hz == RATE_HZ


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("time", "x [g]", "y [m/s2]"), r"differ in unit \(x \[g\] g, y \[m/s2\] m/s2\)"),
        (("time", "x [m/s2]", "oil (°C)"), r"differ in unit \(x \[m/s2\] m/s2, oil \(°C\) °C\)"),
        (("time", "x [g]", "y"), r"differ in unit \(x \[g\] g, y untold\)"),
    ],
)
def test_channels_of_several_units_are_chosen_from(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    path = table(tmp_path / "units.csv", even_times(), names)
    with pytest.raises(RecordingError, match=message):
        prepare(path, AnalysisOptions())
    task = prepare(path, AnalysisOptions(channels=(names[1],)))
    assert task.channel_names == (names[1],)
    assert task.unit is AccelerationUnit("m/s2" if "m/s2" in names[1] else "g")
    assert not task.notes


def test_words_in_brackets_are_no_units(tmp_path: Path) -> None:
    path = table(tmp_path / "words.csv", even_times(), ("time", "x (left)", "y (right)"))
    task = prepare(path, AnalysisOptions())
    assert task.channel_names == ("x (left)", "y (right)")
    assert "does not tell its unit" in task.notes[0]


def test_volts_are_no_acceleration_unless_somebody_says_so(tmp_path: Path) -> None:
    pytest.importorskip("nptdms")
    write_tdms(tmp_path / "volts.tdms", unit="V")
    with pytest.raises(RecordingError, match="is in V, no acceleration"):
        prepare(tmp_path / "volts.tdms", AnalysisOptions())
    declared = AnalysisOptions(unit=AccelerationUnit.MPS2, window_s=0.03, hop_s=0.003)
    task = prepare(tmp_path / "volts.tdms", declared)
    assert task.unit is AccelerationUnit.MPS2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"name": "pump"}, "holds no signal, but name; save real numbers"),
        ({"x": np.ones(50) * 1j}, r"holds no signal, but x \(50\); save real numbers"),
        ({"x": np.ones(50), "fs": np.nan}, "its fs is nan, no sample rate"),
        ({"x": np.ones(50), "fs": np.inf}, "its fs is inf, no sample rate"),
    ],
)
def test_variables_that_cannot_be_meant(
    tmp_path: Path, content: dict[str, Any], message: str
) -> None:
    scipy.io.savemat(tmp_path / "one.mat", content)
    with pytest.raises(RecordingError, match=message):
        prepare(tmp_path / "one.mat", AnalysisOptions())


@pytest.mark.parametrize(
    ("ending", "message"), [("npz", "is no .npz file, or cut off"), ("csv", "is no text")]
)
def test_noise_is_no_file(tmp_path: Path, ending: str, message: str) -> None:
    path = tmp_path / f"noise.{ending}"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(RecordingError, match=message):
        prepare(path, AnalysisOptions())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bearing", "x", "--catalogue", "missing.csv"], "--catalogue missing.csv: No such file"),
        (["--bearing", "x", "--catalogue", "rig.csv"], "--catalogue rig.csv: a table of bearings"),
        (["--catalogue", "rig.csv"], "--catalogue needs --bearing NAME"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "rig.csv", even_times())
    result = CliRunner().invoke(app, ["analyze", "rig.csv", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["6209-2RX", "NTN 6209", "skf6209xy", "6209 ABC"])
def test_the_nearest_bearing_has_the_number(name: str) -> None:
    assert nearest_bearings(name)[0].designation == "SKF 6209"
