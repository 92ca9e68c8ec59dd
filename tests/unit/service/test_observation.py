"""Logs and metrics."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from kurto_service.logs import FailureBudget, configure_logs
from kurto_service.metrics import (
    count_tasks,
    process_registry,
    start_exporter,
    zero_initialise,
)

LOG = logging.getLogger("room")


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_record_is_one_json_line_with_its_facts() -> None:
    stream = io.StringIO()
    configure_logs(level="INFO", form="auto", service="room", stream=stream)

    LOG.info("Batch stored", extra={"action": "store", "sample_count": 3})
    LOG.debug("Not written")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        LOG.exception("Failed")

    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["message"] == "Batch stored"
    assert (first["action"], first["sample_count"]) == ("store", 3)
    assert (first["level"], first["logger"], first["service"]) == ("INFO", "room", "room")
    assert "ValueError: two\nlines" in second["exc_info"]


def test_text_is_one_readable_line() -> None:
    stream = io.StringIO()
    configure_logs(level="INFO", form="text", service="room", stream=stream)

    LOG.warning("Batch refused", extra={"action": "refuse", "sensor_id": "pump-7"})

    line = stream.getvalue()
    assert line.endswith("WARNING Batch refused action=refuse sensor_id=pump-7\n")


def test_a_budget_bounds_records_of_one_kind() -> None:
    budget = FailureBudget(2)

    admitted = [budget.admit("a", second) for second in (0.0, 1.0, 2.0, 3.0)]

    assert admitted == [0, 0, None, None]
    assert budget.admit("b", 3.0) == 0
    assert budget.admit("a", 61.0) == 2  # tells what was held back
    assert budget.admit("a", 62.0) == 0


def test_every_combination_of_labels_starts_at_zero() -> None:
    registry = CollectorRegistry()
    commits = Counter("commits", "Commits.", ["kind", "outcome"], registry=registry)

    zero_initialise(commits, kind=("raw", "late"), outcome=("ok", "failed"))

    samples = [sample for metric in registry.collect() for sample in metric.samples]
    totals = [sample for sample in samples if sample.name == "commits_total"]
    assert len(totals) == 4
    assert {sample.value for sample in totals} == {0.0}


def test_the_exporter_serves_what_is_registered_and_stops() -> None:
    registry = process_registry()
    Counter("batches", "Batches.", registry=registry).inc(5)
    port, stop = start_exporter("127.0.0.1", 0, registry)
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
    finally:
        stop()

    assert "batches_total 5.0" in text
    assert "process_resident_memory_bytes" in text
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics")


async def test_tasks_of_the_event_loop_are_counted_from_another_thread() -> None:
    registry = CollectorRegistry()
    count_tasks(registry, asyncio.get_running_loop())

    def counted() -> float:
        return registry.get_sample_value("kurto_process_asyncio_tasks") or 0.0

    alone = await asyncio.to_thread(counted)
    tasks = [asyncio.create_task(asyncio.sleep(60)) for _ in range(5)]
    assert await asyncio.to_thread(counted) == alone + 5
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.to_thread(counted) == alone
