"""`kurto analyze` as people run it."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from kurto_cli.app import app
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp

RATE = ("--sample-rate", "12000")
BEARING = ("--bearing", "9,7.94,39.04", "--rpm", "1797")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "kurto_cli", "analyze", *words]


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*words), capture_output=True, text=True, check=False)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("recordings")
    paths = []
    for seed, fault in enumerate((Fault.INNER_RACE, Fault.OUTER_RACE, Fault.INNER_RACE)):
        model = MachineModel(
            fault=fault, severity=SeverityRamp.constant(1.0), seed=seed, sample_rate_hz=12000.0,
            channel_count=1,
        )  # fmt: skip
        path = directory / f"rig{seed}.npy"
        np.save(path, MachineSignal(model).samples(0, 30_000).astype(np.float32))
        paths.append(path)
    return paths


def test_json_lines_of_one_file(files: list[Path]) -> None:
    done = analyze(str(files[0]), *RATE, *BEARING, "--unit", "g", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    *windows, summary = objects(done.stdout)
    assert [window["window"] for window in windows] == list(range(16))
    assert summary["summary"] is True
    assert summary["verdict"] == "inner_race"
    assert {window["diagnosis"]["fault"] for window in windows} == {"inner_race"}


@pytest.mark.parametrize(
    ("value", "cause"), [(0.0, "constant, zero"), (3.0, "constant"), (np.nan, "non finite")]
)
def test_the_table_says_why_there_are_no_values(tmp_path: Path, value: float, cause: str) -> None:
    np.save(tmp_path / "dead.npy", np.full(24_000, value))
    done = CliRunner().invoke(app, ["analyze", str(tmp_path / "dead.npy"), *RATE])
    assert done.exit_code == 0
    assert f"11 windows lack values: {cause}\n" in done.stdout


def test_many_files_on_several_cores_give_the_same_in_order(files: list[Path]) -> None:
    names = [str(path) for path in files]
    words = (*RATE, *BEARING, "--format", "json", "--window", "1", "--hop", "0.5")
    one = analyze(*names, *words, "--jobs", "1")
    two = analyze(*names, *words, "--jobs", "2")
    assert (one.returncode, two.returncode) == (0, 0)
    assert one.stdout == two.stdout
    summaries = [record for record in objects(two.stdout) if record.get("summary")]
    assert [record["file"] for record in summaries] == names
    assert [r["verdict"] for r in summaries] == ["inner_race", "outer_race", "inner_race"]
    assert two.stderr.count("taken as g") == 3


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_other_files_go_on(files: list[Path], tmp_path: Path, jobs: str) -> None:
    empty, missing = tmp_path / "empty.csv", tmp_path / "missing.wav"
    empty.touch()
    names = [str(path) for path in (empty, files[0], tmp_path, missing, files[1])]
    done = analyze(*names, *RATE, "--unit", "g", "--jobs", jobs, "--format", "json")
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in said] == [str(empty), str(tmp_path), str(missing)]
    assert all(line.startswith("kurto: ") for line in said)
    verdicts = [record["file"] for record in objects(done.stdout) if record.get("summary")]
    assert verdicts == [str(files[0]), str(files[1])]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*RATE, "--bearing", "6205-2RX"), "6205"),
        ((*RATE, "--bearing", "9,7.94"), "n,d,D[,angle]"),
        ((*RATE, "--bearing", "9,40,39"), "element_diameter_mm"),
        ((*RATE, "--bearing", "6205-2RS"), "give --rpm"),
        (("--sample-rate", "0"), "--sample-rate is 0"),
        (("--sample-rate", "-5"), "--sample-rate is -5"),
        ((*RATE, "--rpm", "0"), "--rpm is 0"),
        ((*RATE, "--unit", "mm/s"), '"g" or "m/s2"'),
        ((), "give --sample-rate"),
        ((*RATE, "--jobs", "0"), "--jobs is 0"),
        ((*RATE, "--plot", "out.txt"), "end the name in .pdf, .png, .svg"),
        ((*RATE, "--plot", "nowhere/out.png"), "directory that exists"),
        ((*RATE, "--channel", "z"), "--channel takes channel_1"),
    ],
)
def test_wrong_use_is_one_line(files: list[Path], words: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(app, ["analyze", str(files[0]), *words])
    assert (done.exit_code, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("kurto: ")
    assert message in line


def test_a_recording_is_never_overwritten(files: list[Path]) -> None:
    before = files[0].read_bytes()
    done = analyze(str(files[0]), *RATE, "--output", str(files[0]))
    assert done.returncode == 2
    assert "is a recording" in done.stderr
    assert files[0].read_bytes() == before


def test_parquet_goes_to_a_file_or_a_pipe(files: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    words = (str(files[0]), *RATE, "--unit", "g", "--format", "parquet")
    assert analyze(*words, "-o", str(path)).returncode == 0
    assert pyarrow.parquet.read_table(path).num_rows == 17
    assert list(tmp_path.iterdir()) == [path]
    piped = subprocess.run(command(*words), capture_output=True, check=True)
    assert piped.stdout == path.read_bytes()


def test_each_file_gets_its_picture(files: list[Path], tmp_path: Path) -> None:
    words = (*RATE, *BEARING, "--plot", str(tmp_path / "out.png"))
    done = analyze(str(files[0]), str(files[1]), *words)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out-rig0.png", "out-rig1.png"]


def test_whoever_reads_may_stop(files: list[Path]) -> None:
    with subprocess.Popen(
        command(str(files[0]), *RATE, "--unit", "g", "--format", "json", "--hop", "0.001"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.fixture
def long_recording(tmp_path: Path) -> Path:
    path = tmp_path / "long.npy"
    np.save(path, np.random.default_rng(1).standard_normal((2, 240_000), np.float32))
    return path


def test_long_work_shows_how_far_it_is(long_recording: Path) -> None:
    leader, follower = pty.openpty()
    words = command(str(long_recording), *RATE, *BEARING)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=follower) as process:
        os.close(follower)
        said = b""
        try:
            while b"100%" not in said and (part := os.read(leader, 4096)):
                said += part
        except OSError:
            pass  # the other side is closed
        assert process.wait(60) == 0
    os.close(leader)
    assert b"analysing" in said
    assert b"100%" in said


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_without_a_trace(
    long_recording: Path, tmp_path: Path, jobs: int, number: signal.Signals, code: int
) -> None:
    output = tmp_path / "out.json"
    names = [str(long_recording)] * jobs
    words = command(
        *names, *RATE, *BEARING, "--hop", "0.01", "--jobs", str(jobs), "-o", str(output)
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        words, stderr=subprocess.PIPE, env=environment, start_new_session=True
    ) as process:
        assert process.stderr is not None
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".kurto-export-*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)
        os.killpg(process.pid, number)
        said = process.stderr.read().decode()
        assert process.wait(60) == code
    assert "Traceback" not in said
    assert said.splitlines() == (["kurto: stopped"] if number is signal.SIGINT else [])
    assert {path.name for path in tmp_path.iterdir()} == {"long.npy"}
