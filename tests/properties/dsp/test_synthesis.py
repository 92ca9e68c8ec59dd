"""A simulated sample depends on its index alone, not on how the samples were asked for."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp


@given(
    fault=st.sampled_from(list(Fault)),
    seed=st.integers(0, 2**63),
    rate_hz=st.sampled_from([100.0, 2560.0, 25600.0, 48828.0]),
    start=st.integers(0, 10**11),
    chunks=st.lists(st.integers(0, 6000), min_size=1, max_size=12),
)
@settings(max_examples=50, deadline=None)
def test_chunking_does_not_change_samples(
    fault: Fault, seed: int, rate_hz: float, start: int, chunks: list[int]
) -> None:
    severity = SeverityRamp(0.1, 1.0, start_s=start / rate_hz, duration_s=0.5)
    model = MachineModel(fault=fault, seed=seed, sample_rate_hz=rate_hz, severity=severity)
    expected = MachineSignal(model).samples(start, sum(chunks))
    streamed = MachineSignal(model)
    pieces, index = [], start
    for count in chunks:
        pieces.append(streamed.samples(index, count))
        index += count
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), expected)
    backwards = MachineSignal(model)
    for count, piece in zip(reversed(chunks), reversed(pieces), strict=True):
        index -= count
        np.testing.assert_array_equal(backwards.samples(index, count), piece)
