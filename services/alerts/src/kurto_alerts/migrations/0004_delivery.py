"""Receivers, outbox, notifications and escalation."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_CONFIGURATION = """
CREATE TABLE alerts.receivers (
    receiver_id text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    definition jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    update_principal text NOT NULL
);
-- Apart from the definitions, so that no query for them, and no audit, can show a secret.
CREATE TABLE alerts.receiver_secrets (
    receiver_id text COLLATE "C" PRIMARY KEY REFERENCES alerts.receivers ON DELETE CASCADE,
    secrets jsonb NOT NULL
);
CREATE TABLE alerts.notification_policy (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version bigint NOT NULL DEFAULT 0,
    definition jsonb NOT NULL DEFAULT '{}',
    update_time timestamptz NOT NULL DEFAULT 'epoch',
    update_principal text NOT NULL DEFAULT ''
);
INSERT INTO alerts.notification_policy DEFAULT VALUES;
-- Who changed what; an empty receiver_id stands for the policy. Rows are only ever added.
CREATE TABLE alerts.delivery_changes (
    change_number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receiver_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    change text NOT NULL CHECK (change IN ('created', 'updated', 'deleted')),
    definition_before jsonb,
    definition_after jsonb,
    secrets_changed boolean NOT NULL,
    change_time timestamptz NOT NULL,
    principal text NOT NULL
);
CREATE INDEX delivery_changes_receiver ON alerts.delivery_changes (receiver_id, version);
-- Where machines stand, for routes by site.
CREATE TABLE alerts.machine_sites (
    machine_id text PRIMARY KEY,
    site_id text NOT NULL
);
"""

_OUTBOX = """
-- What receivers are to be told, written with the transition. Whoever commits transitions only ever
-- adds rows, and so waits for nobody who delivers. step 0: told at once; above: an escalation.
CREATE TABLE alerts.outbox (
    transition_number bigint NOT NULL,
    receiver_id text COLLATE "C" NOT NULL,
    step smallint NOT NULL,
    alert_id text COLLATE "C" NOT NULL,
    group_key text COLLATE "C" NOT NULL,
    transition_kind smallint NOT NULL,
    severity smallint NOT NULL,
    due_time timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'told', 'dropped')),
    reason text NOT NULL DEFAULT '',
    notification_id bigint,
    PRIMARY KEY (transition_number, receiver_id, step)
);
CREATE INDEX outbox_due ON alerts.outbox (receiver_id, due_time) WHERE state = 'pending';
CREATE INDEX outbox_alert ON alerts.outbox (alert_id, receiver_id);
CREATE INDEX outbox_notification ON alerts.outbox (notification_id)
    WHERE notification_id IS NOT NULL;
CREATE INDEX outbox_age ON alerts.outbox (create_time) WHERE state <> 'pending';

-- Its lock is the right to plan for a receiver.
CREATE TABLE alerts.delivery_plans (
    receiver_id text COLLATE "C" PRIMARY KEY,
    flood_time timestamptz
);
-- When a receiver was last told of a machine, and which notification it still is to be given.
CREATE TABLE alerts.notification_groups (
    receiver_id text COLLATE "C" NOT NULL,
    group_key text COLLATE "C" NOT NULL,
    notify_time timestamptz,
    repeat_time timestamptz,
    notification_id bigint,
    PRIMARY KEY (receiver_id, group_key)
);
CREATE INDEX notification_groups_repeat ON alerts.notification_groups (repeat_time)
    WHERE repeat_time IS NOT NULL;
CREATE INDEX notification_groups_open ON alerts.notification_groups (notification_id)
    WHERE notification_id IS NOT NULL;
-- Of which alerts a receiver was told, and so must be told the end.
CREATE TABLE alerts.told_alerts (
    receiver_id text COLLATE "C" NOT NULL,
    alert_id text COLLATE "C" NOT NULL,
    group_key text COLLATE "C" NOT NULL,
    severity smallint NOT NULL,
    notification_id bigint NOT NULL,
    PRIMARY KEY (receiver_id, alert_id)
);
CREATE INDEX told_alerts_group ON alerts.told_alerts (receiver_id, group_key);
CREATE INDEX told_alerts_notification ON alerts.told_alerts (notification_id);
"""

_NOTIFICATIONS = """
CREATE TABLE alerts.notifications (
    notification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idempotency_key text NOT NULL,
    receiver_id text COLLATE "C" NOT NULL,
    group_key text COLLATE "C" NOT NULL,
    machine_id text NOT NULL,
    kind smallint NOT NULL,
    state smallint NOT NULL,
    severity smallint NOT NULL,
    -- True for what is never given up: CRITICAL, or the end of what was told.
    must_deliver boolean NOT NULL,
    group_count integer NOT NULL,
    summary text NOT NULL,
    content jsonb NOT NULL,
    alert_ids text[] NOT NULL,
    transitions jsonb NOT NULL,
    attempt_count integer NOT NULL DEFAULT 0,
    create_time timestamptz NOT NULL,
    next_attempt_time timestamptz,
    finish_time timestamptz
);
CREATE INDEX notifications_due ON alerts.notifications (receiver_id, next_attempt_time)
    WHERE state = 1;
CREATE INDEX notifications_recent ON alerts.notifications (receiver_id, create_time);
CREATE INDEX notifications_time ON alerts.notifications (create_time);
CREATE INDEX notifications_alerts ON alerts.notifications USING gin (alert_ids);

CREATE TABLE alerts.notification_attempts (
    notification_id bigint NOT NULL REFERENCES alerts.notifications ON DELETE CASCADE,
    attempt_number integer NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz,
    delivered boolean NOT NULL DEFAULT false,
    status_code integer NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT '',
    PRIMARY KEY (notification_id, attempt_number)
);
"""


def upgrade() -> None:
    """Add what delivery needs."""
    op.execute(_CONFIGURATION)
    op.execute(_OUTBOX)
    op.execute(_NOTIFICATIONS)
