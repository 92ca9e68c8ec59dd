"""Retention for each sensor, and ranges that are kept beyond it."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add retention policies and kept ranges."""
    op.execute(_CLASSES)
    op.execute(_KEPT)


_CLASSES = """
-- Blocks of one class are kept for the same time. A late class holds what came long after it was
-- taken; its number is that of the class it belongs to plus 1000.
CREATE TABLE ingest.retention_classes (
    retention_class smallint PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('default', 'forever', 'buffer', 'kept', 'time')),
    -- For the kind time.
    keep_hours integer,
    -- Hours that one partition covers.
    span_hours integer NOT NULL,
    CHECK ((kind = 'time') = (keep_hours IS NOT NULL))
);
INSERT INTO ingest.retention_classes (retention_class, kind, keep_hours, span_hours) VALUES
    (1, 'default', NULL, 1),
    (2, 'forever', NULL, 24),
    (3, 'buffer', NULL, 1),
    (4, 'kept', NULL, 720),
    (1001, 'default', NULL, 720),
    (1002, 'forever', NULL, 720);

ALTER TABLE ingest.sensors
    -- The policy as it was set; null for the service's default.
    ADD COLUMN retention jsonb,
    ADD COLUMN retention_class smallint NOT NULL DEFAULT 1 REFERENCES ingest.retention_classes;

-- When a row arrived: what was taken long ago is kept from then on.
ALTER TABLE ingest.sensor_data ADD COLUMN stored_time timestamptz NOT NULL DEFAULT now();
"""

_KEPT = """
CREATE TABLE ingest.kept_ranges (
    sensor_id text NOT NULL REFERENCES ingest.sensors,
    keep_id text NOT NULL,
    -- Numbers the ranges in the order in which they were asked for.
    kept_number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    sensor_key integer NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL CHECK (end_time > start_time),
    -- What was asked for, to tell a repeated request from another one.
    request jsonb NOT NULL,
    reason smallint NOT NULL,
    note text NOT NULL,
    expire_time timestamptz,
    sample_count bigint NOT NULL DEFAULT 0,
    complete boolean NOT NULL DEFAULT false,
    -- How often blocks were looked for, and when that is due again.
    attempts integer NOT NULL DEFAULT 0,
    due_time timestamptz NOT NULL DEFAULT now(),
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, keep_id)
);
-- How far snapshots of an epoch are taken.
CREATE TABLE ingest.snapshot_marks (
    sensor_id text NOT NULL,
    epoch bigint NOT NULL,
    taken_time timestamptz NOT NULL,
    PRIMARY KEY (sensor_id, epoch)
);
CREATE INDEX kept_ranges_due ON ingest.kept_ranges (due_time) WHERE NOT complete;
CREATE INDEX kept_ranges_expire ON ingest.kept_ranges (expire_time) WHERE expire_time IS NOT NULL;
CREATE INDEX kept_ranges_sensor ON ingest.kept_ranges (sensor_key, end_time);
"""
