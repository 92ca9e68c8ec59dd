"""Baselines of healthy machines, who asked for them, and the speed of each window."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_SQL = """
ALTER TABLE analyzer.realtime_features ADD COLUMN shaft_speed_hz real;
COMMENT ON COLUMN analyzer.realtime_features.shaft_speed_hz IS
    'Last shaft speed that was measured in the window, in Hz; NULL when none was.';

CREATE TABLE analyzer.baselines (
    baseline_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('learning', 'in_force', 'retired', 'abandoned')),
    cause text NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    begin_time timestamptz NOT NULL,
    wanted_window_count integer NOT NULL CHECK (wanted_window_count > 0),
    create_time timestamptz NOT NULL DEFAULT now(),
    freeze_time timestamptz,
    end_time timestamptz,
    levels jsonb,
    CHECK ((levels IS NULL) = (freeze_time IS NULL)),
    CHECK ((state IN ('retired', 'abandoned')) = (end_time IS NOT NULL))
);
COMMENT ON TABLE analyzer.baselines IS
    'Healthy references of sensors, learned on request and then frozen. No row is ever deleted.';
COMMENT ON COLUMN analyzer.baselines.begin_time IS
    'Windows that start at or after it count; they are read from realtime_features.';
COMMENT ON COLUMN analyzer.baselines.wanted_window_count IS
    'Windows without overlap, with the machine running at one speed and load, that complete it.';
COMMENT ON COLUMN analyzer.baselines.levels IS
    'Median and MAD of ln(feature) for each bin of speed and load; NULL until it is complete.';
CREATE UNIQUE INDEX baselines_one_learning ON analyzer.baselines (sensor_id)
    WHERE state = 'learning';
CREATE UNIQUE INDEX baselines_one_in_force ON analyzer.baselines (sensor_id)
    WHERE state = 'in_force';
CREATE INDEX baselines_of_sensor ON analyzer.baselines (sensor_id, baseline_id);

CREATE TABLE analyzer.baseline_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    baseline_id bigint NOT NULL REFERENCES analyzer.baselines,
    sensor_id text NOT NULL,
    event_time timestamptz NOT NULL DEFAULT now(),
    event text NOT NULL CHECK (event IN ('requested', 'frozen', 'retired', 'abandoned')),
    principal text NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE analyzer.baseline_events IS
    'Audit of baselines: who did what, when and why. Rows are only added.';
CREATE INDEX baseline_events_of_baseline ON analyzer.baseline_events (baseline_id, event_id);
CREATE INDEX baseline_events_of_sensor ON analyzer.baseline_events (sensor_id, event_id);
"""


def upgrade() -> None:
    """Add baselines and their audit."""
    op.execute(_SQL)
