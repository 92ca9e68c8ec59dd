"""Open alerts for SQL users, and what ingest is to be asked for after an alarm."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_KEEPING = """
ALTER TABLE alerts.sensor_profiles
    ADD COLUMN machine_id text NOT NULL DEFAULT '',
    ADD COLUMN keeps_around_alarms boolean NOT NULL DEFAULT false;
-- The cursor behind profiles that hold the columns above. The release before does not write it,
-- so that whatever that release reads is read again with them.
ALTER TABLE alerts.registry_cursor ADD COLUMN full_cursor text;

-- What ingest is still to be asked for, written with the transition that raised the alert.
CREATE TABLE alerts.keep_requests (
    alert_id text COLLATE "C" NOT NULL,
    sensor_id text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    attempt_count integer NOT NULL DEFAULT 0,
    next_attempt_time timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (alert_id, sensor_id)
);
CREATE INDEX keep_requests_due ON alerts.keep_requests (next_attempt_time);
"""

# Three services own views in it, and any of them may come first; all migrate under one lock.
_REPORTING = """
DO $$ BEGIN
    IF to_regnamespace('reporting') IS NULL THEN
        CREATE SCHEMA reporting;
        COMMENT ON SCHEMA reporting IS
            'Views for SQL users: the only part of the database with names that stay.';
    END IF;
END $$;

CREATE VIEW reporting.v_active_alerts AS
SELECT
    a.alert_id, a.sensor_id, a.channel, a.rule_id, a.rule_display_name,
    CASE a.severity WHEN 1 THEN 'info' WHEN 2 THEN 'warning' WHEN 3 THEN 'critical' END AS severity,
    a.severity AS severity_number,
    CASE a.state WHEN 3 THEN 'active' WHEN 4 THEN 'recovering' ELSE 'normal' END AS state,
    a.raise_time, now() - a.raise_time AS duration, a.feature, a.value, a.worst_value,
    a.limit_value, a.unit, a.acknowledged,
    CASE WHEN a.acknowledged THEN k.acknowledge_time END AS acknowledge_time,
    CASE WHEN a.acknowledged THEN k.principal END AS acknowledge_principal,
    CASE WHEN a.acknowledged THEN nullif(k.claimed_user, '') END AS acknowledge_user,
    CASE WHEN a.acknowledged THEN nullif(k.comment, '') END AS acknowledge_comment,
    a.epoch, a.window_index, a.update_time
FROM alerts.alerts AS a
LEFT JOIN alerts.acknowledgments AS k ON k.transition_number = a.acknowledgment_number
WHERE a.resolve_time IS NULL;
COMMENT ON VIEW reporting.v_active_alerts IS
    'Alerts that are open: raised, and neither resolved nor withdrawn. One row per alert.';
COMMENT ON COLUMN reporting.v_active_alerts.severity_number IS 'Higher is worse.';
COMMENT ON COLUMN reporting.v_active_alerts.state IS
    'active: beyond the limit. recovering: inside again, for less than the recovery time.';
COMMENT ON COLUMN reporting.v_active_alerts.raise_time IS
    'End of the window that raised it, by sample time.';
COMMENT ON COLUMN reporting.v_active_alerts.value IS
    'Value at the last transition; value, worst_value and limit_value are in unit.';
COMMENT ON COLUMN reporting.v_active_alerts.acknowledge_principal IS
    'Who acknowledged it, as proved by the token; acknowledge_user is the name that was given.';
"""


def upgrade() -> None:
    """Add the outbox of requests to keep samples, and ``reporting.v_active_alerts``."""
    op.execute(_KEEPING)
    op.execute(_REPORTING)
