"""How storage fares, from what the commits and the disk say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

__all__ = ["DiskReport", "DiskWatch", "StorageFacts", "StorageState", "judge", "problems"]

SLOW_COMMIT_S = 2.0


class StorageState(IntEnum):
    """The numbers are those of `kurto.ingest.v1.StorageState`."""

    OK = 1
    DEGRADED = 2
    SHEDDING = 3
    STOPPED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskReport:
    """What is known of the disk and the database on it.

    Attributes
    ----------
    database_bytes : int
        Size of the database; 0 if it is not known.
    free_ratio : float or None
        Free part of the disk, or of the configured size, 0 to 1; None if it is not known.
    shedding : bool
        True while the oldest samples are deleted before their time.
    stopped : bool
        True while no samples are taken.
    """

    database_bytes: int = 0
    free_ratio: float | None = None
    shedding: bool = False
    stopped: bool = False


class DiskWatch(Protocol):
    """Watches the disk."""

    @property
    def report(self) -> DiskReport:
        """What was found last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFacts:
    """What storage is judged by.

    Attributes
    ----------
    commit_lag_s : float
        Age of the oldest accepted sample that is not committed, in seconds.
    commits_fail : bool
        True while commits fail, whatever they hold.
    disk : DiskReport
        The disk.
    realtime_enabled : bool
        False if windows are not analysed, by setting.
    analyzer_connected : bool
        True while an analyzer takes windows.
    quarantine_bytes, quarantine_max_bytes : int
        Samples in quarantine, and how much there may be.
    """

    commit_lag_s: float
    commits_fail: bool
    disk: DiskReport
    realtime_enabled: bool
    analyzer_connected: bool
    quarantine_bytes: int = 0
    quarantine_max_bytes: int = 0


def judge(facts: StorageFacts) -> StorageState:
    """Return how storage fares: the worst that is true."""
    if facts.disk.stopped:
        return StorageState.STOPPED
    if facts.commits_fail or facts.commit_lag_s > SLOW_COMMIT_S:
        return StorageState.DEGRADED
    if facts.disk.shedding:
        return StorageState.SHEDDING
    return StorageState.OK


def problems(facts: StorageFacts) -> list[str]:
    """Return what is wrong and what to do about it, for people; empty when all is well."""
    found = []
    free = facts.disk.free_ratio
    room = "" if free is None else f" ({free:.1%} free)"
    if facts.disk.stopped:
        found.append(
            f"The disk is full to the reserve{room}: no samples are taken. Free space on the disk"
            " of PostgreSQL, or keep samples for less long; senders hold what they have."
        )
    elif facts.disk.shedding:
        found.append(
            f"The disk is nearly full{room}: the oldest samples are deleted before their time."
            " Free space on the disk of PostgreSQL, or keep samples for less long."
        )
    if facts.commits_fail:
        found.append(
            "PostgreSQL does not take samples: nothing is acknowledged, senders keep what they"
            " have. Look at PostgreSQL and at the log of ingest."
        )
    elif facts.commit_lag_s > SLOW_COMMIT_S:
        found.append(
            f"PostgreSQL is slow: samples wait {facts.commit_lag_s:.1f} s for a commit. Look at the"
            " load of its disk."
        )
    if not facts.realtime_enabled:
        found.append("Samples are stored and not analysed: KURTO_INGEST_REALTIME_ENABLED is false.")
    elif not facts.analyzer_connected:
        found.append("No analyzer takes windows: samples are stored and analysed later.")
    if facts.quarantine_bytes:
        found.append(
            f"{facts.quarantine_bytes / 1e6:.1f} of at most"
            f" {facts.quarantine_max_bytes / 1e6:.0f} MB are in quarantine: samples that lie too"
            " far in the future, of sensors with a quarantined_sample_count. Check their"
            " first_index and sample rate."
        )
    return found
