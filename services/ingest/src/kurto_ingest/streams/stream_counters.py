"""What happened on a stream, in plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

from kurto_ingest.streams.sequence import Intake

__all__ = ["StreamCounters"]


@dataclass(slots=True)
class StreamCounters:
    """What happened on a stream since it was opened in this process."""

    accepted_count: int = 0
    duplicate_count: int = 0
    refilled_count: int = 0
    batch_count: int = 0
    last_receive_s: float | None = None

    def count_hop(self, sample_count: int, now_s: float) -> None:
        """Count a batch that was taken as a whole, in order; parameters as of `count`."""
        self.batch_count += 1
        self.accepted_count += sample_count
        self.last_receive_s = now_s

    def count(self, intake: Intake, sample_count: int, now_s: float) -> int:
        """Count a batch; returns how many of its samples per channel were taken.

        Parameters
        ----------
        intake : Intake
            What became of the batch.
        sample_count : int
            Samples per channel in it.
        now_s : float
            Monotonic time of arrival in seconds.
        """
        taken = sample_count - intake.duplicate_count
        self.batch_count += 1
        self.accepted_count += taken
        self.duplicate_count += intake.duplicate_count
        if intake.refills:
            self.refilled_count += sum(item.length for item in intake.refills)
        self.last_receive_s = now_s
        return taken
