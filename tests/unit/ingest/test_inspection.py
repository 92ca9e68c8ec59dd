"""The quality of many blocks at once is that of each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.inspection import inspect_together
from kurto_ingest.streams.quality import BlockInspector

CHANNELS = 2
INTEGER = BlockInspector(Encoding.I16LE, [1.0], [100.0, None])
FLOAT = BlockInspector(Encoding.F32LE, [], [5.0, 7.0])
BIASED = BlockInspector(Encoding.I16LE, [1.0], [100.0, None], [(-5.0, 30.0), (0.0, 1.0)])
BIASED_FLOAT = BlockInspector(Encoding.F32LE, [], [5.0, 7.0], [(-0.5, 0.5), None])
WIDE = BlockInspector(Encoding.I24LE, [1.0, 2.0], [1000.0, 2000.0])
samples_i16 = st.sampled_from([-32768, -101, -100, -3, 0, 1, 99, 100, 32767])
samples_f32 = st.sampled_from([-7.0, -5.0, -1.0, 0.0, 0.5, 5.0, 7.0, np.inf, -np.inf, np.nan])
samples_i24 = st.sampled_from([-(2**23), -1000, 0, 5, 999, 1000, 2**23 - 1])


def packed(inspector: BlockInspector, values: list[float]) -> bytes:
    if inspector.encoding is Encoding.I24LE:
        return b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
    form = "<i2" if inspector.encoding is Encoding.I16LE else "<f4"
    return np.asarray(values, dtype=form).tobytes()


def blocks_of(inspector: BlockInspector, values: st.SearchStrategy[float]) -> st.SearchStrategy:
    counts = st.integers(1, 5)
    rows = counts.flatmap(lambda n: st.lists(values, min_size=CHANNELS * n, max_size=CHANNELS * n))
    return rows.map(lambda row: (inspector, packed(inspector, row), len(row) // CHANNELS))


anything = st.lists(
    st.one_of(
        blocks_of(INTEGER, samples_i16),
        blocks_of(FLOAT, samples_f32),
        blocks_of(WIDE, samples_i24),
        blocks_of(BIASED, samples_i16),
        blocks_of(BIASED_FLOAT, samples_f32),
    ),
    max_size=12,
)


@given(anything, st.integers(0, 63))
def test_blocks_inspected_together_have_the_flags_of_each(
    found: list[tuple[BlockInspector, bytes, int]], flags: int
) -> None:
    blocks = [
        Block(0, count, data, flags, None, inspector=inspector) for inspector, data, count in found
    ]
    inspect_together(blocks)
    expected = [flags | inspector.mask_of(data) for inspector, data, _ in found]
    assert [block.quality for block in blocks] == expected


def test_a_clean_block_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = Block(0, 3, packed(INTEGER, [1, 2, 3, 4, 5, 6]), 0, None, inspector=INTEGER)
    odd = Block(0, 3, packed(INTEGER, [1, 2, 3, 5, 5, 5]), 0, None, inspector=INTEGER)
    inspect_together([clean, odd])
    looked: list[bytes] = []
    mask_of = BlockInspector.mask_of

    def spy(self: BlockInspector, data: bytes) -> int:
        looked.append(data)
        return mask_of(self, data)

    monkeypatch.setattr(BlockInspector, "mask_of", spy)
    assert clean.quality == 0
    assert odd.quality != 0
    assert odd.quality != 0
    assert looked == [odd.data]


def test_flags_added_before_the_samples_are_looked_at_stay() -> None:
    block = Block(0, 3, packed(INTEGER, [1, 1, 1, 4, 5, 6]), 0, None, inspector=INTEGER)
    block.flag(16)
    alone = INTEGER.mask_of(block.data)
    assert block.quality == 16 | alone
    assert block == Block(0, 3, block.data, 16 | alone, None)
