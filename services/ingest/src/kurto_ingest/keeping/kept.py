"""Ranges of samples that are kept beyond their retention: what is asked for, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import islice

from kurto_ingest.assets.retention import AroundAlarms, RetentionPolicy, Snapshots

__all__ = [
    "CopyPace",
    "KeepReason",
    "KeepRequest",
    "KeptRange",
    "SnapshotProgress",
    "next_look",
    "noted_range",
    "snapshot_range",
    "snapshot_starts",
    "take_snapshots",
]

_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
# A policy that is new looks back so far at most: there is little of what is older.
_LOOK_BACK = timedelta(days=7)


class KeepReason(IntEnum):
    """Why samples are kept; the numbers are those of ``kurto.ingest.v1.KeepReason``."""

    UNSPECIFIED = 0
    ALARM = 1
    SNAPSHOT = 2
    REQUEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRequest:
    """What a caller asks for; `keep_for_s` None means for ever, or as the sensor's policy says."""

    sensor_id: str
    keep_id: str
    start: datetime
    end: datetime
    reason: KeepReason
    note: str = ""
    keep_for_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRange:
    """A range as it is noted.

    Attributes
    ----------
    request : KeepRequest
        What was asked for, to tell a repeated request from another one.
    start, end : datetime
        What is kept, half-open: wider than what was asked for around alarms, if the sensor's
        policy says so.
    expire_time : datetime or None
        When it is forgotten.
    number : int
        Ascending in the order in which ranges were noted; the store gives it.
    sample_count : int
        Samples per channel that are kept so far: whole blocks.
    complete : bool
        True once nothing more will come.
    attempts : int
        How often blocks were looked for.
    create_time : datetime or None
        When it was noted.
    """

    request: KeepRequest
    start: datetime
    end: datetime
    expire_time: datetime | None
    number: int = 0
    sample_count: int = 0
    complete: bool = False
    attempts: int = 0
    create_time: datetime | None = field(default=None)

    @property
    def key(self) -> tuple[str, str]:
        """Identity: (sensor_id, keep_id)."""
        return self.request.sensor_id, self.request.keep_id


def noted_range(request: KeepRequest, policy: RetentionPolicy | None, now: datetime) -> KeptRange:
    """Return what is kept for a request.

    An alarm of a sensor whose policy keeps samples around alarms is kept with as much before and
    after as the policy says, and for as long, unless the request says how long.
    """
    start, end, keep_for_s = request.start, request.end, request.keep_for_s
    if request.reason is KeepReason.ALARM and isinstance(policy, AroundAlarms):
        start -= timedelta(seconds=policy.before_s)
        end += timedelta(seconds=policy.after_s)
        keep_for_s = policy.keep_for_s if keep_for_s is None else keep_for_s
    expire = None if keep_for_s is None else now + timedelta(seconds=keep_for_s)
    return KeptRange(request=request, start=start, end=end, expire_time=expire)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotProgress:
    """How far snapshots of one epoch are taken.

    Attributes
    ----------
    sensor_id, epoch : str, int
        The stream.
    policy : Snapshots
        Policy of its sensor.
    anchor : datetime
        Time of sample 0.
    durable : datetime
        Time up to which samples are durable.
    taken : datetime or None
        Snapshots that begin up to then are noted; None for none yet.
    """

    sensor_id: str
    epoch: int
    policy: Snapshots
    anchor: datetime
    durable: datetime
    taken: datetime | None


def snapshot_starts(policy: Snapshots, first: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the starts of snapshots with `first` <= start < `end`, at multiples of the interval.

    Multiples are counted from 1970-01-01T00:00:00Z, so that all sensors with the same interval,
    and every restart of the service, agree on them.
    """
    interval_us = round(policy.interval_s * 1e6)
    number = -(-((first - _ORIGIN) // _US) // interval_us)
    while (start := _ORIGIN + timedelta(microseconds=number * interval_us)) < end:
        yield start
        number += 1


def take_snapshots(
    progress: SnapshotProgress, limit: int
) -> tuple[list[KeptRange], SnapshotProgress]:
    """Return up to `limit` snapshots that became due, and the progress once they are noted.

    What counts is the time of the samples, not the clock: uploads get their snapshots, too.
    """
    first = progress.taken
    if first is None:
        first = max(progress.anchor, progress.durable - _LOOK_BACK)
    starts = list(islice(snapshot_starts(progress.policy, first, progress.durable), limit))
    taken = progress.durable if len(starts) < limit else starts[-1] + _US
    ranges = [snapshot_range(progress.sensor_id, progress.policy, start) for start in starts]
    return ranges, replace(progress, taken=taken)


def snapshot_range(sensor_id: str, policy: Snapshots, start: datetime) -> KeptRange:
    """Return the snapshot that begins at `start`."""
    end = start + timedelta(seconds=policy.length_s)
    expire = None if policy.keep_for_s is None else end + timedelta(seconds=policy.keep_for_s)
    request = KeepRequest(
        sensor_id=sensor_id,
        keep_id=f"snapshot-{start:%Y%m%dT%H%M%SZ}",
        start=start,
        end=end,
        reason=KeepReason.SNAPSHOT,
        keep_for_s=policy.keep_for_s,
    )
    return KeptRange(request=request, start=start, end=end, expire_time=expire)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPace:
    """How blocks are copied out.

    Attributes
    ----------
    settle_s : float
        Time after the end of a range at which its blocks are committed as a rule.
    longest_s : float
        Longest time between two looks for blocks that are still missing.
    patience_s : float
        Time after which a range is complete though samples are missing.
    batch_bytes : int
        Samples in one transaction.
    """

    settle_s: float = 2.0
    longest_s: float = 300.0
    patience_s: float = 86400.0
    batch_bytes: int = 4 * 1024 * 1024


def next_look(kept: KeptRange, now: datetime, pace: CopyPace, *, may_grow: bool) -> datetime | None:
    """Return when to look for blocks again; None when the range is complete.

    Parameters
    ----------
    kept : KeptRange
        The range after a look that found all there was.
    now : datetime
        The time.
    pace : CopyPace
        How often to look.
    may_grow : bool
        True while samples of the range may still come: some are missing, or no stream has passed
        its end.
    """
    settled = kept.end + timedelta(seconds=pace.settle_s)
    if now < settled:
        return settled
    begun = max(kept.end, kept.create_time or kept.end)
    if not may_grow or now >= begun + timedelta(seconds=pace.patience_s):
        return None
    wait_s = (now - begun).total_seconds() / 4
    return now + timedelta(seconds=min(pace.longest_s, max(1.0, wait_s)))
