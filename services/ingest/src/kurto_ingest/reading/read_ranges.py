"""Which samples a reader asks for: indexes of each epoch, and what of them was never stored."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kurto_ingest.exceptions import InvalidField
from kurto_ingest.ports import StreamRecord
from kurto_ingest.reading.sample_pieces import HoleReason
from kurto_ingest.streams.ranges import IndexRange
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["ReadRequest", "Span", "channel_numbers", "spans", "wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a reader asks for.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    epoch : int
        Epoch that `first` and `end` belong to; 0 for all epochs, by time.
    first : int
        First index wanted.
    end : int or None
        End of the indexes; None for what is durable.
    start_us, end_us : int or None
        Nominal times, microseconds since 1970-01-01T00:00:00Z; None for no limit.
    channels : tuple of str
        Channels wanted, in order; empty for all.
    resume : tuple of int
        (epoch, index): what lies before it is left out.
    include_quarantined : bool
        True to read what is in quarantine, too.
    """

    sensor_id: str
    epoch: int = 0
    first: int = 0
    end: int | None = None
    start_us: int | None = None
    end_us: int | None = None
    channels: tuple[str, ...] = ()
    resume: tuple[int, int] = (0, 0)
    include_quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Indexes `first` <= i < `end` that were all stored, or all not.

    Attributes
    ----------
    first, end : int
        The indexes.
    absence : HoleReason or None
        Why they were never stored; None when they were.
    quarantined : bool
        True if they were stored in quarantine.
    """

    first: int
    end: int
    absence: HoleReason | None
    quarantined: bool = False


def wanted(request: ReadRequest, record: StreamRecord) -> IndexRange | None:
    """Return the durable indexes of an epoch that `request` asks for, or None."""
    next_index = record.acknowledged.next_index
    first, end = 0, next_index
    if request.epoch:
        first = request.first
        end = next_index if request.end is None else min(next_index, request.end)
    if request.start_us is not None:
        first = max(first, _index_from(record.format, request.start_us, next_index))
    if request.end_us is not None:
        end = min(end, _index_from(record.format, request.end_us, next_index))
    epoch, index = request.resume
    if record.format.epoch <= epoch:
        first = max(first, index) if record.format.epoch == epoch else end
    return IndexRange(first, end) if first < end else None


def _index_from(stream_format: StreamFormat, time_us: int, next_index: int) -> int:
    """Return the first index below `next_index` whose nominal time is not before `time_us`."""
    return bisect_left(range(next_index), time_us, key=stream_format.time_us)


def spans(record: StreamRecord, asked: IndexRange) -> Iterator[Span]:
    """Yield the parts of `asked`, ascending and without a break."""
    for span in _known(record.acknowledged, asked):
        line = span.end if record.quarantine is None else record.quarantine.index
        if span.absence is not None or span.end <= line:
            yield span
            continue
        if span.first < line:
            yield Span(span.first, line, None)
        yield Span(max(span.first, line), span.end, None, quarantined=True)


def _known(position: StreamSequence, asked: IndexRange) -> Iterator[Span]:
    absent = [
        Span(item.first, item.end, reason)
        for ranges, reason in (
            (position.missing, HoleReason.MISSING),
            (position.abandoned, HoleReason.ABANDONED),
        )
        for item in ranges.within(*asked)
    ]
    at = asked.first
    for item in sorted(absent, key=lambda span: span.first):
        if at < item.first:
            yield Span(at, item.first, None)
        yield item
        at = item.end
    if at < asked.end:
        yield Span(at, asked.end, None)


def channel_numbers(stream_format: StreamFormat, channels: Sequence[str]) -> list[int]:
    """Return the places of `channels` in the rows; all for none.

    Raises
    ------
    InvalidField
        If the epoch has no such channel.
    """
    known = stream_format.channels
    for name in channels:
        if name not in known:
            raise InvalidField(
                f"Epoch {stream_format.epoch} of {stream_format.sensor_id!r} has no channel"
                f" {name!r}: choose among {', '.join(known)}.",
                field="channels",
            )
    return [known.index(name) for name in channels] or list(range(len(known)))
