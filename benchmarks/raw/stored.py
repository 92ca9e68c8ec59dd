"""What of a load is in PostgreSQL, and whether it is what was sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

import asyncpg

from benchmarks.raw.messages import HOP, VARIANTS, payloads

_COUNTS = """
SELECT sensor_id, sum(sample_count)::bigint AS samples, count(DISTINCT first_index) AS rows,
    count(*) AS copies, max(first_index + sample_count) AS end_index
FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = ANY($1) GROUP BY sensor_id
"""
_CONTENT = """
SELECT DISTINCT sensor_id, first_index / $2 % $3 AS variant, md5(samples) AS digest
FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = ANY($1)
"""


def flawless(dsn: str, sensor_ids: Sequence[str], hops: int) -> bool:
    """Tell whether every hop of every sensor is stored once, and as it was sent."""
    return asyncio.run(_flawless(dsn, sensor_ids, hops))


async def _flawless(dsn: str, sensor_ids: Sequence[str], hops: int) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        counts = await connection.fetch(_COUNTS, sensor_ids)
        content = await connection.fetch(_CONTENT, sensor_ids, HOP, VARIANTS)
    finally:
        await connection.close()
    whole = hops * HOP
    complete = [
        row["samples"] == row["end_index"] == whole and row["rows"] == row["copies"] == hops
        for row in counts
    ]
    found = {(row["sensor_id"], row["variant"], row["digest"]) for row in content}
    sent = {
        (sensor_id, variant, hashlib.md5(samples, usedforsecurity=False).hexdigest())
        for sensor_id in sensor_ids
        for variant, samples in enumerate(payloads(sensor_id))
    }
    return len(complete) == len(sensor_ids) and all(complete) and found <= sent
