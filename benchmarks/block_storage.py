"""What PostgreSQL's own compression of stored blocks would save, and what a commit costs without.

Run it by itself: ``python -m benchmarks.block_storage [--recordings DIR]``. It starts a PostgreSQL
of its own and commits blocks as ingest does: 100 rows by binary COPY in one transaction.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from benchmarks.block_encoding import sources
from kurto_cli.stack import ports, postgres
from kurto_cli.stack.postgres import Postgres

ROWS = 100
COMMITS = 40
STORAGES = {
    "EXTERNAL (as it is)": "STORAGE EXTERNAL",
    "pglz": "STORAGE EXTENDED COMPRESSION pglz",
    "lz4": "STORAGE EXTENDED COMPRESSION lz4",
}
_TABLE = """
DROP TABLE IF EXISTS blocks;
CREATE TABLE blocks (
    retention_class smallint NOT NULL, block_time timestamptz NOT NULL,
    sensor_key integer NOT NULL, epoch bigint NOT NULL, first_index bigint NOT NULL,
    sample_count integer NOT NULL, quality integer NOT NULL, shaft_speed_hz double precision,
    samples bytea {storage} NOT NULL,
    PRIMARY KEY (retention_class, block_time, sensor_key, epoch, first_index))
"""


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """Run PostgreSQL with fsync, as `kurto up` does; yields its DSN and process id."""
    with tempfile.TemporaryDirectory() as directory:
        one = Postgres(Path(directory), ports.free_ports("127.0.0.1", 1)[0], "bench")
        one.initialise()
        process = subprocess.Popen(
            one.command(), env=postgres.environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        try:
            wait_until_ready(one)
            yield one.dsn("postgres"), process.pid
        finally:
            process.send_signal(postgres.STOP_SIGNAL)
            process.wait(30)


def wait_until_ready(one: Postgres) -> None:
    """Wait until the server answers."""
    words = [postgres.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(one.port)]
    deadline = time.monotonic() + 30
    while subprocess.run(words, check=False).returncode != 0:
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL does not start")
        time.sleep(0.05)


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and of all that it has started, in seconds."""
    total = 0.0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    return total


async def commit_all(connection: Any, payloads: list[bytes]) -> list[float]:
    """Commit rows as ingest does and return the seconds that each commit took."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = []
    for number in range(COMMITS):
        moment = start + timedelta(seconds=0.1 * number)
        rows = [
            (
                1,
                moment,
                key,
                1,
                number * 2560,
                2560,
                0,
                None,
                payloads[(number + key) % len(payloads)],
            )
            for key in range(ROWS)
        ]
        began = time.perf_counter()
        async with connection.transaction():
            await connection.copy_records_to_table("blocks", records=rows)
        times.append(time.perf_counter() - began)
    return sorted(times)


async def measure(dsn: str, pid: int, name: str, blocks: dict[str, list[Any]]) -> None:
    """Print one line a storage and encoding."""
    connection = await asyncpg.connect(dsn)
    try:
        for encoding, samples in blocks.items():
            payloads = [block.tobytes() for block in samples]
            raw = sum(map(len, payloads)) / len(payloads) * ROWS * COMMITS
            for label, storage in STORAGES.items():
                try:
                    await connection.execute(_TABLE.format(storage=storage))
                except asyncpg.FeatureNotSupportedError:
                    print(f"| {name} | {encoding} | {label} | this server has none | | |")
                    continue
                before = cpu_s(pid)
                times = await commit_all(connection, payloads)
                used_us = (cpu_s(pid) - before) / (ROWS * COMMITS) * 1e6
                size = await connection.fetchval("SELECT pg_total_relation_size('blocks')")
                median_us = times[len(times) // 2] / ROWS * 1e6
                print(
                    f"| {name} | {encoding} | {label} | {raw / size:.2f} | {median_us:.0f}"
                    f" | {used_us:.0f} |",
                    flush=True,
                )
    finally:
        await connection.close()


def main() -> None:
    """Measure all and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.block_storage")
    parser.add_argument("--recordings", type=Path, help="directory with cwru, mfpt, pronostia")
    options = parser.parse_args()
    print("| source | encoding | storage | samples / disk | µs a block, wall | CPU of PostgreSQL |")
    print("|---|---|---|---|---|---|")
    with server() as (dsn, pid):
        for name, blocks in sources(options.recordings):
            asyncio.run(measure(dsn, pid, name, blocks))


if __name__ == "__main__":
    main()
