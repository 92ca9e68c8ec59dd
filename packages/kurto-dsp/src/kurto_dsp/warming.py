"""Everything that is compiled, compiled ahead of the first window."""

import numpy as np

from kurto_dsp.offline import window_features

_RATE_HZ = 25600.0
_LENGTHS = (800, 802)
"""One that four divides and one that it does not: their transforms differ."""


def compile_features() -> None:
    """Compile the loops of the features, or load what was compiled before.

    Takes about 3 s the first time, half a second later, without the interpreter's lock for part
    of it. Without this the first window takes as long.
    """
    noise = np.random.default_rng(0).standard_normal(max(_LENGTHS)).astype(np.float32)
    for length in _LENGTHS:
        window_features(noise[:length], sample_rate_hz=_RATE_HZ)
