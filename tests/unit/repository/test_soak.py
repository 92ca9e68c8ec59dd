"""What the soak takes for growth."""

import io

import numpy as np
import pytest
from benchmarks.soak.options import SoakOptions
from benchmarks.soak.report import Record, rows
from benchmarks.soak.resources import Usage
from benchmarks.soak.trend import Bound, judge

BOUND = Bound(per_hour=5.0, floor=2.0)
TIMES_S = np.arange(600.0, 3600.0, 10.0)


def noise(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.0, 1.0, len(TIMES_S))


def test_steady_growth_under_noise_is_found() -> None:
    trend = judge(TIMES_S, 100.0 + 8.0 * TIMES_S / 3600.0 + noise(1), BOUND)
    assert trend.passed is False
    assert trend.slope == pytest.approx(8.0, abs=1.0)


def test_noise_and_single_peaks_are_no_growth() -> None:
    series = 100.0 + noise(2)
    series[-20:-15] += 300.0
    assert judge(TIMES_S, series, BOUND).passed is True


def test_growth_below_the_floor_is_no_growth_in_a_short_run() -> None:
    times_s = np.arange(0.0, 60.0, 1.0)
    trend = judge(times_s, 100.0 + 0.01 * times_s, BOUND)
    assert trend.slope > BOUND.per_hour
    assert trend.passed is True


def test_a_handful_of_samples_is_not_judged() -> None:
    assert judge([0.0, 10.0], [1.0, 50.0], BOUND).passed is None


def test_a_restarted_process_is_judged_from_its_restart_on() -> None:
    record = Record(io.StringIO())
    for k in range(200):
        pid, memory = (1, 500.0 + k) if k < 100 else (2, 100.0)
        record.add(10.0 * k, {"ingest": Usage(pid, memory, 30, 10, 20)})
    found = {row.quantity: row.trend for row in rows(record, warmup_s=0.0, end_s=2000.0)}
    assert found["memory_mib"].passed is True
    assert found["memory_mib"].first == 100.0


def test_a_leak_of_a_task_for_every_reopening_fails() -> None:
    record = Record(io.StringIO())
    for k in range(360):
        usage = Usage(1, 100.0, 30, 10, 20 + k // 3)  # 120 an hour
        record.add(10.0 * k, {"ingest": usage})
    found = {row.quantity: row.trend for row in rows(record, warmup_s=600.0, end_s=3600.0)}
    assert found["asyncio_tasks"].passed is False
    assert found["file_descriptors"].passed is True


def test_a_setting_that_is_no_number_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="KURTO_SOAK_SENSORS"):
        SoakOptions.read({"KURTO_SOAK_SENSORS": "many"})


def test_a_short_run_warms_up_for_a_third() -> None:
    assert SoakOptions.read({"KURTO_SOAK_DURATION_S": "180"}).warmup_s == 60.0
    assert SoakOptions.read({}).warmup_s == 600.0
