"""Full disks, crashes and lost writes of senders with a buffer on disk."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.sdk.disk_buffers import (
    OPTIONS,
    RATE_HZ,
    assert_complete,
    epoch_directories,
    pushing,
    ramp,
    segment_files,
)
from tests.integration.sdk.epoch_service import EpochService, until
from tests.integration.sdk.model_service import serving

import kurto


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
