"""The state of storage, for those who ask."""

from __future__ import annotations

from kurto.ingest.v1 import stream_status_pb2 as pb
from kurto_ingest.assets.conversion import duration, timestamp
from kurto_ingest.forwarding.forwarder import WindowForwarder
from kurto_ingest.pushing.committer import GroupCommitter
from kurto_ingest.pushing.registry import StreamRegistry
from kurto_ingest.quarantine.ledger import QuarantineLedger
from kurto_ingest.space.storage_state import DiskReport, DiskWatch, StorageFacts, judge, problems
from kurto_service.clock import Clock

__all__ = ["StorageWatch"]


class StorageWatch:
    """Asks nobody: what it says is known in memory, so it answers while PostgreSQL is away.

    Parameters
    ----------
    registry : StreamRegistry
        Knows what waits to be committed.
    committer : GroupCommitter
        Knows how commits fare.
    forwarder : WindowForwarder
        Knows the analyzer.
    clock : Clock
        Measures waiting.
    disk : DiskWatch or None
        Watches the disk; None if nobody does.
    quarantine : QuarantineLedger
        Knows what lies too far in the future.
    """

    def __init__(
        self,
        *,
        registry: StreamRegistry,
        committer: GroupCommitter,
        forwarder: WindowForwarder,
        clock: Clock,
        disk: DiskWatch | None = None,
        quarantine: QuarantineLedger,
    ) -> None:
        self._registry = registry
        self._committer = committer
        self._forwarder = forwarder
        self._clock = clock
        self.disk = disk
        self._quarantine = quarantine

    def facts(self) -> StorageFacts:
        """Return what storage is judged by."""
        now_s = self._clock.monotonic()
        return StorageFacts(
            commit_lag_s=max(
                (session.live.commit_lag_s(now_s) for session in self._registry), default=0.0
            ),
            commits_fail=self._committer.failing,
            disk=self.disk.report if self.disk is not None else DiskReport(),
            realtime_enabled=self._forwarder.enabled,
            analyzer_connected=self._forwarder.answering,
            quarantine_bytes=self._quarantine.used_bytes,
            quarantine_max_bytes=self._quarantine.max_bytes,
        )

    def status(self) -> pb.StorageStatus:
        """Return the state of storage."""
        facts = self.facts()
        return pb.StorageStatus(
            state=pb.StorageState.Name(judge(facts)),
            problems=problems(facts),
            commit_lag=duration(max(0.0, facts.commit_lag_s)),
            pending_bytes=self._registry.pending_bytes,
            database_bytes=facts.disk.database_bytes,
            free_ratio=facts.disk.free_ratio,
            realtime_enabled=facts.realtime_enabled,
            analyzer_connected=facts.analyzer_connected,
            check_time=timestamp(self._clock.now()),
            quarantine_bytes=facts.quarantine_bytes,
        )
