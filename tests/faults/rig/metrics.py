"""Reads one figure from the Prometheus page of a service."""

from __future__ import annotations

import asyncio
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


async def metric(url: str, name: str, **labels: str) -> float:
    """Return the value of a sample, 0.0 if it isn't there (yet).

    Parameters
    ----------
    url : str
        ``stack.ready["metrics"][service]``.
    name : str
        Full name of the sample, such as ``"kurto_ingest_commits_total"``.
    **labels : str
        All of its labels.
    """
    text = await asyncio.to_thread(_page, url)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return 0.0


def _page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60.0) as answer:
        content: bytes = answer.read()
    return content.decode()
