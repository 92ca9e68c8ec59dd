"""What storage refuses, and what the caller must change."""

from __future__ import annotations

from collections.abc import Sequence

from kurto_service.exceptions import AlreadyExists, InvalidArgument, ResourceExhausted

__all__ = ["KeepIdTaken", "PartitionLostError", "StorageFull", "TooManyRetentionTimes"]


class PartitionLostError(Exception):
    """A partition was detached or replaced under a commit: look again and repeat it."""


class TooManyRetentionTimes(InvalidArgument):
    """There are as many different retention times as there may be."""

    reason = "INVALID_FIELD"

    def __init__(self, hours: int, existing: Sequence[int]) -> None:
        times = ", ".join(str(item) for item in existing)
        super().__init__(
            f"Samples are kept for {len(existing)} different times already, no more are possible:"
            f" use one of those instead of {hours} hours: {times}.",
            field="sensor.retention.time.duration",
        )


class StorageFull(ResourceExhausted):
    """The disk of PostgreSQL is full to its reserve."""

    reason = "STORAGE_FULL"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(
            "The disk of the database is nearly full, so no samples are taken: keep them and send"
            " them again later. Shorten retention or enlarge the disk.",
            retry_after_s=retry_after_s,
        )


class KeepIdTaken(AlreadyExists):
    """The keep_id names another range."""

    reason = "KEEP_ID_TAKEN"

    def __init__(self, sensor_id: str, keep_id: str) -> None:
        super().__init__(
            f"The keep_id {keep_id!r} of {sensor_id!r} names another range already: use another"
            " keep_id, or repeat the request exactly as it was.",
            sensor_id=sensor_id,
            keep_id=keep_id,
        )
