"""Columns for the features that joined the first thirteen."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

# Columns of a view can only be added behind those that are there.
_FEATURES = (
    "mean",
    "rms",
    "peak",
    "peak_to_peak",
    "crest_factor",
    "kurtosis",
    "skewness",
    "dominant_frequency",
    "spectral_centroid",
    "band_rms.10_1000",
    "band_rms.1000_5000",
    "band_rms.5000_10000",
    "velocity_rms",
    "shape_factor",
    "impulse_factor",
    "clearance_factor",
    "spectral_bandwidth",
    "spectral_entropy",
    "spectral_flatness",
    "displacement_rms",
    "envelope_rms",
    "envelope_peak",
    "envelope_kurtosis",
)

_CHANNEL_FEATURES = """
CREATE OR REPLACE VIEW analyzer.channel_features AS
SELECT
    f.sensor_id, c.channel, c.unit, f.start_time, f.epoch, f.window_index, f.config_version,
    f.late, f.empty_reason, f.quality[c.n] AS quality,
    {columns}
FROM analyzer.realtime_features AS f
JOIN analyzer.frame_layouts AS l USING (layout_id)
CROSS JOIN LATERAL unnest(l.channels, l.units) WITH ORDINALITY AS c (channel, unit, n);
"""

_LATEST = """
CREATE OR REPLACE VIEW reporting.v_latest_features AS
SELECT
    f.sensor_id, c.channel, c.unit, f.start_time, now() - f.start_time AS age, f.epoch,
    f.window_index, f.empty_reason, f.late, f.quality[c.n] AS quality,
    {columns}
FROM (SELECT DISTINCT sensor_id FROM analyzer.positions) AS s
CROSS JOIN LATERAL (
    SELECT * FROM analyzer.realtime_features AS r WHERE r.sensor_id = s.sensor_id
    ORDER BY r.start_time DESC, r.epoch DESC, r.window_index DESC LIMIT 1
) AS f
JOIN analyzer.frame_layouts AS l USING (layout_id)
CROSS JOIN LATERAL unnest(l.channels, l.units) WITH ORDINALITY AS c (channel, unit, n);
"""


def _column(feature: str) -> str:
    place = f"array_position(l.feature_names, '{feature}')"
    return f"f.features[c.n][{place}] AS {feature.replace('.', '_')}"


def upgrade() -> None:
    """Give each feature a column in both views that have one per feature."""
    columns = ",\n    ".join(map(_column, _FEATURES))
    for view in (_CHANNEL_FEATURES, _LATEST):
        op.execute(view.format(columns=columns))
