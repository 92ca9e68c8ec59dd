"""Work that fails counts against the budget; who waits too long is told what to do."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from kurto_analyzer.exceptions import DiagnosisTooLate
from kurto_analyzer.long_windows import worker as worker_module
from kurto_analyzer.long_windows.fakes import FakeLongResults
from kurto_analyzer.long_windows.metrics import LongWindowMetrics
from kurto_analyzer.long_windows.ports import NoBaselines
from kurto_analyzer.long_windows.worker import LongWindowLimits, LongWindowWorker
from kurto_service.clock import SystemClock


def spinning() -> None:
    total = 0
    for number in range(200_000):
        total += number
    raise ZeroDivisionError(total)


def test_processor_time_of_work_that_fails_is_known() -> None:
    done: Future[None] = Future()
    cpu_s = worker_module._timed(spinning, done)
    assert cpu_s > 0.0
    with pytest.raises(ZeroDivisionError):
        done.result(timeout=0)


def worker(registry: CollectorRegistry, **limits: Any) -> LongWindowWorker:
    return LongWindowWorker(
        SimpleNamespace(),  # type: ignore[arg-type]
        FakeLongResults(),
        NoBaselines(),
        SystemClock(),
        LongWindowMetrics(registry),
        limits=LongWindowLimits(**({"share": 0.1} | limits)),
        is_live_idle=lambda: True,
    )


async def test_work_that_fails_is_paid_for() -> None:
    registry = CollectorRegistry()
    one = worker(registry)
    try:
        with pytest.raises(ZeroDivisionError):
            await one._in_thread(spinning)
    finally:
        await one.close()
    spent_s = registry.get_sample_value("kurto_analyzer_long_window_cpu_seconds_total") or 0.0
    assert spent_s > 0.0
    before_s = SystemClock().monotonic() - 3600.0
    assert one._budget.wait_s(before_s) > 3500.0  # as far as time is known to have been paid for


async def test_a_request_that_comes_too_late_says_what_to_raise() -> None:
    one = worker(CollectorRegistry(), request_timeout_s=0.05)
    sensor: Any = SimpleNamespace(
        key=("pump-7", 1), track=SimpleNamespace(history=SimpleNamespace(window=object))
    )
    try:
        async with asyncio.timeout(20):
            with pytest.raises(
                DiagnosisTooLate, match=r"pump-7 did not come within 0\.05 s"
            ) as told:
                await one.request(sensor)  # nobody runs the worker
    finally:
        await one.close()
    assert "KURTO_ANALYZER_DIAGNOSIS_CPU_SHARE" in str(told.value)
