"""Features summed up over seconds and minutes, and views for SQL users."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_POSITIONS = """
CREATE TABLE analyzer.rollup_positions (
    sensor_id text NOT NULL,
    epoch bigint NOT NULL,
    rolled_window_index bigint NOT NULL CHECK (rolled_window_index >= 0),
    update_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, epoch)
) WITH (fillfactor = 50);
COMMENT ON TABLE analyzer.rollup_positions IS
    'How far each epoch is rolled up: every window below is, but for what rollups_due names.';

CREATE TABLE analyzer.rollups_due (
    sensor_id text NOT NULL,
    minute timestamptz NOT NULL,
    note_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, minute)
);
COMMENT ON TABLE analyzer.rollups_due IS
    'Minutes in which frames were replaced, noted with the frames: to be rolled up again.';
"""

_ROLLUPS = """
CREATE TABLE analyzer.feature_rollups_{name} (
    start_time timestamptz NOT NULL,
    layout_id integer NOT NULL,
    window_count integer NOT NULL,
    empty_window_count integer NOT NULL,
    sensor_id text NOT NULL,
    quality smallint[],
    minimum real[],
    mean real[],
    maximum real[],
    value_counts integer[],
    PRIMARY KEY (sensor_id, start_time, layout_id)
) PARTITION BY RANGE (start_time);
COMMENT ON TABLE analyzer.feature_rollups_{name} IS
    'Features of all windows that start in the same {unit}, a row per layout that occurs in it.
Written whole from realtime_features, as often as need be.
By names: reporting.v_feature_rollups_{name}.';
COMMENT ON COLUMN analyzer.feature_rollups_{name}.quality IS
    'Per channel every flag that a window bore, as in realtime_features.';
COMMENT ON COLUMN analyzer.feature_rollups_{name}.mean IS
    'One element per channel and feature, channel by channel: feature f of channel c is element
(c - 1) * cardinality(frame_layouts.feature_names) + f. The same holds for the other arrays.';
COMMENT ON COLUMN analyzer.feature_rollups_{name}.value_counts IS
    'Values that are not null. NULL when all are window_count - empty_window_count.';

CREATE VIEW reporting.v_feature_rollups_{name} AS
SELECT
    r.sensor_id, c.channel, c.unit, f.feature, r.start_time,
    r.minimum[(c.n - 1) * cardinality(l.feature_names) + f.n] AS minimum,
    r.mean[(c.n - 1) * cardinality(l.feature_names) + f.n] AS mean,
    r.maximum[(c.n - 1) * cardinality(l.feature_names) + f.n] AS maximum,
    CASE
        WHEN r.mean IS NULL THEN 0
        ELSE coalesce(
            r.value_counts[(c.n - 1) * cardinality(l.feature_names) + f.n],
            r.window_count - r.empty_window_count)
    END AS value_count,
    r.window_count, r.empty_window_count, r.quality[c.n] AS quality
FROM analyzer.feature_rollups_{name} AS r
JOIN analyzer.frame_layouts AS l USING (layout_id)
CROSS JOIN LATERAL unnest(l.channels, l.units) WITH ORDINALITY AS c (channel, unit, n)
CROSS JOIN LATERAL unnest(l.feature_names) WITH ORDINALITY AS f (feature, n);
COMMENT ON VIEW reporting.v_feature_rollups_{name} IS
    'Minimum, mean and maximum of each feature and channel over each {unit}. Filter by sensor_id and
start_time: both are looked up in an index.';
COMMENT ON COLUMN reporting.v_feature_rollups_{name}.unit IS
    'Unit of the samples: "g" or "m/s2". Units of features: GET /api/features.';
COMMENT ON COLUMN reporting.v_feature_rollups_{name}.value_count IS
    'Number of values that are not null; 0 with NULL in minimum, mean and maximum.';
COMMENT ON COLUMN reporting.v_feature_rollups_{name}.window_count IS
    'Windows that start in this {unit}, about ten a second for continuous sensors.';
COMMENT ON COLUMN reporting.v_feature_rollups_{name}.empty_window_count IS
    'Those of them without values: a gap, not monitored, or skipped.';
COMMENT ON COLUMN reporting.v_feature_rollups_{name}.quality IS
    'Every flag that a window bore: flag n of kurto.signal.v1.QualityFlag is bit n - 1. 0: good.';
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
"""

# From each sensor's positions to one index probe per partition, the newest first: as fast with
# years of history as with an hour.
_LATEST = """
CREATE VIEW reporting.v_latest_features AS
SELECT
    f.sensor_id, c.channel, c.unit, f.start_time, now() - f.start_time AS age, f.epoch,
    f.window_index, f.empty_reason, f.late, f.quality[c.n] AS quality,
    f.features[c.n][array_position(l.feature_names, 'mean')] AS mean,
    f.features[c.n][array_position(l.feature_names, 'rms')] AS rms,
    f.features[c.n][array_position(l.feature_names, 'peak')] AS peak,
    f.features[c.n][array_position(l.feature_names, 'peak_to_peak')] AS peak_to_peak,
    f.features[c.n][array_position(l.feature_names, 'crest_factor')] AS crest_factor,
    f.features[c.n][array_position(l.feature_names, 'kurtosis')] AS kurtosis,
    f.features[c.n][array_position(l.feature_names, 'skewness')] AS skewness,
    f.features[c.n][array_position(l.feature_names, 'dominant_frequency')] AS dominant_frequency,
    f.features[c.n][array_position(l.feature_names, 'spectral_centroid')] AS spectral_centroid,
    f.features[c.n][array_position(l.feature_names, 'band_rms.10_1000')] AS band_rms_10_1000,
    f.features[c.n][array_position(l.feature_names, 'band_rms.1000_5000')] AS band_rms_1000_5000,
    f.features[c.n][array_position(l.feature_names, 'band_rms.5000_10000')] AS band_rms_5000_10000,
    f.features[c.n][array_position(l.feature_names, 'velocity_rms')] AS velocity_rms
FROM (SELECT DISTINCT sensor_id FROM analyzer.positions) AS s
CROSS JOIN LATERAL (
    SELECT * FROM analyzer.realtime_features AS r WHERE r.sensor_id = s.sensor_id
    ORDER BY r.start_time DESC, r.epoch DESC, r.window_index DESC LIMIT 1
) AS f
JOIN analyzer.frame_layouts AS l USING (layout_id)
CROSS JOIN LATERAL unnest(l.channels, l.units) WITH ORDINALITY AS c (channel, unit, n);
COMMENT ON VIEW reporting.v_latest_features IS
    'The newest window of every sensor, one row per channel; features are NULL in an empty window.';
COMMENT ON COLUMN reporting.v_latest_features.age IS 'Time since the window began.';
COMMENT ON COLUMN reporting.v_latest_features.empty_reason IS
    '0: has values. 1: gap. 2: not monitored. 3: skipped.';
COMMENT ON COLUMN reporting.v_latest_features.quality IS
    'Flag n of kurto.signal.v1.QualityFlag is bit n - 1. 0: good.';
COMMENT ON COLUMN reporting.v_latest_features.unit IS
    'Unit of the samples: "g" or "m/s2". Units of features: GET /api/features.';
"""


def upgrade() -> None:
    """Add roll-ups, and what of the analyzer is in the schema ``reporting``."""
    op.execute(_REPORTING)
    op.execute(_POSITIONS)
    for name, unit in (("1s", "second"), ("1m", "minute")):
        op.execute(_ROLLUPS.format(name=name, unit=unit))
    op.execute(_LATEST)
