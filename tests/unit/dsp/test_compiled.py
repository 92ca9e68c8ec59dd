"""Compiled loops: the same results as the functions they are made of, and compiled only once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kurto_dsp
from kurto_dsp import compile_features, plan_features, record_features
from kurto_dsp.band_magnitudes import deal_lines, join_magnitudes, write_magnitudes
from kurto_dsp.compiled import compiled
from kurto_dsp.envelope import add_deviations
from kurto_dsp.line_sums import add_lines
from kurto_dsp.moments import gather_moments, merge_moments
from kurto_dsp.real_transform import join_quarters
from kurto_dsp.rectified import sum_rectified
from kurto_dsp.ring import SensorRing
from kurto_dsp.spectral import write_hann_powers
from kurto_dsp.spectral_shape import add_spread

LOOPS: list[Callable[..., Any]] = [
    add_deviations,
    add_lines,
    add_spread,
    deal_lines,
    gather_moments,
    join_magnitudes,
    join_quarters,
    merge_moments,
    sum_rectified,
    write_hann_powers,
    write_magnitudes,
]


def compilations() -> list[int]:
    return [len(compiled(loop).signatures) for loop in LOOPS]  # type: ignore[attr-defined]


@pytest.mark.parametrize("rate_hz", [400.0, 2560.0, 12000.0, 25600.0, 44100.0, 48828.0])
def test_no_window_is_compiled_for_after_the_warming(rate_hz: float) -> None:
    compile_features()
    assert compilations() == [1] * len(LOOPS)
    noise = np.random.default_rng(0).standard_normal((3, round(1.2 * rate_hz)))
    record_features(noise, sample_rate_hz=rate_hz)
    hop = plan_features(sample_rate_hz=rate_hz).geometry.hop_length
    ring = SensorRing(channel_count=1, geometry=plan_features(sample_rate_hz=rate_hz).geometry)
    from_the_wire = np.frombuffer(noise[:1, :hop].astype(np.float32).tobytes(), np.float32)
    ring.push(0, from_the_wire.reshape(1, hop))  # read-only
    assert compilations() == [1] * len(LOOPS)


def test_a_loop_gives_what_its_function_gives() -> None:
    rng = np.random.default_rng(1)
    row = rng.standard_normal(1003).astype(np.float32)
    expected, its = np.zeros(7), np.zeros(7)
    gather_moments(row, expected)
    compiled(gather_moments)(row, its)
    assert its == pytest.approx(expected, rel=1e-12)
    mean = np.float32(0.01)
    assert compiled(sum_rectified)(row, mean) == pytest.approx(sum_rectified(row, mean), rel=1e-12)


def test_features_are_computed_where_nothing_can_be_kept() -> None:
    """Neither the package nor the cache directory can be written to: compiled without a trace."""
    program = (
        "from numba.core import caching\n"
        "for locator in caching.CacheImpl._locator_classes:\n"
        "    locator.from_function = classmethod(lambda cls, function, file: None)\n"
        "import kurto_dsp\n"
        "kurto_dsp.compile_features()\n"
        "window = kurto_dsp.window_features([0.0, 1.0] * 20, sample_rate_hz=100.0)\n"
        "print(window.channel(0)['rms'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr == ""
    assert float(done.stdout) == pytest.approx(0.5)


def test_what_needs_no_features_does_not_load_the_compiler() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(Path(kurto_dsp.__file__).parents[1])!r}); "
        "import kurto_dsp, kurto_dsp.diagnosis, kurto_dsp.bearings; print('numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "False"
