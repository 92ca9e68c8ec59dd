"""Slow values beside the samples: temperature, load, speed."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_VALUES = """
CREATE TABLE ingest.process_values (
    sensor_key integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- Nominal time of the sample: anchor plus index over sample rate, the same on every resend.
    value_time timestamptz NOT NULL,
    epoch bigint NOT NULL,
    sample_index bigint NOT NULL,
    value double precision NOT NULL,
    unit text NOT NULL,
    quality smallint NOT NULL,
    note_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_key, name, value_time, epoch, sample_index)
);
COMMENT ON TABLE ingest.process_values IS
    'Process values as they were pushed, stored in the transaction of their samples.';
-- Rows come in the order in which they are deleted.
CREATE INDEX process_values_note_time ON ingest.process_values USING brin (note_time)
    WITH (autosummarize = on);
"""

_VIEW = """
CREATE VIEW reporting.v_process_values AS
SELECT
    s.sensor_id, v.name, v.value_time, v.value, v.unit,
    CASE v.quality WHEN 2 THEN 'uncertain' WHEN 3 THEN 'bad' ELSE 'good' END AS quality,
    v.epoch, v.sample_index
FROM ingest.process_values AS v
JOIN ingest.sensors AS s USING (sensor_key);
COMMENT ON VIEW reporting.v_process_values IS
    'Slow values beside the samples, such as temperature and load. One row per value.';
COMMENT ON COLUMN reporting.v_process_values.value_time IS
    'Nominal time of the sample that it was taken with: anchor plus index over sample rate.';
COMMENT ON COLUMN reporting.v_process_values.quality IS
    'good, uncertain (used like a good one) or bad (worthless: the load is unknown from it on).';
"""


def upgrade() -> None:
    """Add process values and the view ``reporting.v_process_values``."""
    op.execute(_VALUES)
    op.execute(_VIEW)
