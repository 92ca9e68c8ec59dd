"""Positions of the analysis, and the features of every window."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_SQL = """
CREATE TABLE analyzer.positions (
    sensor_id text NOT NULL,
    epoch bigint NOT NULL,
    next_window_index bigint NOT NULL DEFAULT 0 CHECK (next_window_index >= 0),
    sample_rate_hz double precision NOT NULL,
    hop_samples integer NOT NULL,
    window_hops integer NOT NULL,
    anchor_time timestamptz NOT NULL,
    burst_interval_us bigint NOT NULL DEFAULT 0,
    update_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, epoch)
) WITH (
    -- Every row is rewritten ten times a second: room for that on its own page.
    fillfactor = 40,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000
);
COMMENT ON TABLE analyzer.positions IS
    'How far each epoch of each sensor is analysed. One row per (sensor, epoch).';
COMMENT ON COLUMN analyzer.positions.next_window_index IS
    'Every window below it is in realtime_features, or was skipped for good.';
COMMENT ON COLUMN analyzer.positions.anchor_time IS
    'Time of sample 0; window k starts at anchor_time + k * hop_samples / sample_rate_hz.';
COMMENT ON COLUMN analyzer.positions.burst_interval_us IS
    'For burst sensors window k starts at anchor_time + k * this; 0 for continuous ones.';

CREATE TABLE analyzer.frame_layouts (
    layout_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feature_names text[] NOT NULL,
    channels text[] NOT NULL,
    units text[] NOT NULL,
    UNIQUE (feature_names, channels, units)
);
COMMENT ON TABLE analyzer.frame_layouts IS
    'Names of the columns (features) and rows (channels) of realtime_features.features.';

CREATE TABLE analyzer.realtime_features (
    start_time timestamptz NOT NULL,
    epoch bigint NOT NULL,
    window_index bigint NOT NULL,
    config_version bigint NOT NULL,
    layout_id integer NOT NULL,
    empty_reason smallint NOT NULL,
    late boolean NOT NULL,
    sensor_id text NOT NULL,
    quality smallint[],
    features real[],
    PRIMARY KEY (sensor_id, start_time, epoch, window_index)
) PARTITION BY RANGE (start_time);
COMMENT ON TABLE analyzer.realtime_features IS
    'Features of every window, one row per window. View channel_features has one per channel.';
COMMENT ON COLUMN analyzer.realtime_features.empty_reason IS
    '0: has values. 1: gap. 2: not monitored. 3: skipped; the windows before it too.';
COMMENT ON COLUMN analyzer.realtime_features.late IS
    'True when it replaced an empty row after a refill.';
COMMENT ON COLUMN analyzer.realtime_features.quality IS
    'Per channel a mask of kurto.signal.v1.QualityFlag: flag n is bit n - 1.';
COMMENT ON COLUMN analyzer.realtime_features.features IS
    'Channels by features, named in frame_layouts; NULL where a feature could not be computed.';

CREATE VIEW analyzer.channel_features AS
SELECT
    f.sensor_id, c.channel, c.unit, f.start_time, f.epoch, f.window_index, f.config_version,
    f.late, f.empty_reason, f.quality[c.n] AS quality,
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
FROM analyzer.realtime_features AS f
JOIN analyzer.frame_layouts AS l USING (layout_id)
CROSS JOIN LATERAL unnest(l.channels, l.units) WITH ORDINALITY AS c (channel, unit, n);
COMMENT ON VIEW analyzer.channel_features IS
    'Features by name, one row per window and channel; all NULL in an empty window.';
"""


def upgrade() -> None:
    """Create the schema's first tables."""
    op.execute(_SQL)
