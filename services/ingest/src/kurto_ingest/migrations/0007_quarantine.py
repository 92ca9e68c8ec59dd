"""Samples that lie too far in the future, apart from the others."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

_STREAMS = """
-- All null while nothing of the epoch is in quarantine. What of it is there has an order of its
-- own, from quarantine_index on; the row's other columns know nothing of it.
ALTER TABLE ingest.streams
    ADD COLUMN quarantine_index bigint,
    ADD COLUMN quarantine_next_index bigint,
    ADD COLUMN quarantine_missing int8multirange,
    ADD COLUMN quarantine_abandoned int8multirange;
"""

_SAMPLES = """
CREATE TABLE ingest.quarantined_samples (
    sensor_key integer NOT NULL,
    epoch bigint NOT NULL,
    first_index bigint NOT NULL,
    sample_count integer NOT NULL,
    quality integer NOT NULL,
    shaft_speed_hz double precision,
    samples bytea STORAGE EXTERNAL NOT NULL,
    -- Slow values taken at these samples: index, name, unit, value, quality. Null for none.
    process_values jsonb,
    stored_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_key, epoch, first_index)
);
COMMENT ON TABLE ingest.quarantined_samples IS
    'Samples that lay too far in the future when they came: stored apart, not analysed, for days.';
-- Rows come in the order in which they are deleted.
CREATE INDEX quarantined_samples_stored_time ON ingest.quarantined_samples
    USING brin (stored_time) WITH (autosummarize = on);
"""


def upgrade() -> None:
    """Add the table ``ingest.quarantined_samples``, and what streams say of it."""
    op.execute(_STREAMS)
    op.execute(_SAMPLES)
