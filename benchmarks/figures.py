"""Measured figures: values, units, counts, and ratios within one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Parameters
    ----------
    key : str
        Name in ``bench.json``.
    value : float
        The median, in ``unit``.
    unit : str
        Such as ``"ms"``; ``"1"`` for ratios.
    count : int
        Measurements.
    p99 : float or None
        99th percentile, where it says something.
    ratio : float or None
        Value over that of ``ratio_to``, from the same run.
    ratio_to : str
        What the ratio compares with.
    """

    key: str
    value: float
    unit: str
    count: int
    p99: float | None = None
    ratio: float | None = None
    ratio_to: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the figure as ``bench.json`` holds it."""
        entry = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        entry["p50"] = entry["value"]
        entry["n"] = entry.pop("count")
        return entry


def summary(key: str, samples: Sequence[float], unit: str) -> Figure:
    """Return median and 99th percentile of some measurements."""
    values = np.asarray(samples)
    p50, p99 = np.percentile(values, [50, 99])
    return Figure(key, float(p50), unit, len(values), p99=float(p99))


def compared(figure: Figure, baseline: Figure) -> Figure:
    """Return a figure with its ratio to another one of the same run."""
    ratio = figure.value / baseline.value
    return Figure(
        figure.key, figure.value, figure.unit, figure.count, figure.p99, ratio, baseline.key
    )


def interleaved_ms(works: Sequence[Callable[[], object]], *, rounds: int) -> list[list[float]]:
    """Time works in turn, so that a machine whose speed drifts treats them alike.

    Returns
    -------
    list of list of float
        For each work its times in milliseconds.
    """
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()  # warm
    for _ in range(rounds):
        for work, its in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            its.append((time.perf_counter() - start) * 1e3)
    return times
