"""The state of every sensor for SQL users."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

# Three services own views in it, and any of them may come first; all migrate under one lock.
_REPORTING = """
DO $$ BEGIN
    IF to_regnamespace('reporting') IS NULL THEN
        CREATE SCHEMA reporting;
        COMMENT ON SCHEMA reporting IS
            'Views for SQL users: the only part of the database with names that stay.';
    END IF;
END $$;
"""

_STATUS = """
CREATE VIEW reporting.v_sensor_status AS
SELECT
    s.sensor_id, s.display_name, s.machine_id, m.display_name AS machine_name, m.site_id, s.tags,
    CASE
        WHEN t.commit_time IS NULL THEN 'never'
        WHEN now() - t.commit_time
            < greatest(interval '3 s', 3 * t.burst_interval_us * interval '1 us') THEN 'live'
        ELSE 'stale'
    END AS state,
    s.monitored, s.archived, t.epoch, t.sample_rate_hz, t.channels,
    t.commit_time AS last_commit_time, now() - t.commit_time AS silence,
    CASE
        WHEN t.next_index = 0 THEN NULL
        WHEN t.burst_interval_us > 0 THEN
            t.anchor_time + (t.next_index / t.hop_samples) * t.burst_interval_us * interval '1 us'
        ELSE t.anchor_time + t.next_index / t.sample_rate_hz * interval '1 s'
    END AS last_sample_time,
    t.next_index AS next_sample_index, t.gap_count,
    ( SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(t.missing) AS r )
        AS missing_sample_count,
    ( SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(t.abandoned) AS r )
        AS abandoned_sample_count,
    s.retention, s.config_version, s.create_time, s.update_time
FROM ingest.sensors AS s
LEFT JOIN ingest.machines AS m USING (machine_id)
LEFT JOIN LATERAL (
    SELECT * FROM ingest.streams AS e WHERE e.sensor_id = s.sensor_id AND NOT e.backfill
    ORDER BY e.epoch DESC LIMIT 1
) AS t ON true;
COMMENT ON VIEW reporting.v_sensor_status IS
    'Every sensor with its newest epoch, as far as samples are stored. One row per sensor.';
COMMENT ON COLUMN reporting.v_sensor_status.state IS
    'live: samples were stored within 3 s (3 intervals for bursts). stale: not. never: none yet.';
COMMENT ON COLUMN reporting.v_sensor_status.last_commit_time IS 'When samples were last stored.';
COMMENT ON COLUMN reporting.v_sensor_status.last_sample_time IS
    'Nominal time just after the newest stored sample: anchor plus index over sample rate.';
COMMENT ON COLUMN reporting.v_sensor_status.gap_count IS 'Gaps in this epoch.';
COMMENT ON COLUMN reporting.v_sensor_status.missing_sample_count IS
    'Samples per channel that have not come and still may.';
COMMENT ON COLUMN reporting.v_sensor_status.abandoned_sample_count IS
    'Samples per channel that the sender gave up.';
COMMENT ON COLUMN reporting.v_sensor_status.retention IS
    'How long raw samples are kept; NULL for the default of the service.';
"""


def upgrade() -> None:
    """Add the view ``reporting.v_sensor_status``."""
    op.execute(_REPORTING)
    op.execute(_STATUS)
