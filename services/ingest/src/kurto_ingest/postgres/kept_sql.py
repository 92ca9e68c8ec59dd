"""Statements about ranges that are kept."""

from __future__ import annotations

from typing import Final

from kurto_ingest.postgres.classes import ALL_CLASSES

__all__ = [
    "COPY",
    "DUE",
    "EXPIRED",
    "EXTENT",
    "FIND",
    "FORGET",
    "LOOK_AGAIN",
    "MARK",
    "MAY_GROW",
    "NOTE",
    "PROGRESS",
    "REMOVE",
    "SETTLE",
]

NOTE: Final = """
INSERT INTO ingest.kept_ranges
    (sensor_id, keep_id, sensor_key, start_time, end_time, request, reason, note, expire_time)
SELECT v.sensor_id, v.keep_id, s.sensor_key, v.start_time, v.end_time, v.request::jsonb,
       v.reason, v.note, v.expire_time
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[],
            $6::smallint[], $7::text[], $8::timestamptz[])
    AS v (sensor_id, keep_id, start_time, end_time, request, reason, note, expire_time)
JOIN ingest.sensors AS s USING (sensor_id)
"""

LOOK_AGAIN: Final = """
ON CONFLICT (sensor_id, keep_id) DO UPDATE SET complete = false, due_time = now()
"""

# The streams that have got further than their snapshots. Marks lie in a table of their own: the
# rows of streams are locked by commits.
PROGRESS: Final = """
SELECT * FROM (
    SELECT sensor_id, epoch, s.retention, anchor_time, m.taken_time,
           anchor_time + make_interval(secs => next_index *
               CASE WHEN burst_interval_us > 0 THEN burst_interval_us / 1e6 / hop_samples
                    ELSE 1 / sample_rate_hz END) AS durable_time
    FROM ingest.sensors AS s JOIN ingest.streams USING (sensor_id)
    LEFT JOIN ingest.snapshot_marks AS m USING (sensor_id, epoch)
    WHERE s.retention->>'kind' = 'snapshots' AND NOT s.archived AND next_index > 0) AS found
WHERE taken_time IS NULL OR taken_time < durable_time
"""

MARK: Final = """
INSERT INTO ingest.snapshot_marks (sensor_id, epoch, taken_time)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[])
ON CONFLICT (sensor_id, epoch) DO UPDATE SET taken_time = excluded.taken_time
"""


FIND: Final = """
SELECT * FROM ingest.kept_ranges
WHERE ($1 = '' OR sensor_id = $1)
  AND ($2::timestamptz IS NULL OR end_time > $2)
  AND ($3::timestamptz IS NULL OR start_time < $3)
  AND ($4::bigint IS NULL OR kept_number < $4)
ORDER BY kept_number DESC LIMIT $5
"""

DUE: Final = """
SELECT sensor_id, keep_id FROM ingest.kept_ranges
WHERE NOT complete AND due_time <= $1 ORDER BY due_time LIMIT $2
"""

# Of the largest blocks that the sensor may have: their bytes, and the time that they span.
EXTENT: Final = """
SELECT max(hop_samples * cardinality(channels)
           * CASE encoding WHEN 1 THEN 4 WHEN 2 THEN 2 WHEN 3 THEN 3 ELSE 4 END) AS hop_bytes,
       max(hop_samples / sample_rate_hz)::float8 AS hop_s
FROM ingest.streams WHERE sensor_id = $1
"""

