"""Assets, streams, and samples in partitions."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the schema's tables."""
    op.execute(_ASSETS)
    op.execute(_STREAMS)
    op.execute(_SAMPLES)


_ASSETS = """
CREATE TABLE ingest.sites (
    site_id text PRIMARY KEY,
    display_name text NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL DEFAULT now(),
    update_time timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ingest.machines (
    machine_id text PRIMARY KEY,
    site_id text NOT NULL REFERENCES ingest.sites,
    display_name text NOT NULL,
    nominal_speed_rpm double precision,
    archived boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL DEFAULT now(),
    update_time timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX machines_site ON ingest.machines (site_id);

-- One row: numbers every change of a sensor, densely, for those who follow configurations.
CREATE TABLE ingest.config_revision (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL
);
INSERT INTO ingest.config_revision (revision) VALUES (0);

CREATE TABLE ingest.sensors (
    sensor_id text PRIMARY KEY,
    sensor_key integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    machine_id text REFERENCES ingest.machines,
    display_name text NOT NULL,
    tags text[] NOT NULL,
    monitored boolean NOT NULL DEFAULT true,
    archived boolean NOT NULL DEFAULT false,
    config_version bigint NOT NULL,
    revision bigint NOT NULL UNIQUE,
    create_time timestamptz NOT NULL DEFAULT now(),
    update_time timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sensors_machine ON ingest.sensors (machine_id);

CREATE TABLE ingest.sensor_configs (
    sensor_id text NOT NULL REFERENCES ingest.sensors,
    version bigint NOT NULL,
    sample_rate_hz double precision NOT NULL,
    channels jsonb NOT NULL,
    burst_length_samples integer,
    burst_interval_s double precision,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, version)
);
"""

_STREAMS = """
-- The row is the lock: a commit names the fence and the next_index that it builds on.
CREATE TABLE ingest.streams (
    sensor_id text NOT NULL REFERENCES ingest.sensors,
    epoch bigint NOT NULL,
    sensor_key integer NOT NULL,
    boot_id text NOT NULL,
    fence bigint NOT NULL DEFAULT 1,
    config_version bigint NOT NULL,
    sample_rate_hz double precision NOT NULL,
    channels text[] NOT NULL,
    encoding smallint NOT NULL,
    scales double precision[] NOT NULL,
    hop_samples integer NOT NULL,
    window_hops integer NOT NULL,
    anchor_time timestamptz NOT NULL,
    clock_offset_us bigint,
    -- For burst sensors, whose index does not count the time between bursts; 0 for others.
    burst_interval_us bigint NOT NULL DEFAULT 0,
    next_index bigint NOT NULL DEFAULT 0,
    missing int8multirange NOT NULL DEFAULT '{}',
    abandoned int8multirange NOT NULL DEFAULT '{}',
    gap_count bigint NOT NULL DEFAULT 0,
    commit_token uuid,
    commit_time timestamptz,
    -- Windows below it are analysed, as far as is known: the analyzer knows exactly.
    analyzed_window bigint NOT NULL DEFAULT 0,
    -- Windows that begin before it are not to be analysed: analysis was stopped.
    analysis_from_index bigint NOT NULL DEFAULT 0,
    -- Windows that refills completed and whose late frames are not known to be stored.
    late_windows int8multirange NOT NULL DEFAULT '{}',
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, epoch),
    UNIQUE (sensor_id, boot_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""

_SAMPLES = """
CREATE TABLE ingest.sensor_data (
    retention_class smallint NOT NULL,
    block_time timestamptz NOT NULL,
    sensor_key integer NOT NULL,
    epoch bigint NOT NULL,
    first_index bigint NOT NULL,
    sample_count integer NOT NULL,
    quality integer NOT NULL,
    shaft_speed_hz double precision,
    samples bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (retention_class, block_time, sensor_key, epoch, first_index)
) PARTITION BY LIST (retention_class);

-- Class 1: kept for the default time.
CREATE TABLE ingest.sensor_data_1 PARTITION OF ingest.sensor_data
    FOR VALUES IN (1) PARTITION BY RANGE (block_time);
"""
