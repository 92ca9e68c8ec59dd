"""Readers of recordings: every format gives the same samples, and damaged files say what to do."""

import struct
from pathlib import Path
from typing import Any

import h5py
import nptdms
import numpy as np
import pytest
import pyuff
import scipy.io
import scipy.io.wavfile

from kurto_cli.recordings import RecordedSpeed, Recording, RecordingError, read_recording

COUNT = 400
SAMPLES = np.random.default_rng(7).standard_normal((2, COUNT)).astype(np.float32)


def write_tdms(path: Path, *, step_s: float = 1 / 12000, unit: str = "m/s^2") -> None:
    properties = {"wf_increment": step_s, "unit_string": unit}
    channels = [
        nptdms.ChannelObject("rig", name, row, properties)
        for name, row in zip(("x", "y"), SAMPLES, strict=True)
    ]
    with nptdms.TdmsWriter(path) as writer:
        writer.write_segment([nptdms.RootObject({"rpm": 1797.0}), *channels])


def write_uff(
    path: Path, *, binary: int = 1, count: int = COUNT, step_s: float = 1 / 12000
) -> None:
    file = pyuff.UFF(str(path))
    for node, row in enumerate(SAMPLES, start=1):
        data = pyuff.prepare_58(
            binary=binary,
            func_type=1,
            rsp_node=node,
            rsp_dir=-3,
            ref_node=0,
            ref_dir=0,
            id1="NONE",
            rsp_ent_name="NONE",
            ref_ent_name="NONE",
            data=row.astype(float),
            x=np.arange(COUNT) * step_s,
            abscissa_spacing=1,
            abscissa_inc=step_s,
            abscissa_min=0.0,
            num_pts=COUNT,
            ord_data_type=4,
            abscissa_spec_data_type=17,
            ordinate_spec_data_type=12,
            ordinate_axis_units_lab="g",
            orddenom_spec_data_type=0,
        )
        file.write_sets(data, "add")


