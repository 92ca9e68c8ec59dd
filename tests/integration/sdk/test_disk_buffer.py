"""Senders that are offline, end, crash and come back, with a buffer on disk."""

import asyncio
import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration.sdk.epoch_service import EpochService, until
from tests.integration.sdk.model_service import serving

import kurto

RATE_HZ = 1000.0
CLOCK_STEP = timedelta(milliseconds=20)  # by which the machine's two clocks may drift apart
OPTIONS = kurto.SenderOptions(
    rotate_interval_s=0.2,
    response_timeout_s=30.0,
    offline_after_s=30.0,
    batch_bytes=4000,
    sync_interval_s=0.05,
    backfill_rate=1000.0,
)


@asynccontextmanager
async def pushing(
    address: str, directory: Path, boot_id: str | None = None, **settings: Any
) -> AsyncIterator[kurto.SensorStream]:
    """Open a one-channel sensor of 1 kHz with a buffer on disk."""
    settings = {"options": OPTIONS, "close_timeout_s": 0.5, **settings}
    async with (
        kurto.connect(address) as client,
        client.open_sensor(
            "pump-7",
            sample_rate_hz=RATE_HZ,
            channels=["axial"],
            unit="g",
            boot_id=boot_id,
            buffer_directory=directory,
            **settings,
        ) as stream,
    ):
        yield stream


