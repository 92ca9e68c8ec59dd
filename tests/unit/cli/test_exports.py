"""Exported files: what is written reads back the same, with little memory, whole or not at all."""

import asyncio
import json
import wave
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import scipy.io.wavfile

import kurto
from kurto_cli.exports.exporter import Exporter, NothingStoredError
from kurto_cli.exports.formats import ExportFormat, format_of, writer_factory
from kurto_cli.exports.wav import WavWriter
from kurto_cli.recordings import Recording, RecordingError, Segment, read_recording

ANCHOR_US = 1_700_000_000_000_000
HEADER = kurto.SamplesHeader(
    sensor_id="pump-7",
    epoch=3,
    sample_rate_hz=25600.5,
    channels=("x", "y"),
    units=("g", "g"),
    encoding="i16",
    scales=(0.001, 0.001),
    anchor_us=ANCHOR_US,
    first_index=50,
    end_index=1000,
)
INTEGERS = {"i16": (np.int16, 2**15), "i24": (np.int32, 2**23)}


def header_for(encoding: Any) -> kurto.SamplesHeader:
    scales = () if encoding == "f32" else HEADER.scales
    return replace(HEADER, encoding=encoding, scales=scales)


def samples_for(header: kurto.SamplesHeader, first: int, end: int) -> Any:
    rng = np.random.default_rng(first)
    if header.encoding == "f32":
        return rng.standard_normal((2, end - first)).astype(np.float32)
    dtype, limit = INTEGERS[header.encoding]
    samples = rng.integers(-limit, limit, (2, end - first)).astype(dtype)
    samples[:, 0] = [-limit, limit - 1]
    return samples


def pieces_of(header: kurto.SamplesHeader) -> list[kurto.SamplesPiece]:
    """Return an expired beginning, two contiguous parts of several chunks, a lost end."""
    chunks = [(100, 250), (250, 400), (430, 600), (600, 601)]
    pieces: list[kurto.SamplesPiece] = [
        kurto.SamplesChunk(
            header=header, first_index=first, samples=samples_for(header, first, end)
        )
        for first, end in chunks
    ]
    for at, first, end, reason in (
        (4, 601, 1000, "missing"), (2, 400, 430, "abandoned"), (0, 50, 100, "expired"),
    ):  # fmt: skip
        hole = kurto.SamplesHole(
            header=header,
            first_index=first,
            end_index=end,
            reason=reason,  # type: ignore[arg-type]
        )
        pieces.insert(at, hole)
    return pieces


async def streamed(
    pieces: Sequence[kurto.SamplesPiece],
) -> AsyncGenerator[kurto.SamplesPiece, None]:
    for piece in pieces:
        yield piece


def write(path: Path, pieces: Sequence[kurto.SamplesPiece], **options: Any) -> list[Path]:
    given = {"scaled": None, "fill_gaps": False, **options}
    make = writer_factory(format_of(path, None), **given)
    seen: list[kurto.SamplesPiece] = []
    paths = asyncio.run(Exporter(make, path, seen.append).run(streamed(pieces)))
    assert seen == list(pieces)
    assert sorted(path.parent.iterdir()) == sorted(paths)  # nothing else is left
    return paths


def exact(header: kurto.SamplesHeader) -> Any:
    return np.concatenate(
        [piece.samples for piece in pieces_of(header) if isinstance(piece, kurto.SamplesChunk)],
        axis=1,
    )


def sent(recording: Recording) -> Any:
    """Return the samples as a replay sends them."""
    form = kurto.encoding.SampleFormat(recording.encoding, recording.scale)
    planar = np.ascontiguousarray(form.encode(recording.samples[:, :], 2))
    return header_for(recording.encoding).decode(planar.tobytes(), raw=True)


