"""The examples on the reference pages run and give the axes that the pages speak of."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PAGES = Path(__file__).resolve().parents[4] / "docs" / "reference" / "signal"
RATE_HZ = 25_600
TIMES_S = np.arange(10 * RATE_HZ) / RATE_HZ


def run_examples(page: str) -> dict[str, Any]:
    """Execute the Python blocks of a page, one after the other, on ten seconds of signal."""
    since = np.mod(TIMES_S, 0.01)
    ringing = np.exp(-2000.0 * since) * np.sin(2 * np.pi * 3500.0 * since)
    names: dict[str, Any] = {
        "samples": ringing + 0.1 * np.random.default_rng(0).standard_normal(len(TIMES_S)),
        "tacho": np.where(np.mod(29.95 * TIMES_S, 1.0) < 0.1, 5.0, 0.0),
        "times_s": np.array([0.0, 10.0]),
        "speeds_hz": np.array([29.0, 30.0]),
    }
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), names)  # the page's own code
    return names


def test_the_page_on_spectra() -> None:
    names = run_examples("spectra.md")
    spectrum = names["spectrum"]
    assert spectrum.frequencies_hz[-1] == 2000.0
    assert spectrum.resolution_hz == 0.3125
    assert spectrum.unit == "g"
    envelope = names["envelope"]
    line = int(np.argmax(envelope.values[0, 50:])) + 50
    assert envelope.frequencies_hz[line] == pytest.approx(100.0)


def test_the_page_on_orders() -> None:
    names = run_examples("orders.md")
    assert names["spectrum"].mean_speed_hz == pytest.approx(29.95)
    assert names["average"].revolution_counts[0] == 299


def test_the_page_on_cepstrum_and_kurtogram() -> None:
    names = run_examples("cepstrum-and-kurtogram.md")
    assert names["cepstrum"].quefrencies_s[-1] == pytest.approx(0.5)
    assert names["best"].band.low_hz < 3500.0 < names["best"].band.high_hz
    line = int(np.argmax(names["spectrum"].values[0, 50:])) + 50
    assert names["spectrum"].frequencies_hz[line] == pytest.approx(100.0)
