"""What operators see and do: kinds, machines, latches, shelves, what is out of service, audit."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_ALERTS = """
-- Defaults are what the release before means by not writing them.
ALTER TABLE alerts.alerts
    ADD COLUMN kind smallint NOT NULL DEFAULT 1,
    ADD COLUMN machine_id text NOT NULL DEFAULT '',
    ADD COLUMN instance_id text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN priority smallint NOT NULL DEFAULT 1,
    ADD COLUMN set_aside boolean NOT NULL DEFAULT false,
    ADD COLUMN details jsonb NOT NULL DEFAULT '{}';
ALTER TABLE alerts.alert_transitions
    ADD COLUMN instance_id text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN priority smallint NOT NULL DEFAULT 1,
    ADD COLUMN set_aside boolean NOT NULL DEFAULT false,
    ADD COLUMN details jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN claimed_user text NOT NULL DEFAULT '',
    ADD COLUMN comment text NOT NULL DEFAULT '';
-- An open alert is found by the run of its condition, which the engine names; '' stands for the
-- alert's own id, as the release before writes it.
CREATE INDEX alerts_open_instance ON alerts.alerts (instance_id)
    WHERE resolve_time IS NULL AND instance_id <> '';
CREATE INDEX alerts_open_machine ON alerts.alerts (machine_id) WHERE resolve_time IS NULL;
CREATE INDEX alerts_history_machine ON alerts.alerts (machine_id, raise_time DESC, alert_id DESC);
"""

_SET_ASIDE = """
-- A shelf is for whatever the channel raises under the rule, also before there is an alert.
CREATE TABLE alerts.shelves (
    sensor_id text NOT NULL,
    channel text NOT NULL,
    rule_id text NOT NULL,
    expire_time timestamptz NOT NULL,
    one_shot boolean NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    claimed_user text NOT NULL,
    shelve_time timestamptz NOT NULL,
    PRIMARY KEY (sensor_id, channel, rule_id)
);
CREATE INDEX shelves_due ON alerts.shelves (expire_time);

-- scope: 'machine', 'sensor' or 'channel'; names that it does not need are empty.
CREATE TABLE alerts.out_of_service (
    scope text NOT NULL CHECK (scope IN ('machine', 'sensor', 'channel')),
    machine_id text NOT NULL,
    sensor_id text NOT NULL,
    channel text NOT NULL,
    reason text NOT NULL,
    principal text NOT NULL,
    claimed_user text NOT NULL,
    begin_time timestamptz NOT NULL,
    PRIMARY KEY (scope, machine_id, sensor_id, channel)
);

-- Every action of a person, also those that concern no alert; rows are only ever added.
CREATE TABLE alerts.operator_actions (
    action_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action text NOT NULL,
    action_time timestamptz NOT NULL,
    principal text NOT NULL,
    claimed_user text NOT NULL,
    reason text NOT NULL,
    alert_id text COLLATE "C" NOT NULL DEFAULT '',
    transition_number bigint,
    target jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX operator_actions_alert ON alerts.operator_actions (alert_id, action_number);
CREATE INDEX operator_actions_time ON alerts.operator_actions (action_time, action_number);
"""


def upgrade() -> None:
    """Add what operators see and do."""
    op.execute(_ALERTS)
    op.execute(_SET_ASIDE)