@pytest.mark.parametrize("encoding", ["f32", "i16", "i24"])
@pytest.mark.parametrize("scaled", [None, False, True])
@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_replay_sends_what_was_exported(
    tmp_path: Path, encoding: str, scaled: bool | None, suffix: str
) -> None:
    header = header_for(encoding)
    path = tmp_path / f"out{suffix}"
    assert write(path, pieces_of(header), scaled=scaled) == [path]
    recording = read_recording(path)
    assert (recording.channels, recording.unit) == (("x", "y"), "g")
    assert (recording.sample_rate_hz, recording.encoding) == (25600.5, encoding)
    assert recording.segments == (Segment(0, 0), Segment(330, 300))
    np.testing.assert_array_equal(sent(recording), exact(header))


@pytest.mark.parametrize("encoding", ["f32", "i16", "i24"])
def test_wav_files_are_the_contiguous_parts(tmp_path: Path, encoding: str) -> None:
    header = header_for(encoding)
    paths = write(tmp_path / "out.wav", pieces_of(header))
    assert [path.name for path in paths] == ["out-from100.wav", "out-from430.wav"]
    recordings = [read_recording(path) for path in paths]
    assert [recording.encoding for recording in recordings] == [encoding] * 2
    played = np.concatenate([sent(recording) for recording in recordings], axis=1)
    np.testing.assert_array_equal(played, exact(header))


@pytest.mark.parametrize("encoding", ["f32", "i16", "i24"])
def test_others_read_the_wav_files(tmp_path: Path, encoding: str) -> None:
    """SciPy reads all of them, and the standard library those with integers."""
    header = header_for(encoding)
    [path] = write(tmp_path / "out.wav", pieces_of(header), fill_gaps=True)
    rate, frames = scipy.io.wavfile.read(path)
    assert (rate, frames.shape) == (25600, (501, 2))
    steps = frames.T >> 8 if encoding == "i24" else frames.T
    np.testing.assert_array_equal(np.delete(steps, np.s_[300:330], axis=1), exact(header))
    assert not steps[:, 300:330].any()
    if encoding != "f32":
        with wave.open(str(path)) as file:
            assert (file.getnframes(), file.getnchannels()) == (501, 2)


def test_a_wav_file_that_grows_too_large_goes_on_in_another(tmp_path: Path) -> None:
    header = header_for("i24")
    writer = WavWriter(header, tmp_path, scaled=False, fill_gaps=True, max_data_bytes=6 * 70)
    for piece in pieces_of(header):
        if isinstance(piece, kurto.SamplesChunk):
            writer.chunk(piece)
    finished = writer.finish()
    assert [item.first_index for item in finished] == [100 + 70 * n for n in range(8)]
    for item in finished:
        item.publish(tmp_path / f"{item.first_index}.wav")
    played = [read_recording(tmp_path / f"{item.first_index}.wav") for item in finished]
    assert [item.samples.shape[1] for item in played] == [70] * 7 + [11]


@pytest.mark.parametrize("encoding", ["f32", "i16", "i24"])
@pytest.mark.parametrize("scaled", [None, False])
def test_parquet_holds_index_time_and_channels(
    tmp_path: Path, encoding: str, scaled: bool | None
) -> None:
    header = header_for(encoding)
    [path] = write(tmp_path / "out.parquet", pieces_of(header), scaled=scaled)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == ["index", "time", "x", "y"]
    values = np.array([table["x"].to_numpy(), table["y"].to_numpy()])
    factor = 0.001 if scaled is None and encoding != "f32" else 1
    np.testing.assert_array_equal(values, exact(header) * factor)
    index = table["index"].to_numpy()
    np.testing.assert_array_equal(index, [*range(100, 400), *range(430, 601)])
    times_us = table["time"].cast("int64").to_numpy()
    np.testing.assert_array_equal(
        times_us, [ANCHOR_US + int(i * 1e6 / 25600.5 + 0.5) for i in index.tolist()]
    )
    described = json.loads(table.schema.metadata[b"kurto"])
    assert (described["sensor_id"], described["units"]) == ("pump-7", ["g", "g"])


