"""Decides what to write next to a call, and writes it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kurto.messages import push_abandon, push_batch
from kurto.push_call import PushCall
from kurto.sample_buffer import SampleSource, not_held
from kurto.send_buffer import Chunk, Range

_SLOT = 0
_MAX_PIECES = 64
_MAX_VALUES = 64
_logger = logging.getLogger("kurto.sender")


class BatchWriter:
    """Walks through a buffer in index order; ranges that the service misses go first.

    Parameters
    ----------
    source : SampleSource
        The samples.
    row_bytes : int > 0
        Bytes of one sample of all channels.
    batch_bytes : int > 0
        Samples of one message, in bytes.
    """

    def __init__(self, source: SampleSource, *, row_bytes: int, batch_bytes: int) -> None:
        self._source = source
        self._row_bytes = row_bytes
        self._batch_bytes = batch_bytes
        self._batch_samples = max(1, batch_bytes // row_bytes)
        self._todo: deque[Range] = deque()
        self.declared: frozenset[tuple[str, str]] = frozenset()
        """Names and units of the process values that the service knows of this sensor."""
        self.left_out_value_count = 0
        self.cursor = 0
        self.written_bytes = 0
        self.abandoned_sample_count = 0

    @property
    def has_todo(self) -> bool:
        """Whether missing ranges are to be sent or given up."""
        return bool(self._todo)

    def begin_at(self, index: int, max_batch_samples: int) -> None:
        """Go on at an index, within the service's limit."""
        self.cursor = index
        self._todo.clear()
        size = max(1, self._batch_bytes // self._row_bytes)
        self._batch_samples = min(size, max_batch_samples) if max_batch_samples > 0 else size

    def refill(self, missing: Sequence[Range]) -> None:
        """Send or give up some ranges before anything else."""
        self._todo.extend(missing)

    async def write_next(self, call: PushCall) -> bool:
        """Write one message, if there is something to say."""
        if self._todo:
            await self._write_missing(call, self._todo.popleft())
            return True
        chunk = await self._next_batch(self.cursor, self._batch_samples)
        if chunk is None:
            return False
        if chunk.first_index > self.cursor:
            # What lies between is no longer here; once the service sees the jump it is a gap,
            # and a gap can be given up.
            self._todo.append(Range(self.cursor, chunk.first_index))
        await self._write(call, chunk)
        self.cursor = chunk.end_index
        return True

    async def _write_missing(self, call: PushCall, gap: Range) -> None:
        """Send the next part of a gap, or give up what of it is not held."""
        held = await self._source.held(gap)
        if not held:
            self.abandoned_sample_count += len(gap)
            await call.write(push_abandon(gap, _SLOT))
            return
        for lost in not_held(Range(gap.first_index, held[0].first_index), []):
            self.abandoned_sample_count += len(lost)
            await call.write(push_abandon(lost, _SLOT))
        first = held[0].first_index
        size = min(self._batch_samples, held[0].end_index - first)
        chunk = await self._next_batch(first, size)
        end = held[0].end_index
        if chunk is not None and chunk.first_index < end:
            await self._write(call, chunk)
            end = chunk.end_index
        if end < gap.end_index:
            self._todo.appendleft(Range(end, gap.end_index))

    async def _write(self, call: PushCall, chunk: Chunk) -> None:
        if any((value.name, value.unit) not in self.declared for value in chunk.values):
            chunk = self._with_declared(chunk)
        await call.write(push_batch(chunk, _SLOT))
        self.written_bytes += chunk.samples.nbytes

    def _with_declared(self, chunk: Chunk) -> Chunk:
        """Leave out values that the service would refuse: samples must not suffer for them."""
        known = tuple(v for v in chunk.values if (v.name, v.unit) in self.declared)
        if not self.left_out_value_count:
            names = sorted({f"{v.name} in {v.unit}" for v in chunk.values if v not in known})
            _logger.warning(
                "process values are left out: the sensor's configuration does not declare %s; give"
                " reconfigure=True, or change it with AssetService.UpdateSensor",
                ", ".join(names),
                extra={"values": names},
            )
        self.left_out_value_count += len(chunk.values) - len(known)
        return replace(chunk, values=known)

    async def _next_batch(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples; small chunks that belong together travel together."""
        first = await self._source.first_from(index, max_samples)
        if first is None:
            return None
        pieces, count, value_count = [first], first.sample_count, len(first.values)
        while count < max_samples and len(pieces) < _MAX_PIECES:
            end = pieces[-1].end_index
            piece = await self._source.first_from(end, max_samples - count)
            if piece is None or not _follows(piece, pieces[-1]):
                break
            value_count += len(piece.values)
            if value_count > _MAX_VALUES:
                break
            pieces.append(piece)
            count += piece.sample_count
        if len(pieces) == 1:
            return first
        samples = np.concatenate([_as_bytes(piece) for piece in pieces], axis=1)
        values = tuple(value for piece in pieces for value in piece.values)
        return replace(first, samples=samples, values=values)


def _follows(piece: Chunk, before: Chunk) -> bool:
    return (
        piece.first_index == before.end_index
        and piece.shaft_speed_hz == before.shaft_speed_hz
        and piece.device_time_us is None
    )


def _as_bytes(chunk: Chunk) -> np.ndarray[tuple[int, int], np.dtype[np.void]]:
    """Return samples of any encoding as opaque bytes, so that memory and disk go together."""
    channels, count = chunk.samples.shape[:2]
    size = chunk.samples.nbytes // (channels * count)
    return np.ascontiguousarray(chunk.samples).view(f"V{size}").reshape(channels, count)
