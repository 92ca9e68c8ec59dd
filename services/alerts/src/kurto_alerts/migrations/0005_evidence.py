"""What is frozen beside an alert."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_SQL = """
-- One row for each moment of a machine; the alerts that it raises there share it.
CREATE TABLE alerts.evidence (
    evidence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place text NOT NULL,
    first_moment timestamptz NOT NULL,
    last_moment timestamptz NOT NULL,
    state smallint NOT NULL DEFAULT 1,
    attempt_count integer NOT NULL DEFAULT 0,
    next_attempt_time timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    store_time timestamptz,
    byte_count bigint NOT NULL DEFAULT 0,
    problem text NOT NULL DEFAULT '',
    summary bytea
);
COMMENT ON COLUMN alerts.evidence.place IS
    'A machine with a "/" before it, or a sensor that has none.';
COMMENT ON COLUMN alerts.evidence.state IS '1 pending, 2 stored, 3 failed, 4 expired.';
COMMENT ON COLUMN alerts.evidence.summary IS
    'A kurto.alerts.v1.Evidence without samples: range, diagnoses, remarks.';
CREATE INDEX evidence_due ON alerts.evidence (next_attempt_time) WHERE state = 1;
CREATE INDEX evidence_of_place ON alerts.evidence (place, last_moment);
CREATE INDEX evidence_stored ON alerts.evidence (store_time, evidence_id) WHERE state = 2;

CREATE TABLE alerts.alert_evidence (
    alert_id text PRIMARY KEY,
    evidence_id bigint NOT NULL REFERENCES alerts.evidence
);
CREATE INDEX alert_evidence_shared ON alerts.alert_evidence (evidence_id);

CREATE TABLE alerts.evidence_parts (
    evidence_id bigint NOT NULL REFERENCES alerts.evidence,
    part_number integer NOT NULL,
    sensor_id text NOT NULL,
    channel text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (evidence_id, sensor_id, channel)
);
COMMENT ON COLUMN alerts.evidence_parts.content IS
    'A kurto.alerts.v1.Evidence with the samples and spectra of this channel.';
-- Samples do not become smaller by compression, only slower.
ALTER TABLE alerts.evidence_parts ALTER COLUMN content SET STORAGE EXTERNAL;

-- Spectra of the samples with which baselines were learned, which outlive those samples.
CREATE TABLE alerts.baseline_spectra (
    baseline_id bigint NOT NULL,
    channel text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (baseline_id, channel)
);
"""


def upgrade() -> None:
    """Add evidence."""
    op.execute(_SQL)