def ramp(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return samples that equal their index."""
    return np.arange(first, first + count, dtype=np.float32)


def assert_complete(service: EpochService, boot_id: str, indexes: Sequence[int]) -> None:
    """Every sample of an epoch came, in its place, and nothing else."""
    assert service.epochs[boot_id].samples == {i: float(i) for i in indexes}


def epoch_directories(directory: Path) -> list[Path]:
    """Return what is stored of epochs."""
    return sorted(path for path in directory.glob("*.buffer/*") if path.is_dir())


def segment_files(directory: Path) -> list[Path]:
    """Return the files that hold samples."""
    return list(directory.rglob("*.samples"))


async def test_samples_pushed_offline_are_delivered_later(tmp_path: Path) -> None:
    service = EpochService(away=True)
    async with serving(service) as address:
        async with pushing(address, tmp_path, "run-1", close_timeout_s=30) as stream:
            began = datetime.now(UTC)
            await stream.push(ramp(0, 100))
            pushed = datetime.now(UTC)
            for k in range(1, 30):
                await stream.push(ramp(100 * k, 100))
            await until(lambda: stream.progress().state == "offline")
            assert stream.epoch == 0
            service.away = False
            await stream.flush()
            assert stream.epoch == 1
        assert_complete(service, "run-1", range(3000))
        request = service.epochs["run-1"].request
        assert not request.backfill
        # The first sample was taken 0.1 s before the first push, not when the service came back.
        first_push = request.start_time.ToDatetime(UTC) + timedelta(seconds=0.1)
        assert began - CLOCK_STEP < first_push < pushed + CLOCK_STEP
        assert [len(list(path.glob("*.samples"))) for path in epoch_directories(tmp_path)] == [1]


async def test_what_an_earlier_run_left_is_uploaded_beside_the_live_samples(
    tmp_path: Path,
) -> None:
    service = EpochService(away=True)
    async with serving(service) as address:
        for run in ("run-1", "run-2"):
            async with pushing(address, tmp_path, run) as stream:
                began = datetime.now(UTC)
                await stream.push(ramp(0, 2000))
                pushed = datetime.now(UTC)
        service.away = False
        async with pushing(address, tmp_path, "run-3") as stream:
            assert (disk := stream.progress().disk) is not None  # before any upload can begin
            assert disk.older_sample_count == 4000
            await stream.push(ramp(0, 10))
            await until(lambda: len(service.epochs) == 3)
            await until(lambda: len(epoch_directories(tmp_path)) == 1)
            await stream.push(ramp(10, 10))
            await stream.flush()
            assert (disk := stream.progress().disk) is not None
            assert disk.older_sample_count == 0
    assert_complete(service, "run-1", range(2000))
    assert_complete(service, "run-2", range(2000))
    assert_complete(service, "run-3", range(20))
    assert [e.duplicates for e in service.epochs.values()] == [0, 0, 0]
    assert [o.backfill for o in service.opens] == [False, True, True]
    assert [o.boot_id for o in service.opens] == ["run-3", "run-1", "run-2"]
    start = service.epochs["run-2"].request.start_time.ToDatetime(UTC)
    assert began - CLOCK_STEP < start + timedelta(seconds=2) < pushed + CLOCK_STEP


async def test_the_same_converter_goes_on_in_its_epoch(tmp_path: Path) -> None:
    service = EpochService()
    async with serving(service) as address:
        async with pushing(address, tmp_path, "converter") as stream:
            await stream.push(ramp(0, 500))
            await stream.flush()
        service.away = True
        for _ in range(2):
            async with pushing(address, tmp_path, "converter") as stream:
                first = stream.next_index
                await stream.push(ramp(first, 500))
        service.away = False
        async with pushing(address, tmp_path, "converter") as stream:
            assert stream.next_index == 1500
            await stream.push(ramp(1500, 500))
            await stream.flush()
    assert_complete(service, "converter", range(2000))
    assert len(service.epochs) == 1


async def test_a_full_buffer_drops_the_oldest_and_gives_them_up(tmp_path: Path) -> None:
    service = EpochService(away=True)
    options = replace(OPTIONS, max_buffer_bytes=1024 * 1024)
    async with serving(service) as address:
        async with pushing(
            address, tmp_path, "run-1", options=options, buffer_s=5, close_timeout_s=60
        ) as stream:
            for k in range(100):
                await stream.push(ramp(5000 * k, 5000))
                size = sum(f.stat().st_size for f in segment_files(tmp_path))
                assert size <= 1024 * 1024
            dropped = stream.dropped_sample_count
            assert 500_000 - 1024 * 256 <= dropped < 300_000
            assert stream.progress().buffered_sample_count == 500_000 - dropped
            service.away = False
        assert_complete(service, "run-1", range(dropped, 500_000))
        assert service.epochs["run-1"].abandoned == set(range(dropped))


async def test_older_epochs_make_room_for_newer_samples(tmp_path: Path) -> None:
    service = EpochService(away=True)
    options = replace(OPTIONS, max_buffer_bytes=1024 * 1024)
    async with serving(service) as address:
        for run in range(4):
            async with pushing(
                address, tmp_path, f"run-{run}", options=options, close_timeout_s=0.05
            ) as stream:
                for k in range(20):
                    await stream.push(ramp(5000 * k, 5000))
        assert len(epoch_directories(tmp_path)) == 3, "the oldest run is gone"
        service.away = False
        async with pushing(address, tmp_path, "run-9", options=options) as stream:
            await stream.push(ramp(0, 10))
            await until(lambda: len(epoch_directories(tmp_path)) == 1)
    assert_complete(service, "run-3", range(100_000))
    assert_complete(service, "run-2", range(100_000))
    partly = service.epochs["run-1"]
    first = min(partly.samples)
    assert 0 < first < 100_000
    assert_complete(service, "run-1", range(first, 100_000))
    assert partly.abandoned == set(range(first))


async def test_waiting_instead_of_dropping(tmp_path: Path) -> None:
    service = EpochService()
    options = replace(OPTIONS, max_buffer_bytes=1024 * 1024, batch_bytes=200_000)
    async with serving(service) as address:
        async with pushing(
            address, tmp_path, "run", options=options, overflow="wait", close_timeout_s=60
        ) as stream:
            for k in range(100):
                await stream.push(ramp(5000 * k, 5000))
        assert stream.dropped_sample_count == 0
    assert_complete(service, "run", range(500_000))


async def test_two_streams_cannot_share_a_directory(tmp_path: Path) -> None:
    service = EpochService()
    async with serving(service) as address:
        async with pushing(address, tmp_path) as stream:
            await stream.push(ramp(0, 10))
            with pytest.raises(kurto.BufferDirectoryError, match=rf"process {os.getpid()}"):
                async with pushing(address, tmp_path):
                    pass
        async with pushing(address, tmp_path) as stream:
            await stream.push(ramp(0, 10))


async def test_a_directory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    async with serving(EpochService()) as address:
        with pytest.raises(kurto.BufferDirectoryError, match="give a buffer_directory"):
            async with pushing(address, tmp_path / "file"):
                pass


async def test_another_format_under_the_same_boot_id_is_refused(tmp_path: Path) -> None:
    async with serving(EpochService(away=True)) as address:
        async with pushing(address, tmp_path, "run") as stream:
            await stream.push(ramp(0, 10))
        with pytest.raises(kurto.BufferDirectoryError, match="another boot_id"):
            async with pushing(address, tmp_path, "run", encoding="i16", scale=0.001):
                pass


async def test_a_damaged_record_of_an_epoch_harms_nothing_else(tmp_path: Path) -> None:
    service = EpochService(away=True)
    async with serving(service) as address:
        for run in ("run-1", "run-2"):
            async with pushing(address, tmp_path, run) as stream:
                await stream.push(ramp(0, 10))
        (epoch_directories(tmp_path)[0] / "epoch.json").write_text("{")
        service.away = False
        async with pushing(address, tmp_path, "run-3") as stream:
            await stream.push(ramp(0, 10))
            await until(lambda: ("run-2", 10) in service.arrivals)
    assert_complete(service, "run-2", range(10))


async def test_an_epoch_refused_for_good_stays_and_is_told_of(tmp_path: Path) -> None:
    service = EpochService(away=True)
    async with serving(service) as address:
        async with pushing(address, tmp_path, "run-1") as stream:
            await stream.push(ramp(0, 10))
        service.away, service.refused_boot_ids = False, {"run-1"}
        async with pushing(address, tmp_path, "run-2") as stream:
            await until(lambda: "STREAM_MISMATCH" in stream.progress().last_error)
            await stream.push(ramp(0, 10))
            await stream.flush()
    assert len(epoch_directories(tmp_path)) == 2
    assert_complete(service, "run-2", range(10))


async def test_live_samples_go_first_and_uploads_keep_to_their_share(tmp_path: Path) -> None:
    service = EpochService(away=True)
    options = replace(OPTIONS, backfill_rate=4.0)
    async with serving(service) as address:
        async with pushing(address, tmp_path, "run-1") as stream:
            await stream.push(ramp(0, 4000))
        service.away = False
        async with pushing(address, tmp_path, "run-2", options=options) as stream:
            began = time.monotonic()
            await stream.push(ramp(0, 100))
            for k in itertools.count(1):
                await stream.push(ramp(100 * k, 100))
                await asyncio.sleep(0.05)
                # Twenty such pushes pass during the upload: none of them waits for its end.
                behind = stream.next_index - service.epochs["run-2"].next_index
                assert behind <= 1000
                if len(epoch_directories(tmp_path)) == 1:
                    break
            # 4 s of samples at four times their rate, and no faster.
            assert time.monotonic() - began >= 0.9
    assert_complete(service, "run-1", range(4000))


class FullDisk:
    """Lets files grow up to a limit; then writes stop half-way, as on a full disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        monkeypatch.setattr(Path, "open", _wrapping(self, Path.open))


def _wrapping(disk: FullDisk, real: Callable[..., Any]) -> Callable[..., Any]:
    def open_file(path: Path, *arguments: Any, **keywords: Any) -> Any:
        file = real(path, *arguments, **keywords)
        return _LimitedFile(file, disk) if path.suffix == ".samples" else file

    return open_file


class _LimitedFile:
    def __init__(self, file: Any, disk: FullDisk) -> None:
        self._file, self._disk = file, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Any:
        return self._file.__enter__()

    def __exit__(self, *exc: Any) -> Any:
        return self._file.__exit__(*exc)

    def write(self, data: memoryview) -> int:
        if not self._disk.full:
            return int(self._file.write(data))
        if len(data) > 10:
            return int(self._file.write(data[: len(data) // 2]))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_full_disk_degrades_to_memory_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    monkeypatch.setattr("kurto.disk.buffer._RETRY_S", 0.2)
    service = EpochService(away=True)
    said: list[str] = []
    full = "No space left on device; samples are kept in memory only until there is room"

    def listen(progress: kurto.Progress) -> None:
        assert progress.disk is not None
        if [progress.disk.error] != said[-1:]:
            said.append(progress.disk.error)

    options = replace(OPTIONS, progress_interval_s=0.01)
    async with (
        serving(service) as address,
        pushing(
            address, tmp_path, "run-1", on_progress=listen, options=options, close_timeout_s=0.1
        ) as stream,
    ):
        await stream.push(ramp(0, 1000))
        await until(lambda: said == [""])
        disk.full = True
        await stream.push(ramp(1000, 1000))
        await stream.push(ramp(2000, 1000))
        await until(lambda: full in said[-1])
        assert stream.buffered_sample_count == 3000
        disk.full = False
        await asyncio.sleep(0.3)  # the disk is tried again after 0.2 s
        await stream.push(ramp(3000, 1000))
        await until(lambda: said[-1] == "")
        service.away = False
        await stream.flush()
    assert_complete(service, "run-1", range(4000))
    assert len(said) == 3
    assert full in said[1]
    assert said[0] == said[2] == ""


async def test_a_disk_that_is_full_from_the_start_keeps_nobody_from_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("kurto.disk.epoch.save", refuse)
    service = EpochService()
    async with serving(service) as address, pushing(address, tmp_path, "run") as stream:
        await stream.push(ramp(0, 1000))
        assert (disk := stream.progress().disk) is not None
        assert "No space left" in disk.error
        await stream.flush()
    assert_complete(service, "run", range(1000))


async def test_what_a_crash_left_of_an_epoch_without_samples_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "pump-7.buffer" / "0001-left"
    left.mkdir(parents=True)
    (left / "epoch.json.new").write_text("{")
    async with serving(EpochService()) as address, pushing(address, tmp_path, "run"):
        assert not left.exists()


async def test_closing_offline_does_not_wait_for_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kurto.sensor_stream._OFFLINE_S", 0.1)
    service = EpochService(away=True)
    async with serving(service) as address:
        async with pushing(address, tmp_path, "run", close_timeout_s=60) as stream:
            await stream.push(ramp(0, 1000))
            began = time.monotonic()
        assert time.monotonic() - began < 30  # of the 60 that it waits for a service that is there


async def test_memory_is_bounded_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    service = EpochService(away=True)
    async with (
        serving(service) as address,
        pushing(address, tmp_path, "run-1", buffer_s=2.0, close_timeout_s=60.0) as stream,
    ):
        await stream.push(ramp(0, 1000))
        disk.full = True
        for k in range(1, 10):
            await stream.push(ramp(1000 * k, 1000))
        # 1 s on disk, 2 s in memory, 7 s lost: the oldest that no file holds.
        assert stream.dropped_sample_count == 7000
        assert stream.buffered_sample_count == 3000
        service.away = False
    held = [*range(1000), *range(8000, 10_000)]
    assert_complete(service, "run-1", held)
    assert service.epochs["run-1"].abandoned == set(range(1000, 8000))


SENDER = textwrap.dedent(
    """
    import asyncio, sys
    import numpy as np
    import kurto

    async def main(address, directory):
        options = kurto.SenderOptions(rotate_interval_s=0.1, sync_interval_s=0.2, batch_bytes=2000)
        async with kurto.connect(address) as client, client.open_sensor(
            "pump-7", sample_rate_hz=1000, channels=["axial"], unit="g", boot_id="converter",
            buffer_directory=directory, options=options,
        ) as stream:
            print("begin", stream.next_index, flush=True)
            while True:
                first = stream.next_index
                await stream.push(np.arange(first, first + 37, dtype=np.float32))
                print("pushed", first + 37, flush=True)
                await asyncio.sleep(0.001)

    asyncio.run(main(*sys.argv[1:]))
    """
)


@pytest.mark.parametrize("away", [False, True], ids=["online", "offline"])
async def test_killed_senders_lose_nothing_that_push_returned_for(
    tmp_path: Path, away: bool
) -> None:
    service = EpochService(away=away)
    pushed = 0
    async with serving(service) as address:
        for round_number in range(4):
            sender = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SENDER, address, str(tmp_path), stdout=subprocess.PIPE
            )
            assert sender.stdout is not None
            begin = (await asyncio.wait_for(sender.stdout.readline(), 60)).split()
            assert begin[0] == b"begin"
            assert pushed <= int(begin[1]), "what push returned for is there again"
            count = 0
            async for line in sender.stdout:
                pushed = int(line.split()[1])
                count += 1
                if count == 60 + 17 * round_number:
                    sender.send_signal(signal.SIGKILL)
            await sender.wait()
        service.away = False
        async with pushing(address, tmp_path, "converter", close_timeout_s=60) as stream:
            end = stream.next_index
            assert end >= pushed
            await stream.push(ramp(end, 10))
    assert_complete(service, "converter", range(end + 10))
    assert len(service.epochs) == 1
    assert service.epochs["converter"].abandoned == set()


async def test_samples_that_the_disk_lost_do_not_hide_new_ones(tmp_path: Path) -> None:
    service = EpochService()
    async with serving(service) as address:
        async with pushing(address, tmp_path, "converter") as stream:
            await stream.push(ramp(0, 1000))
            await stream.flush()
        for path in segment_files(tmp_path):  # as after a power loss
            path.unlink()
        service.away = True
        async with pushing(address, tmp_path, "converter", close_timeout_s=20) as stream:
            assert stream.next_index == 0
            await stream.push(5000 + ramp(0, 500))
            await until(lambda: stream.progress().state == "offline")
            service.away = False
            await stream.flush()
    assert_complete(service, "converter", range(1000))
    other = next(e for boot, e in service.epochs.items() if boot != "converter")
    assert list(other.samples.values()) == [5000.0 + i for i in range(500)]


async def test_the_record_of_an_epoch_is_readable(tmp_path: Path) -> None:
    async with (
        serving(EpochService(away=True)) as address,
        pushing(address, tmp_path, "run", close_timeout_s=0.01) as stream,
    ):
        await stream.push(ramp(0, 10))
    record = json.loads((epoch_directories(tmp_path)[0] / "epoch.json").read_text())
    assert record["boot_id"] == "run"
    assert record["sample_rate_hz"] == RATE_HZ
    assert record["channels"] == ["axial"]
