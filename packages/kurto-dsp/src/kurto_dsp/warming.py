"""Everything that is compiled, compiled ahead of the first window."""

import numpy as np

from kurto_dsp.offline import window_features

_RATE_HZ = 25600.0
_SAMPLES = 800


def compile_features() -> None:
    """Compile the loops of the features, or load what was compiled before.

    Takes about 3 s the first time, half a second later, without the interpreter's lock for part
    of it. Without this the first window takes as long.
    """
    noise = np.random.default_rng(0).standard_normal(_SAMPLES).astype(np.float32)
    window_features(noise, sample_rate_hz=_RATE_HZ)
