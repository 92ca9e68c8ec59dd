"""Rules with their audit, alerts with their transitions, and where evaluation stands."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.execute(
        """
-- One row: its lock puts every change of rules or alerts in one order (decision 0007).
CREATE TABLE alerts.counters (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    transition_number bigint NOT NULL DEFAULT 0,
    rules_revision bigint NOT NULL DEFAULT 0
);
INSERT INTO alerts.counters DEFAULT VALUES;

CREATE TABLE alerts.alert_configurations (
    rule_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    definition jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    update_principal text NOT NULL
);

-- Who changed which rule, when, from what to what. A version is never used twice for an id.
CREATE TABLE alerts.alert_configuration_versions (
    rule_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    change text NOT NULL CHECK (change IN ('created', 'updated', 'deleted')),
    definition_before jsonb,
    definition_after jsonb,
    change_time timestamptz NOT NULL,
    principal text NOT NULL,
    PRIMARY KEY (rule_id, version)
);

CREATE TABLE alerts.acknowledgments (
    transition_number bigint PRIMARY KEY,
    alert_id text COLLATE "C" NOT NULL,
    principal text NOT NULL,
    claimed_user text NOT NULL,
    comment text NOT NULL,
    acknowledge_time timestamptz NOT NULL
);
CREATE INDEX acknowledgments_alert ON alerts.acknowledgments (alert_id);

CREATE TABLE alerts.alerts (
    alert_id text COLLATE "C" PRIMARY KEY,
    sensor_id text NOT NULL,
    channel text NOT NULL,
    rule_id text NOT NULL,
    epoch bigint NOT NULL,
    window_index bigint NOT NULL,
    raise_time timestamptz NOT NULL,
    rule_version bigint NOT NULL,
    rule_display_name text NOT NULL,
    feature text NOT NULL,
    unit text NOT NULL,
    severity smallint NOT NULL,
    state smallint NOT NULL,
    value double precision NOT NULL,
    worst_value double precision NOT NULL,
    limit_value double precision NOT NULL,
    resolve_time timestamptz,
    update_time timestamptz NOT NULL,
    acknowledged boolean NOT NULL,
    acknowledgment_number bigint REFERENCES alerts.acknowledgments,
    revision bigint NOT NULL
);
CREATE UNIQUE INDEX alerts_one_open ON alerts.alerts (sensor_id, channel, rule_id)
    WHERE resolve_time IS NULL;
-- All parts of a key descend, so that one row comparison continues a page.
CREATE INDEX alerts_active ON alerts.alerts (severity DESC, raise_time DESC, alert_id DESC)
    WHERE resolve_time IS NULL;
CREATE INDEX alerts_active_sensor
    ON alerts.alerts (sensor_id, severity DESC, raise_time DESC, alert_id DESC)
    WHERE resolve_time IS NULL;
CREATE INDEX alerts_rule_open ON alerts.alerts (rule_id) WHERE resolve_time IS NULL;
CREATE INDEX alerts_history ON alerts.alerts (raise_time DESC, alert_id DESC);
CREATE INDEX alerts_history_sensor ON alerts.alerts (sensor_id, raise_time DESC, alert_id DESC);

-- What varies of an alert, as it was after each transition.
CREATE TABLE alerts.alert_transitions (
    transition_number bigint PRIMARY KEY,
    alert_id text COLLATE "C" NOT NULL REFERENCES alerts.alerts,
    kind smallint NOT NULL,
    transition_time timestamptz NOT NULL,
    transition_window_index bigint,
    principal text NOT NULL,
    rule_version bigint NOT NULL,
    rule_display_name text NOT NULL,
    feature text NOT NULL,
    unit text NOT NULL,
    severity smallint NOT NULL,
    state smallint NOT NULL,
    value double precision NOT NULL,
    worst_value double precision NOT NULL,
    limit_value double precision NOT NULL,
    resolve_time timestamptz,
    update_time timestamptz NOT NULL,
    acknowledged boolean NOT NULL,
    acknowledgment_number bigint,
    revision bigint NOT NULL
);
CREATE INDEX alert_transitions_alert ON alerts.alert_transitions (alert_id, transition_number);

-- Transitions up to this number were put on the live stream.
CREATE TABLE alerts.publication (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    transition_number bigint NOT NULL DEFAULT 0
);
INSERT INTO alerts.publication DEFAULT VALUES;

-- How far each sensor is evaluated, with the conditions that are not normal.
CREATE TABLE alerts.sensor_checkpoints (
    sensor_id text PRIMARY KEY,
    epoch bigint NOT NULL,
    window_index bigint NOT NULL,
    conditions jsonb NOT NULL
) WITH (fillfactor = 50);

-- Where to go on reading the live streams of features.
CREATE TABLE alerts.stream_checkpoints (
    stream text PRIMARY KEY,
    message_id text NOT NULL
) WITH (fillfactor = 50);

-- What the registry said about sensors, so that rules go on while it is away.
CREATE TABLE alerts.sensor_profiles (
    sensor_id text PRIMARY KEY,
    tags text[] NOT NULL,
    burst_interval_us bigint,
    archived boolean NOT NULL
);
CREATE TABLE alerts.registry_cursor (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cursor text NOT NULL
);
"""
    )
