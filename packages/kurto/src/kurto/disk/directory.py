"""The buffer directory of one sensor: its epochs, its lock, its size."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from kurto.disk import epoch as epochs
from kurto.disk.epoch import EpochRecord
from kurto.disk.lock import DirectoryLock
from kurto.disk.log import SegmentLog
from kurto.disk.segment import SUFFIX
from kurto.exceptions import BufferDirectoryError

MIN_BYTES = 1024 * 1024
_FILE_BYTES = 4096  # what an epoch takes besides its samples
_SEGMENT_BYTES = (32 * 1024, 8 * 1024 * 1024)
_SEGMENTS = 32
_logger = logging.getLogger("kurto.disk")


@dataclass
class StoredEpoch:
    """An epoch on disk."""

    directory: Path
    record: EpochRecord
    log: SegmentLog
    saved: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self.log.size_bytes + _FILE_BYTES

    def save(self, record: EpochRecord) -> None:
        """Write the record anew; an epoch takes no room on disk before."""
        self.directory.mkdir(exist_ok=True)
        epochs.save(record, self.directory)
        self.record, self.saved = record, True

    def require_saved(self, start_time_us: int | None) -> None:
        """Write the record before the first sample, with the time of sample 0."""
        if self.record.start_time_us is None:
            self.save(replace(self.record, start_time_us=start_time_us))
        elif not self.saved:
            self.save(self.record)

    def delete(self) -> None:
        """Remove the epoch. The record goes last: without it nothing could be read."""
        self.log.delete()
        if not self.directory.exists():
            return
        for path in self.directory.iterdir():
            path.unlink()
        self.directory.rmdir()


class SensorDirectory:
    """All that earlier runs of a sensor's sender left, and what the present one adds.

    Not safe for several threads; every method may block on the disk.

    Parameters
    ----------
    root : Path
        Directory of all buffers; made if it does not exist.
    sensor_id : str
        Sensor in question.
    max_bytes : int
        Size that all epochs of the sensor may take together.

    Raises
    ------
    BufferDirectoryError
        If another stream uses it, or it cannot be written.
    """

    def __init__(self, root: Path, sensor_id: str, *, max_bytes: int) -> None:
        if max_bytes < MIN_BYTES:
            raise ValueError(f"max_buffer_bytes is {max_bytes}; give at least {MIN_BYTES}")
        self.max_bytes = max_bytes
        self._path = root / f"{quote(sensor_id, safe='')}.buffer"
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock(self._path / "lock")
        except OSError as error:
            raise BufferDirectoryError(
                f"cannot use {self._path} as a buffer: {error.strerror or error}; give a "
                "buffer_directory that this user may write to"
            ) from error
        try:
            self.epochs = self._load()
        except BaseException:
            self._lock.release()
            raise

    @property
    def size_bytes(self) -> int:
        """Bytes on disk of all epochs."""
        return sum(epoch.size_bytes for epoch in self.epochs)

    def begin(self, record: EpochRecord) -> StoredEpoch:
        """Go on with the epoch that has the record's boot id, or begin a new one.

        Other epochs without samples are removed.

        Raises
        ------
        BufferDirectoryError
            If the epoch was begun with another rate, other channels or another encoding.
        """
        live = next((e for e in self.epochs if e.record.boot_id == record.boot_id), None)
        if live is not None and not live.record.same_format(record):
            raise BufferDirectoryError(
                f"{live.directory} holds samples of boot_id {record.boot_id!r} in another format "
                f"{live.record.format()}, not {record.format()}: give another boot_id"
            )
        for epoch in [e for e in self.epochs if e is not live and not e.log.sample_count]:
            self.remove(epoch)
        if live is None:
            live = self._create(record)
            self.epochs.append(live)
        live.log.begin_appending()
        return live

    def remove(self, epoch: StoredEpoch) -> None:
        """Delete an epoch."""
        self.epochs.remove(epoch)
        epoch.delete()

    def make_room(self, size_bytes: int, live: StoredEpoch) -> int:
        """Delete the oldest segments until something fits; return how many samples were lost."""
        lost = 0
        while self.size_bytes + size_bytes > self.max_bytes:
            oldest = next((e for e in self.epochs if e.log.sample_count), None)
            if oldest is None:
                break
            lost += oldest.log.drop_oldest()
            if oldest is not live and not oldest.log.sample_count:
                self.remove(oldest)
        return lost

    def close(self) -> None:
        """Close all files and release the lock."""
        for epoch in self.epochs:
            epoch.log.close()
        self._lock.release()

    def _load(self) -> list[StoredEpoch]:
        found = []
        for directory in sorted(path for path in self._path.iterdir() if path.is_dir()):
            try:
                record = epochs.load(directory)
            except FileNotFoundError:
                _remove_unfinished(directory)
                continue
            except (ValueError, OSError) as error:
                _logger.warning("buffered epoch left alone", extra={"error": str(error)})
                continue
            found.append(StoredEpoch(directory, record, self._log(directory, record), saved=True))
        return found

    def _create(self, record: EpochRecord) -> StoredEpoch:
        name = hashlib.sha256(record.boot_id.encode()).hexdigest()[:12]
        directory = self._path / f"{record.create_time_us:020d}-{name}"
        return StoredEpoch(directory, record, self._log(directory, record))

    def _log(self, directory: Path, record: EpochRecord) -> SegmentLog:
        smallest, largest = _SEGMENT_BYTES
        return SegmentLog(
            directory,
            channel_count=len(record.channels),
            row_bytes=record.row_bytes,
            segment_bytes=min(largest, max(smallest, self.max_bytes // _SEGMENTS)),
        )


def _remove_unfinished(directory: Path) -> None:
    """Remove what a crash has left of an epoch that had no samples yet."""
    paths = list(directory.iterdir())
    if not any(path.suffix == SUFFIX for path in paths):
        for path in paths:
            path.unlink()
        directory.rmdir()
