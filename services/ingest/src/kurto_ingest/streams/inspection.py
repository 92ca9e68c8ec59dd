"""The quality of many blocks at once: looking at each by itself costs more than the looking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding, planar_view, sample_values

__all__ = ["inspect_together"]

_SLICE_BYTES = 512 * 1024


def inspect_together(blocks: Iterable[Block]) -> None:
    """Find those of `blocks` that have nothing to be flagged; the others tell when asked.

    Parameters
    ----------
    blocks : iterable of Block
        Of any streams; those that are inspected already are left alone.
    """
    groups: dict[tuple[tuple[int, int, bool], int], list[Block]] = {}
    for block in blocks:
        inspector = block.inspector
        if inspector is not None:
            key = (inspector.form, len(block.data))
            group = groups.get(key)
            if group is None:
                groups[key] = [block]
            else:
                group.append(block)
    for ((encoding, channel_count, _), size_bytes), group in groups.items():
        step = max(1, _SLICE_BYTES // size_bytes)
        for at in range(0, len(group), step):
            _inspect(group[at : at + step], Encoding(encoding), channel_count)


def _inspect(group: Sequence[Block], encoding: Encoding, channel_count: int) -> None:
    # Planar blocks one after another are a planar block with more channels.
    joined = b"".join([block.data for block in group])
    values = sample_values(planar_view(joined, encoding, len(group) * channel_count))
    lows = np.minimum.reduce(values, axis=1).astype(np.float64)
    highs = np.maximum.reduce(values, axis=1).astype(np.float64)
    limits = np.array(
        [limit for block in group if block.inspector for limit in block.inspector.limits]
    )
    clean = np.isfinite(lows) & np.isfinite(highs) & (lows < highs)
    clean &= (highs < limits) & (-lows < limits)
    inspectors = [block.inspector for block in group if block.inspector]
    if inspectors[0].form[-1]:
        with np.errstate(invalid="ignore"):  # what is not finite is not clean anyway
            means = np.add.reduce(values, axis=1, dtype=np.float64) / values.shape[1]
        ranges = np.concatenate([inspector.means for inspector in inspectors])
        clean &= (ranges[:, 0] <= means) & (means <= ranges[:, 1])
    for block, fine in zip(group, clean.reshape(-1, channel_count).all(axis=1), strict=True):
        if fine:
            block.inspected(0)
