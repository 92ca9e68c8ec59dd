"""PostgreSQL is away for long: promise 3."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.faults.conftest import SensorCount
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.processes import MIB, usage
from tests.faults.rig.report import DrillBook, at_most, none_of, shown
from tests.faults.rig.scale import Scale
from tests.faults.rig.stack import own_postgres, rig_stack_behind
from tests.faults.rig.storing import storing

DRAIN_PATIENCE_S = 60.0
BUFFER_S = 60.0


@pytest.mark.timeout(400)
async def test_postgres_is_down(
    tmp_path: Path, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    before_s, down_s = scale.seconds(3, 5), scale.seconds(5, 45)
    # So small that the outage fills it: then senders have to wait, and keep what they have.
    pending_mib = scale.count(1, 16)
    environment = {"KURTO_INGEST_TOTAL_PENDING_BYTES": str(pending_mib * MIB)}
    (tmp_path / "stack").mkdir()
    with own_postgres(tmp_path / "postgres") as database:
        environment["KURTO_POSTGRES_DSN"] = database.dsn
        async with rig_stack_behind(tmp_path / "stack", environment=environment) as stack:
            names = sensor_names("p3", sensor_count(busy=0.25, short=4))
            load = Load(urlsplit(stack.ready["http"]).netloc, names, 600)
            async with (
                load.running(),
                storing(database.dsn, load.pushed) as seen,
                usage(lambda: stack.pid("ingest"), lambda: stack.pid("analyzer")) as used,
            ):
                await asyncio.sleep(before_s)
                away_s = time.monotonic()
                await asyncio.to_thread(database.kill)
                await asyncio.sleep(down_s - (time.monotonic() - away_s))
                database.launch()
                await asyncio.to_thread(database.wait_until_ready)
                up_s = time.monotonic()
                drained_s = await seen.drained(load.pushed, load.sample_rate_hz, DRAIN_PATIENCE_S)
                await asyncio.sleep(2.0)
                load.stop()
                load.duration_s = round(time.monotonic() - away_s + before_s)
            verdict = await check(database.dsn, load.pushed, hop=load.hop)
    ingest, analyzer = used
    book.add(
        *("3", "PostgreSQL down 45 s: 0 lost, bounded memory, drained < 30 s"),
        load=load,
        fault=f"PostgreSQL killed and down for {up_s - away_s:.0f} s; ingest may hold "
        f"{pending_mib} MiB",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            none_of("acknowledgments before the commit", seen.early_ack_count),
            at_most("drained after", drained_s - up_s, 30, "s"),
            at_most(
                "oldest unacknowledged sample",
                max(one.longest_lag_s for one in load.pushed),
                min(BUFFER_S, down_s + scale.seconds(30, 15)),
                "s",
            ),
            at_most("ingest RSS +", ingest.growth_since(away_s) / MIB, pending_mib + 64, "MiB"),
            shown("analyzer RSS +", analyzer.growth_since(away_s) / MIB, "MiB"),
        ],
    )
