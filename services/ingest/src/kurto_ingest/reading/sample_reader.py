"""Reads any range of an epoch in pages, whatever its length."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from kurto_ingest.ports import StoredSamples, StreamRecord
from kurto_ingest.quarantine.quarantine_store import QuarantineStore
from kurto_ingest.reading.read_ranges import Span, spans
from kurto_ingest.reading.sample_archive import SampleArchive
from kurto_ingest.reading.sample_pieces import HoleReason, Piece, PieceAssembler
from kurto_ingest.streams.ranges import IndexRange
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["ReadSizes", "SampleReader"]

_MAX_ROWS = 1024
_GROWTH = 4
_LONGEST_US = 3_600_000_000  # one query never looks for rows of one sensor in more than an hour


@dataclass(frozen=True, slots=True)
class ReadSizes:
    """How much is in memory for one reader.

    Attributes
    ----------
    page_bytes : int
        Rows of one query, about; a single row may be larger.
    chunk_bytes : int
        Samples in one message.
    """

    page_bytes: int
    chunk_bytes: int


class SampleReader:
    """Reads stored samples.

    No transaction and no connection is held from one page to the next: a slow reader costs a page
    of memory and nothing else. What retention deletes meanwhile becomes a hole.

    Parameters
    ----------
    archive : SampleArchive
        Where the rows are.
    quarantine : QuarantineStore
        Where those are that lay too far in the future.
    sizes : ReadSizes
        How much is in memory.
    """

    def __init__(
        self, archive: SampleArchive, quarantine: QuarantineStore, sizes: ReadSizes
    ) -> None:
        self._archive = archive
        self._quarantine = quarantine
        self._sizes = sizes

    async def pieces(
        self,
        record: StreamRecord,
        asked: IndexRange,
        channels: Sequence[int],
        *,
        include_quarantined: bool = False,
    ) -> AsyncGenerator[Piece, None]:
        """Yield chunks and holes that cover `asked`, ascending, as `record` knows it.

        Parameters
        ----------
        record : StreamRecord
            The epoch; its position tells what is durable.
        asked : IndexRange
            Indexes below the `next_index` that the sender was told.
        channels : sequence of int
            Numbers of the channels wanted, in order.
        include_quarantined : bool
            False to let what is in quarantine be a hole.
        """
        stream_format = record.format
        assembler = PieceAssembler(
            stream_format, channels, asked.first, chunk_bytes=self._sizes.chunk_bytes
        )
        for span in spans(record, asked):
            absence = span.absence
            if span.quarantined and not include_quarantined:
                absence = HoleReason.QUARANTINED
            if absence is not None:
                for piece in assembler.skip(span.end, absence):
                    yield piece
                continue
            pages = self._pages(stream_format, span)
            for piece in assembler.enter(quarantined=span.quarantined):
                yield piece
            while assembler.at < span.end:
                rows, known_to = await pages.next(assembler.at)
                for piece in assembler.take(rows, span.end):
                    yield piece
                for piece in assembler.skip(known_to, HoleReason.EXPIRED):
                    yield piece
        for piece in assembler.finish():
            yield piece

    def _pages(self, stream_format: StreamFormat, span: Span) -> _Pages | _QuarantinedPages:
        rows = self._page_rows(stream_format)
        if span.quarantined:
            return _QuarantinedPages(self._quarantine, stream_format, span.end, rows)
        return _Pages(self._archive, stream_format, span.end, rows)

    def _page_rows(self, stream_format: StreamFormat) -> int:
        return max(1, min(_MAX_ROWS, self._sizes.page_bytes // stream_format.hop_bytes))


class _QuarantinedPages:
    """Asks for the next rows by index: their times say nothing."""

    def __init__(
        self, store: QuarantineStore, stream_format: StreamFormat, end: int, rows: int
    ) -> None:
        self._store = store
        self._format = stream_format
        self._end = end
        self._rows = rows

    async def next(self, at: int) -> tuple[list[StoredSamples], int]:
        """Return rows from index `at` on, and the index up to which there are no others."""
        rows = await self._store.page(self._format, at, self._end, self._rows)
        return rows, at if len(rows) >= self._rows else self._end


class _Pages:
    """Asks for the next rows: for few blocks at a time where there are rows, for more where not."""

    def __init__(
        self, archive: SampleArchive, stream_format: StreamFormat, end: int, rows: int
    ) -> None:
        self._archive = archive
        self._format = stream_format
        self._end = end
        self._rows = rows
        self._blocks = rows
        self._oldest_known = False

    async def next(self, at: int) -> tuple[list[StoredSamples], int]:
        """Return rows from index `at` on, and the index up to which there are no others."""
        hop = self._format.hop_samples
        end = min(self._end, (at // hop + self._blocks) * hop)
        rows = await self._archive.page(self._format, at, end, self._rows)
        if len(rows) >= self._rows:
            return rows, at  # there may be more between the last one and `end`
        if rows:
            self._blocks = self._rows
            return rows, end
        self._blocks = min(self._blocks * _GROWTH, max(self._rows, self._longest_blocks()))
        return rows, max(end, await self._begin_of_storage(end))

    def _longest_blocks(self) -> int:
        block_us = self._format.burst_interval_us
        if not block_us:
            block_us = max(
                1, self._format.time_us(self._format.hop_samples) - self._format.time_us(0)
            )
        return _LONGEST_US // block_us

    async def _begin_of_storage(self, at: int) -> int:
        """Return the first index that can be stored at all, from `at` on."""
        if self._oldest_known:
            return at
        self._oldest_known = True
        oldest_us = await self._archive.oldest_us()
        if oldest_us is None:
            return self._end
        candidates = range(at, self._end)
        return at + bisect_left(candidates, oldest_us, key=self._format.time_us)
