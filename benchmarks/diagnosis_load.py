"""What diagnoses cost beside the live path, and how often each sensor has one."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.figures import Figure
from benchmarks.local_stack import LocalStack

FIRST_S = 12.0
"""From the first sample until every sensor has had its first diagnosis due: 10 s and a margin."""

_CPU = "kurto_analyzer_long_window_cpu_seconds_total"
_WINDOWS = "kurto_analyzer_long_windows_total"


@dataclass(frozen=True)
class Reading:
    """What the analyzer has counted.

    Parameters
    ----------
    at_s : float
        When.
    cpu_s : float
        Processor time of long windows.
    stored, failed : float
        Long windows by outcome.
    """

    at_s: float
    cpu_s: float
    stored: float
    failed: float


async def read(stack: LocalStack, *, after_s: float = 0.0) -> Reading:
    """Return what the analyzer has counted, some time from now."""
    await asyncio.sleep(after_s)
    text = await asyncio.to_thread(_page, stack.ready()["metrics"]["analyzer"])
    values: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values[sample.name, sample.labels.get("outcome", "")] = sample.value
    return Reading(
        time.perf_counter(),
        values[_CPU, ""],
        values[_WINDOWS, "stored"],
        values[_WINDOWS, "failed"] + values[_WINDOWS, "unstored"],
    )


def figures(first: Reading, last: Reading, sensors: int) -> list[Figure]:
    """Return processor time in percent of one core, and the time from one diagnosis to the next."""
    span_s, stored = last.at_s - first.at_s, last.stored - first.stored
    found = [
        Figure("diagnosis_cpu_percent", 100.0 * (last.cpu_s - first.cpu_s) / span_s, "% core", 1),
        Figure("diagnoses_lost", last.failed, "windows", 1),
    ]
    if stored:
        found.append(Figure("diagnosis_period_s", span_s * sensors / stored, "s", int(stored)))
    return found


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5.0) as answer:
        content: bytes = answer.read()
    return content.decode()
