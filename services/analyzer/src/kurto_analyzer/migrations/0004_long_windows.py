"""Features of long windows and diagnoses, and a view of the newest ones for SQL users."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_WINDOW = """
    end_time timestamptz NOT NULL,
    start_time timestamptz NOT NULL,
    epoch bigint NOT NULL,
    window_index bigint NOT NULL,
    first_index bigint NOT NULL,
    sample_count bigint NOT NULL,
    config_version bigint NOT NULL,
    shaft_speed_hz double precision,
    shaft_speed_source text,
    sensor_id text NOT NULL,
"""

_FEATURES = f"""
CREATE TABLE analyzer.long_features ({_WINDOW}
    layout_id integer NOT NULL,
    quality smallint[] NOT NULL,
    features real[] NOT NULL,
    PRIMARY KEY (sensor_id, end_time, epoch, window_index)
) PARTITION BY RANGE (end_time);
COMMENT ON TABLE analyzer.long_features IS
    'Features of long windows: orders of the shaft, fault lines, velocity from 2 Hz.';
COMMENT ON COLUMN analyzer.long_features.window_index IS
    'The last short window in it.';
COMMENT ON COLUMN analyzer.long_features.quality IS
    'Per channel a mask of kurto.signal.v1.QualityFlag: flag n is bit n - 1.';
COMMENT ON COLUMN analyzer.long_features.features IS
    'Channels by features, named in frame_layouts; NULL where a feature could not be computed.';
"""

_DIAGNOSES = f"""
CREATE TABLE analyzer.diagnoses ({_WINDOW}
    channel text NOT NULL,
    channel_number smallint NOT NULL,
    fault text NOT NULL,
    score double precision,
    growth double precision,
    bearing text NOT NULL,
    reason text NOT NULL,
    scores jsonb NOT NULL,
    lines jsonb NOT NULL,
    hints jsonb NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, end_time, epoch, window_index, channel)
) PARTITION BY RANGE (end_time);
COMMENT ON TABLE analyzer.diagnoses IS
    'What long windows say about bearings, one row per window and channel. Never an alarm alone.';
COMMENT ON COLUMN analyzer.diagnoses.fault IS
    'outer_race, inner_race, ball, none or uncertain; reason says why.';
COMMENT ON COLUMN analyzer.diagnoses.growth IS
    'Level in relation to the learned baseline; NULL without one.';
COMMENT ON COLUMN analyzer.diagnoses.scores IS
    'Score of each family of fault lines.';
COMMENT ON COLUMN analyzer.diagnoses.lines IS
    'The evidence: objects with name, expected_hz, found_hz and level_db.';
COMMENT ON COLUMN analyzer.diagnoses.hints IS
    'Patterns of the shaft: objects with pattern, score and reason.';
"""

# From each sensor to one index probe per partition, the newest first. All channels of a window
# are stored together.
_LATEST = """
CREATE VIEW reporting.v_latest_diagnoses AS
SELECT
    d.sensor_id, d.channel, d.fault, d.score, d.growth, d.reason, d.end_time,
    now() - d.end_time AS age, d.bearing, 60 * d.shaft_speed_hz AS shaft_speed_rpm,
    d.shaft_speed_source, d.scores, d.lines, d.hints, d.epoch, d.window_index, d.config_version
FROM (SELECT DISTINCT sensor_id FROM analyzer.positions) AS s
CROSS JOIN LATERAL (
    SELECT end_time, epoch, window_index FROM analyzer.diagnoses AS n
    WHERE n.sensor_id = s.sensor_id
    ORDER BY n.end_time DESC, n.epoch DESC, n.window_index DESC LIMIT 1
) AS newest
JOIN analyzer.diagnoses AS d ON d.sensor_id = s.sensor_id AND d.end_time = newest.end_time
    AND d.epoch = newest.epoch AND d.window_index = newest.window_index;
COMMENT ON VIEW reporting.v_latest_diagnoses IS
    'The newest diagnosis of every sensor, one row per channel. A fault line alone is no alarm:
see growth.';
COMMENT ON COLUMN reporting.v_latest_diagnoses.score IS
    'Standard deviations by which the lines of the fault rise above lines of no fault.';
COMMENT ON COLUMN reporting.v_latest_diagnoses.growth IS
    'Level in relation to the learned baseline; NULL without one.';
COMMENT ON COLUMN reporting.v_latest_diagnoses.age IS 'Time since the window ended.';
COMMENT ON COLUMN reporting.v_latest_diagnoses.lines IS
    'The evidence: objects with name, expected_hz, found_hz and level_db.';
"""


def upgrade() -> None:
    """Add what long windows write."""
    for sql in (_FEATURES, _DIAGNOSES, _LATEST):
        op.execute(sql)
