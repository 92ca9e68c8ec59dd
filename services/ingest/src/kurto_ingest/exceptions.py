"""What ingest refuses, and what the caller must change."""

from __future__ import annotations

from kurto_service.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    KurtoError,
    NotFound,
    ResourceExhausted,
    Unavailable,
)


class InvalidField(InvalidArgument):
    """The field {field} is missing, malformed or out of range."""

    reason = "INVALID_FIELD"


class InvalidCursor(InvalidArgument):
    """The page token or cursor is not one that this service gave: start without it."""

    reason = "INVALID_CURSOR"


class UnknownSite(NotFound):
    """There is no site {site_id!r}: create it with CreateSite or correct the id."""

    reason = "UNKNOWN_SITE"

    def __init__(self, site_id: str) -> None:
        super().__init__(
            f"There is no site {site_id!r}: create it with CreateSite or correct the id.",
            site_id=site_id,
        )


class UnknownMachine(NotFound):
    """There is no such machine."""

    reason = "UNKNOWN_MACHINE"

    def __init__(self, machine_id: str) -> None:
        super().__init__(
            f"There is no machine {machine_id!r}: create it with CreateMachine or correct the id.",
            machine_id=machine_id,
        )


class UnknownSensor(NotFound):
    """There is no such sensor."""

    reason = "UNKNOWN_SENSOR"

    def __init__(self, sensor_id: str) -> None:
        super().__init__(
            f"There is no sensor {sensor_id!r}: create it with AssetService.CreateSensor"
            " or correct the id.",
            sensor_id=sensor_id,
        )


class IdTaken(AlreadyExists):
    """The id is taken."""

    reason = "ALREADY_EXISTS"

    def __init__(self, kind: str, asset_id: str) -> None:
        super().__init__(
            f"A {kind} {asset_id!r} exists already: change it with Update{kind.capitalize()}"
            " or choose another id.",
            retry_after_s=None,
            **{f"{kind}_id": asset_id},
        )


class Archived(FailedPrecondition):
    """The asset is archived."""

    reason = "ARCHIVED"

    def __init__(self, kind: str, asset_id: str) -> None:
        super().__init__(
            f"The {kind} {asset_id!r} is archived: use another id.",
            retry_after_s=None,
            **{f"{kind}_id": asset_id},
        )


class NotEmpty(FailedPrecondition):
    """The asset still holds others that are not archived."""

    reason = "INVALID_FIELD"

    def __init__(self, kind: str, asset_id: str, content: str) -> None:
        super().__init__(
            f"The {kind} {asset_id!r} still has {content}s: archive those first.",
            field=f"{kind}_id",
            retry_after_s=None,
            **{f"{kind}_id": asset_id},
        )


class ConcurrentChange(Aborted):
    """The sensor was changed meanwhile."""

    reason = "CONCURRENT_CHANGE"

    def __init__(self, sensor_id: str, given: int, current: int) -> None:
        super().__init__(
            f"The configuration of {sensor_id!r} is at version {current}, not {given}:"
            " read it with GetSensor, apply the change and update again.",
            sensor_id=sensor_id,
            version=current,
        )


class SensorInUse(FailedPrecondition):
    """Another live sender holds the sensor."""

    reason = "SENSOR_IN_USE"

    def __init__(self, sensor_id: str, retry_after_s: float) -> None:
        super().__init__(
            f"Another sender is pushing samples of {sensor_id!r}: stop it,"
            " or open with takeover=true to replace it.",
            retry_after_s=retry_after_s,
            sensor_id=sensor_id,
        )


class StaleFence(FailedPrecondition):
    """The fence was raised by a later OpenStream."""

    reason = "STALE_FENCE"

    def __init__(self, sensor_id: str, fence: int) -> None:
        super().__init__(
            f"A later OpenStream of {sensor_id!r} replaced fence {fence}:"
            " call OpenStream again and push with the fence that it returns.",
            sensor_id=sensor_id,
            fence=fence,
        )


class OwnerChanged(StaleFence):
    """The fence was raised by another process, as a commit found."""


class UnknownEpoch(FailedPrecondition):
    """The sensor has no such epoch."""

    reason = "UNKNOWN_EPOCH"

    def __init__(self, sensor_id: str, epoch: int) -> None:
        super().__init__(
            f"The sensor {sensor_id!r} has no epoch {epoch}: call OpenStream"
            " and use the epoch that it returns.",
            sensor_id=sensor_id,
            epoch=epoch,
        )


class StreamMismatch(FailedPrecondition):
    """Rate, channels or encoding differ from what the sensor or epoch declares."""

    reason = "STREAM_MISMATCH"


class WrongSampleForm(InvalidArgument):
    """The batch carries samples in another form than the stream was opened with."""

    reason = "STREAM_MISMATCH"


class ByteCountMismatch(InvalidArgument):
    """The bytes of a batch are not the samples that it declares."""

    reason = "BYTE_COUNT_MISMATCH"

    def __init__(self, explanation: str, *, expected_bytes: int, actual_bytes: int) -> None:
        super().__init__(explanation, expected_bytes=expected_bytes, actual_bytes=actual_bytes)


class IndexWentBackwards(InvalidArgument):
    """The index range cannot be."""

    reason = "INDEX_WENT_BACKWARDS"

    def __init__(
        self, explanation: str, *, sensor_id: str, first_index: int, next_index: int
    ) -> None:
        super().__init__(
            explanation, sensor_id=sensor_id, first_index=first_index, next_index=next_index
        )


class TooManyMissingRanges(ResourceExhausted):
    """The batch would open more missing ranges than the limit."""

    reason = "TOO_MANY_MISSING_RANGES"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This epoch would have more than {limit} missing ranges: refill the earlier ones"
            " first, or begin a new epoch with another boot_id.",
            limit=limit,
        )


class StreamNotStarted(FailedPrecondition):
    """A message came for a slot that no start has named."""

    reason = "STREAM_NOT_STARTED"

    def __init__(self, slot: int) -> None:
        super().__init__(
            f"Slot {slot} has no sensor: send a start with this slot before its first batch.",
            slot=slot,
        )


class TimeInFuture(InvalidArgument):
    """The sample times lie too far in the future."""

    reason = "TIME_IN_FUTURE"

    def __init__(self, sensor_id: str, ahead_s: float, objection: str) -> None:
        super().__init__(
            f"The samples of {sensor_id!r} would lie {ahead_s:.0f} s in the future, and are not"
            f" put in quarantine: {objection}. Check first_index and the sender's sample rate, or"
            " begin a new epoch with another boot_id; for a recording open the stream with its"
            " start_time.",
            sensor_id=sensor_id,
        )


class NoSamples(NotFound):
    """There is nothing to read."""

    reason = "NO_SAMPLES"

    def __init__(self, sensor_id: str) -> None:
        super().__init__(
            f"The sensor {sensor_id!r} has no samples there: ask for another time or epoch;"
            " without a range all that is stored is read.",
            sensor_id=sensor_id,
        )


class Overloaded(ResourceExhausted):
    """The service is at a configured limit."""

    reason = "OVERLOADED"


class Draining(Unavailable):
    """The service is shutting down: connect again in a moment."""

    reason = "DRAINING"


class StreamFailedError(KurtoError):
    """The samples of this stream could not be stored; open it again. The log holds the cause."""

    status = "INTERNAL"
    reason = "INTERNAL"
