"""Senders that are offline, end and come back, with a buffer on disk."""

import asyncio
import itertools
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.sdk.disk_buffers import (
    CLOCK_STEP,
    OPTIONS,
    assert_complete,
    epoch_directories,
    pushing,
    ramp,
    segment_files,
)
from tests.integration.sdk.epoch_service import EpochService, until
from tests.integration.sdk.model_service import serving

import kurto


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
