"""Baselines and machine classes that rules compare with, and what came with a machine."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_SQL = """
ALTER TABLE alerts.sensor_profiles
    ADD COLUMN machine_class text NOT NULL DEFAULT '',
    ADD COLUMN nominal_speed_hz double precision;
-- The cursor behind profiles that hold the columns above. The release before does not write it,
-- so that whatever that release reads is read again with them.
ALTER TABLE alerts.registry_cursor ADD COLUMN reference_cursor text;

-- Frozen baselines, copied from the analyzer so that rules go on while it is away.
CREATE TABLE alerts.baselines (
    baseline_id bigint PRIMARY KEY,
    sensor_id text NOT NULL,
    freeze_time timestamptz NOT NULL,
    end_time timestamptz,
    levels jsonb NOT NULL
);
COMMENT ON COLUMN alerts.baselines.freeze_time IS
    'It holds for windows that start at or after it, and before end_time.';
CREATE INDEX baselines_of_sensor ON alerts.baselines (sensor_id, baseline_id);
-- The newest event of the analyzer's audit of baselines that is taken up.
CREATE TABLE alerts.baseline_cursor (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    event_number bigint NOT NULL DEFAULT 0
);
INSERT INTO alerts.baseline_cursor DEFAULT VALUES;
"""


def upgrade() -> None:
    """Add what rules compare with."""
    op.execute(_SQL)