def write_hdf5(path: Path, **variables: Any) -> None:
    """Write what MATLAB -v7.3 writes: its header before HDF5, arrays in Fortran's order."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in variables.items():
            item = file.create_dataset(name.replace(".", "/"), data=np.atleast_2d(values))
            item.attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(116))


def assert_samples(recording: Recording, exact: bool = True) -> None:
    assert recording.samples.shape == SAMPLES.shape
    values = recording.values(0, COUNT)
    assert values is not None
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, SAMPLES, rtol=0 if exact else 1e-6)
    part = recording.values(37, 112)
    assert part is not None
    np.testing.assert_array_equal(part, values[:, 37:112])
    assert recording.values(COUNT - 1, COUNT + 1) is None


@pytest.mark.parametrize("transposed", [False, True])
def test_npy_is_read_in_either_order(tmp_path: Path, transposed: bool) -> None:
    path = tmp_path / "x.npy"
    np.save(path, SAMPLES.T if transposed else SAMPLES)
    recording = read_recording(path)
    assert_samples(recording)
    assert recording.channels == ("channel_1", "channel_2")
    assert (recording.unit, recording.sample_rate_hz, recording.speed) == (None, None, None)


def test_npz_tells_rate_and_speed(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, acc=SAMPLES, fs=12000, rpm=1797, t=np.arange(COUNT))
    recording = read_recording(path)
    assert_samples(recording)
    assert recording.channels == ("acc.1", "acc.2")
    assert recording.sample_rate_hz == 12000
    assert recording.speed == RecordedSpeed(1797 / 60, is_measured=False)


def test_tdms_tells_rate_unit_and_speed(tmp_path: Path) -> None:
    path = tmp_path / "x.tdms"
    write_tdms(path)
    recording = read_recording(path)
    assert_samples(recording)
    assert recording.channels == ("x", "y")
    assert (recording.sample_rate_hz, recording.unit) == (12000.0, "m/s2")
    assert recording.speed == RecordedSpeed(1797 / 60, is_measured=False)
    assert read_recording(path, ["rig/y"]).channels == ("y",)
    with pytest.raises(RecordingError, match="no variable 'z'; it holds rig/x, rig/y"):
        read_recording(path, ["z"])


def test_tdms_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.tdms"
    write_tdms(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RecordingError, match="cut off"):
        read_recording(path)


# The library's writer forgets to close its file.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("binary", [0, 1])
def test_universal_files_tell_rate_and_unit(tmp_path: Path, binary: int) -> None:
    path = tmp_path / "x.uff"
    write_uff(path, binary=binary)
    recording = read_recording(path)
    assert_samples(recording, exact=False)
    assert recording.channels == ("1-Z", "2-Z")
    assert (recording.sample_rate_hz, recording.unit) == (12000.0, "g")


def test_universal_files_without_time_signals_say_so(tmp_path: Path) -> None:
    path = tmp_path / "x.unv"
    path.write_text("    -1\n   151\nmodel\n    -1\n")
    with pytest.raises(RecordingError, match="no time response"):
        read_recording(path)


def test_matlab_7_3_is_read_column_by_column(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    write_hdf5(path, X105_DE_time=SAMPLES[0], X105_FE_time=SAMPLES[1], X105RPM=1797.0)
    recording = read_recording(path)
    assert_samples(recording)
    assert recording.channels == ("drive_end", "fan_end")
    assert recording.speed == RecordedSpeed(29.95, is_measured=True)
    other = tmp_path / "y.mat"
    write_hdf5(other, **{"rig.acc": SAMPLES, "rig.fs": 12000.0})
    recording = read_recording(other)
    assert_samples(recording)
    assert recording.sample_rate_hz == 12000


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_wav_of_others_is_read_as_parts_of_full_scale(tmp_path: Path, dtype: Any) -> None:
    path = tmp_path / "x.wav"
    parts = np.array([[-0.5, 0.25], [0.0, 0.5], [0.75, -1.0]])
    frames = parts.astype(dtype)
    if np.issubdtype(dtype, np.integer):
        half = 2.0 ** (8 * np.dtype(dtype).itemsize - 1)
        frames = (parts * half + (128 if dtype is np.uint8 else 0)).astype(dtype)
    scipy.io.wavfile.write(path, 48000, frames)
    recording = read_recording(path)
    assert recording.sample_rate_hz == 48000
    np.testing.assert_array_equal(recording.values(0, 3), parts.T.astype(np.float32))


def test_wav_of_24_bits_and_extensible_headers(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    data = b"".join(int(value * 2**23).to_bytes(3, "little", signed=True) for value in (-1, 0.5))
    head = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 24000, 3, 24) + struct.pack(
        "<HHIH", 22, 24, 4, 1
    )
    head += bytes(14)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    np.testing.assert_array_equal(read_recording(path).values(0, 2), [[-1.0, 0.5]])


def test_wav_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    scipy.io.wavfile.write(path, 8000, SAMPLES.T)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RecordingError, match=r"cut off.*copy or record it again"):
        read_recording(path)


TABLES = {
    "comma": "time,x,y\n{t:.6f},{0!r},{1!r}\n",
    "semicolon and decimal comma": "Time [s];x [g];y [g]\n{t:.6f};{0!r};{1!r}\n",
    "tab": "t\tx\ty\n{t:.6f}\t{0!r}\t{1!r}\n",
    "index": "# from a logger\nindex,time (s),x,y\n{i},{t:.6f},{0!r},{1!r}\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_others(tmp_path: Path, kind: str) -> None:
    *head, line = TABLES[kind].splitlines()
    lines = [
        line.format(float(a), float(b), t=i / 12000, i=i) for i, (a, b) in enumerate(SAMPLES.T)
    ]
    text = "\n".join([*head, *lines]) + "\n"
    path = tmp_path / "x.csv"
    path.write_text(text.replace(".", ",") if "decimal" in kind else text)
    recording = read_recording(path)
    assert_samples(recording)
    assert recording.sample_rate_hz == pytest.approx(12000, rel=1e-5)
    unit = "g" if "decimal" in kind else None
    names = ("x [g]", "y [g]") if unit else ("x", "y")
    assert (recording.channels, recording.unit) == (names, unit)


@pytest.mark.parametrize(
    ("name", "per_second"),
    [("time_ms", 1e3), ("Time [ms]", 1e3), ("t_us", 1e6), ("t (µs)", 1e6), ("time_s", 1.0)],
)
def test_times_in_parts_of_a_second_are_no_channel(
    tmp_path: Path, name: str, per_second: float
) -> None:
    path = tmp_path / "x.csv"
    lines = [f"{k / 12000 * per_second!r},{value!r}" for k, value in enumerate(SAMPLES[0].tolist())]
    path.write_text("\n".join([f"{name},x", *lines]), encoding="utf-8")
    recording = read_recording(path)
    assert recording.channels == ("x",)
    assert recording.sample_rate_hz == 12000
    np.testing.assert_array_equal(recording.values(0, COUNT), SAMPLES[:1])


def test_a_table_without_names_or_times(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("".join(f"{float(a)!r} {float(b)!r}\n" for a, b in SAMPLES.T))
    recording = read_recording(path)
    assert_samples(recording)
    assert recording.channels == ("column_1", "column_2")
    assert recording.sample_rate_hz is None


def test_a_column_with_the_speed_is_no_channel(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Acceleration (m/s2),rpm\n1,1790\n2,1810\n")
    recording = read_recording(path)
    assert (recording.channels, recording.unit) == (("Acceleration (m/s2)",), "m/s2")
    assert recording.speed == RecordedSpeed(30.0, is_measured=True)


def test_names_in_another_encoding_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        "# Prüfstand\nBeschleunigung [m/s²];Zeit\n1,5;0,1\n2,5;0,2\n".encode("latin-1")
    )
    recording = read_recording(path, ())
    assert recording.samples[:, :].tolist() == [
        [1.5, 2.5],
        [pytest.approx(0.1), pytest.approx(0.2)],
    ]


def test_uneven_times_tell_no_rate(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("t,x\n0,1\n0.1,2\n0.2,3\n0.9,4\n")
    assert read_recording(path).sample_rate_hz is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3,fault\n", "line 3, column 'y': 'fault' is no number"),
        ("x,y\n1,2\n3,\n", "line 3, column 'y': is empty"),
        ("x,y\n1,2\n\n3\n", "line 4, column 'y': is missing"),
        ("1,high\n1,2\n", "line 1, column 2: 'high' is no number"),
        ("\n\n", "holds no samples"),
        ("x,y\n", "holds no samples"),
        ("a\0b\n", "is no text"),
        ("", "is empty"),
    ],
)
def test_wrong_tables_say_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message) as caught:
        read_recording(path)
    assert "\n" not in str(caught.value)


def test_text_far_down_a_long_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    lines = [f"{number}" for number in range(70_000)]
    lines[69_000] = "overload"
    path.write_text("x\n" + "\n".join(lines) + "\n")
    with pytest.raises(RecordingError, match="line 69002, column 'x': 'overload'"):
        read_recording(path)


def test_several_candidates_are_named_and_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"near": SAMPLES[0], "far": SAMPLES[1], "rig": {"fs": 12000.0}})
    with pytest.raises(RecordingError, match=r"near \(400\), far \(400\); choose with --variable"):
        read_recording(path)
    recording = read_recording(path, ["near", "far"])
    assert_samples(recording)
    assert recording.channels == ("near", "far")
    assert recording.sample_rate_hz == 12000
    with pytest.raises(RecordingError, match="no variable 'middle'; it holds near"):
        read_recording(path, ["middle"])


def test_a_file_with_two_records_takes_that_of_its_name(tmp_path: Path) -> None:
    content = {
        "X098_DE_time": SAMPLES[0], "X099_DE_time": SAMPLES[1], "X098RPM": 1.0, "X099RPM": 2.0,
    }  # fmt: skip
    named, other = tmp_path / "99_Normal_2.mat", tmp_path / "copy.mat"
    for path in (named, other):
        scipy.io.savemat(path, content)
    values = read_recording(named).values(0, COUNT)
    np.testing.assert_array_equal(values, SAMPLES[1:])
    with pytest.raises(RecordingError, match="X098, X099; choose with --variable X098"):
        read_recording(other)
    chosen = read_recording(other, ["X098"])
    assert chosen.speed == RecordedSpeed(1 / 60, is_measured=True)
    np.testing.assert_array_equal(chosen.values(0, COUNT), SAMPLES[:1])
    # A signal by its own name is still one of its record, in g and at that speed.
    one = read_recording(other, ["X099_DE_time"])
    assert (one.channels, one.unit) == (("drive_end",), "g")
    assert one.speed == RecordedSpeed(2 / 60, is_measured=True)
    np.testing.assert_array_equal(one.values(0, COUNT), SAMPLES[1:])
    both = read_recording(other, ["X098_DE_time", "X099_DE_time"])
    assert both.channels == ("X098_DE_time", "X099_DE_time")


def test_lengths_that_differ_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=SAMPLES[0], b=SAMPLES[1, :100])
    with pytest.raises(RecordingError, match="differ in length"):
        read_recording(path, ["a", "b"])


@pytest.mark.parametrize("name", ["x.mat", "x.npz", "x.npy", "x.wav", "x.tdms", "x.uff"])
@pytest.mark.parametrize("content", [b"", b"\x00garbage" * 100, b"PK\x03\x04cut"])
def test_damaged_files_are_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_cut_matlab_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"x": SAMPLES})
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(RecordingError, match="damaged or cut off"):
        read_recording(path)


def test_objects_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.array([{}]), allow_pickle=True)
    with pytest.raises(RecordingError, match="damaged or cut off"):
        read_recording(path)
    np.save(path, np.array(["a", "b"]))
    with pytest.raises(RecordingError, match="save real numbers"):
        read_recording(path)


def test_directories_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"is a directory; give its files"):
        read_recording(tmp_path)


def test_files_without_permission_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.npy"
    np.save(path, SAMPLES)

    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(RecordingError, match="no permission to read it"):
        read_recording(path)


@pytest.mark.parametrize(
    ("name", "library"), [("x.tdms", "nptdms"), ("x.uff", "pyuff"), ("x.mat", "h5py")]
)
def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(RecordingError, match=r"install kurto-cli\[formats\]"):
        read_recording(path)
