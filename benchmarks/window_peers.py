"""Feature libraries that others use, for the comparison: tsfel and tsfresh, minimal sets.

Nothing depends on them: ``make bench`` alone installs them (``benchmarks/peers.txt``).
"""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure

TSFEL_FEATURES = {
    "statistical": (
        "Kurtosis",
        "Max",
        "Mean",
        "Min",
        "Peak to peak distance",
        "Root mean square",
        "Skewness",
    ),
    "spectral": (
        "Fundamental frequency",
        "Spectral centroid",
        "Spectral entropy",
        "Spectral spread",
    ),
}
"""Those of its features that the window features have too; it has no smaller set of its own."""

_KEYS = {"tsfel": "tsfel_ms", "tsfresh": "tsfresh_minimal_ms"}


def installed(
    samples: npt.NDArray[np.float32], sample_rate_hz: float
) -> dict[str, Callable[[], object]]:
    """Return the work of each library that is installed, by the key of its figure."""
    makers = {"tsfel": _tsfel, "tsfresh": _tsfresh}
    works: dict[str, Callable[[], object]] = {}
    for name, make in makers.items():
        try:
            works[_KEYS[name]] = make(samples, sample_rate_hz)
        except ModuleNotFoundError:
            print(f"{name} isn't installed: left out. make bench installs it.")
    return works


def report(figures: Sequence[Figure]) -> dict[str, object]:
    """Return version, time and ratio of the libraries among the figures."""
    found = {figure.key: figure for figure in figures}
    return {
        name: {"version": importlib.metadata.version(name), **found[key].as_json()}
        for name, key in _KEYS.items()
        if key in found
    }


def _tsfel(samples: npt.NDArray[np.float32], sample_rate_hz: float) -> Callable[[], object]:
    import tsfel  # noqa: PLC0415 - takes seconds, and may be absent

    chosen: dict[str, Any] = {}
    for domain, names in TSFEL_FEATURES.items():
        every = tsfel.get_features_by_domain(domain)[domain]
        chosen[domain] = {name: every[name] for name in names}
    extract = tsfel.time_series_features_extractor
    return lambda: _quietly(lambda: extract(chosen, samples, fs=sample_rate_hz, verbose=0))


def _tsfresh(samples: npt.NDArray[np.float32], sample_rate_hz: float) -> Callable[[], object]:
    import pandas as pd  # noqa: PLC0415 - takes seconds, and may be absent
    from tsfresh import extract_features  # noqa: PLC0415
    from tsfresh.feature_extraction import MinimalFCParameters  # noqa: PLC0415

    frame = pd.DataFrame({"id": 0, "value": samples})
    return lambda: _quietly(
        lambda: extract_features(
            frame,
            column_id="id",
            default_fc_parameters=MinimalFCParameters(),
            n_jobs=0,
            disable_progressbar=True,
        )
    )


def _quietly(work: Callable[[], object]) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()