# Blocks of the range that are not copied yet, oldest first. A block that begins before the range
# belongs to it when its last sample does.
COPY: Final = f"""
WITH wanted AS (
    SELECT d.* FROM ingest.sensor_data AS d
    JOIN ingest.streams AS s ON s.sensor_id = $6 AND s.epoch = d.epoch
    WHERE d.retention_class = ANY({ALL_CLASSES}) AND d.retention_class <> 4
      AND d.sensor_key = $1 AND d.block_time >= $2 AND d.block_time < $4
      AND d.block_time + make_interval(secs => d.sample_count / s.sample_rate_hz) > $3
      AND NOT EXISTS (
          SELECT FROM ingest.sensor_data AS k
          WHERE k.retention_class = 4 AND k.block_time = d.block_time
            AND k.sensor_key = d.sensor_key AND k.epoch = d.epoch
            AND k.first_index = d.first_index)
    ORDER BY d.block_time LIMIT $5),
copied AS (
    INSERT INTO ingest.sensor_data (retention_class, block_time, sensor_key, epoch, first_index,
                                    sample_count, quality, shaft_speed_hz, samples)
    SELECT 4, block_time, sensor_key, epoch, first_index, sample_count, quality, shaft_speed_hz,
           samples
    FROM wanted
    ON CONFLICT DO NOTHING)
SELECT count(*) FROM wanted
"""

# Samples may still come: some of the range are missing, or no stream that covers it has got past
# its end. Times of burst sensors grow with the bursts.
MAY_GROW: Final = """
WITH rates AS (
    SELECT next_index, missing, anchor_time,
           CASE WHEN burst_interval_us > 0 THEN burst_interval_us / 1e6 / hop_samples
                ELSE 1 / sample_rate_hz END AS sample_s
    FROM ingest.streams WHERE sensor_id = $1),
spans AS (
    SELECT *, anchor_time + make_interval(secs => next_index * sample_s) AS durable_time FROM rates)
SELECT coalesce(bool_or(m.first_time < $3 AND m.end_time > $2), false)
    OR NOT coalesce(bool_or(durable_time >= $3), false)
FROM spans
LEFT JOIN LATERAL (
    SELECT anchor_time + make_interval(secs => lower(r) * sample_s) AS first_time,
           anchor_time + make_interval(secs => upper(r) * sample_s) AS end_time
    FROM unnest(missing) AS r) AS m ON true
"""

SETTLE: Final = """
UPDATE ingest.kept_ranges AS k
SET complete = $3, due_time = $4, attempts = attempts + 1, sample_count = (
    SELECT coalesce(sum(d.sample_count), 0) FROM ingest.sensor_data AS d
    JOIN ingest.streams AS s ON s.sensor_id = $1 AND s.epoch = d.epoch
    WHERE d.retention_class = 4 AND d.sensor_key = k.sensor_key
      AND d.block_time >= k.start_time - interval '2 hours' AND d.block_time < k.end_time
      AND d.block_time + make_interval(secs => d.sample_count / s.sample_rate_hz) > k.start_time)
WHERE sensor_id = $1 AND keep_id = $2
RETURNING sample_count
"""

EXPIRED: Final = """
SELECT sensor_id, keep_id FROM ingest.kept_ranges
WHERE expire_time <= $1 ORDER BY expire_time LIMIT $2
"""

FORGET: Final = """
WITH gone AS (
    SELECT d.block_time, d.epoch, d.first_index FROM ingest.sensor_data AS d
    JOIN ingest.streams AS s ON s.sensor_id = $2 AND s.epoch = d.epoch
    WHERE d.retention_class = 4 AND d.sensor_key = $1 AND d.block_time >= $4 AND d.block_time < $5
      AND NOT EXISTS (
          SELECT FROM ingest.kept_ranges AS k
          WHERE k.sensor_key = $1 AND (k.sensor_id, k.keep_id) <> ($2, $3)
            AND k.start_time < d.block_time
                + make_interval(secs => d.sample_count / s.sample_rate_hz)
            AND k.end_time > d.block_time)
    LIMIT $6),
deleted AS (
    DELETE FROM ingest.sensor_data AS d USING gone
    WHERE d.retention_class = 4 AND d.sensor_key = $1 AND d.block_time = gone.block_time
      AND d.epoch = gone.epoch AND d.first_index = gone.first_index
      AND d.block_time >= $4 AND d.block_time < $5
    RETURNING 1)
SELECT count(*) FROM deleted
"""

REMOVE: Final = "DELETE FROM ingest.kept_ranges WHERE sensor_id = $1 AND keep_id = $2"
