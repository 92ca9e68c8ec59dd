"""A sensor with a buffer on disk, and what lies in its directory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from tests.integration.sdk.epoch_service import EpochService

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