def test_npz_tells_what_is_not_there(tmp_path: Path) -> None:
    [path] = write(tmp_path / "out.npz", pieces_of(HEADER))
    with np.load(path) as arrays:
        description = json.loads(str(arrays["description"]))
        assert arrays["segments"].tolist() == [[100, 400], [430, 601]]
        assert arrays["channels"].tolist() == ["x", "y"]
        assert arrays["samples"].dtype == np.int16
    assert [tuple(hole.values()) for hole in description["holes"]] == [
        (50, 100, "expired"), (400, 430, "abandoned"), (601, 1000, "missing"),
    ]  # fmt: skip


def test_bursts_are_played_at_their_places(tmp_path: Path) -> None:
    header = replace(HEADER, burst_samples=100, burst_interval_us=10_000_000)
    chunks = [
        kurto.SamplesChunk(header=header, first_index=i, samples=samples_for(header, i, end))
        for i, end in ((250, 300), (300, 400), (600, 700))
    ]
    [path] = write(tmp_path / "out.npz", chunks)
    recording = read_recording(path)
    assert (recording.burst_samples, recording.burst_interval_s) == (100, 10.0)
    assert recording.segments == (Segment(50, 0), Segment(400, 150))


def test_each_epoch_is_a_file(tmp_path: Path) -> None:
    later = replace(HEADER, epoch=4)
    paths = write(tmp_path / "out.npz", [*pieces_of(HEADER), *pieces_of(later)])
    assert [path.name for path in paths] == ["out-epoch3.npz", "out-epoch4.npz"]


def test_channels_of_several_scales_are_played_as_floats(tmp_path: Path) -> None:
    header = replace(HEADER, scales=(0.5, 0.25))
    [path] = write(tmp_path / "out.npz", pieces_of(header))
    recording = read_recording(path)
    assert (recording.encoding, recording.scale) == ("f32", None)
    np.testing.assert_array_equal(recording.samples, exact(header) * [[0.5], [0.25]])


def test_channels_of_several_units_are_refused(tmp_path: Path) -> None:
    [path] = write(tmp_path / "out.npz", pieces_of(replace(HEADER, units=("g", "m/s2"))))
    with pytest.raises(RecordingError, match="--channels"):
        read_recording(path)


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".wav", ".parquet"])
def test_a_failure_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    async def broken() -> AsyncGenerator[kurto.SamplesPiece, None]:
        for piece in pieces_of(HEADER)[:3]:
            yield piece
        raise ConnectionError("gone")

    path = tmp_path / f"out{suffix}"
    path.write_text("from before")
    make = writer_factory(format_of(path, None), scaled=None, fill_gaps=False)
    with pytest.raises(ConnectionError):
        asyncio.run(Exporter(make, path, lambda _: None).run(broken()))
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "from before"


def test_holes_alone_are_no_file(tmp_path: Path) -> None:
    make = writer_factory(ExportFormat.NPZ, scaled=None, fill_gaps=False)
    with pytest.raises(NothingStoredError, match="ask for a later one"):
        asyncio.run(
            Exporter(make, tmp_path / "out.npz", lambda _: None).run(
                streamed(pieces_of(HEADER)[:1])
            )
        )
    assert not list(tmp_path.iterdir())


def test_a_name_that_tells_no_format_is_refused() -> None:
    with pytest.raises(ValueError, match="--format, one of npz, csv, wav, parquet"):
        format_of(Path("out.dat"), None)
    assert format_of(Path("out.dat"), ExportFormat.CSV) is ExportFormat.CSV
    with pytest.raises(ValueError, match="--fill-gaps is for wav"):
        writer_factory(ExportFormat.NPZ, scaled=None, fill_gaps=True)


@pytest.mark.parametrize("name", ["x.csv", "x.wav"])
def test_files_of_others_tell_no_unit(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "x.csv":
        path.write_text("time,x\n0.1,2\n0.2,3\n")
    else:
        scipy.io.wavfile.write(path, 1000, np.zeros(10, np.int16))
    recording = read_recording(path)
    assert (recording.unit, recording.encoding) == (None, "f32")
    assert recording.sample_rate_hz == (10.0 if name == "x.csv" else 1000.0)
