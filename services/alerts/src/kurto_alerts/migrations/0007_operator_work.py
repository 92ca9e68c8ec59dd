"""What lists, figures and the timekeeper look for."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

_INDEXES = """
-- All parts of a key descend, so that one row comparison continues a page.
CREATE INDEX alerts_active_shown
    ON alerts.alerts (severity DESC, raise_time DESC, alert_id DESC)
    WHERE resolve_time IS NULL AND NOT set_aside;
CREATE INDEX alerts_active_aside
    ON alerts.alerts (severity DESC, raise_time DESC, alert_id DESC)
    WHERE resolve_time IS NULL AND set_aside;
CREATE INDEX alerts_active_machine
    ON alerts.alerts (machine_id, severity DESC, raise_time DESC, alert_id DESC)
    WHERE resolve_time IS NULL;
CREATE INDEX alerts_active_rule
    ON alerts.alerts (rule_id, severity DESC, raise_time DESC, alert_id DESC)
    WHERE resolve_time IS NULL;
CREATE INDEX alerts_history_rule ON alerts.alerts (rule_id, raise_time DESC, alert_id DESC);
-- Few alerts are about anything but vibration.
CREATE INDEX alerts_history_kind ON alerts.alerts (kind, raise_time DESC, alert_id DESC)
    WHERE kind <> 1;
-- What waits to come up again, the longest acknowledged first.
CREATE INDEX alerts_acknowledged_open ON alerts.alerts (acknowledgment_number)
    WHERE resolve_time IS NULL AND acknowledged AND NOT set_aside;
-- Figures count what was decided in a period.
CREATE INDEX alert_transitions_time ON alerts.alert_transitions (transition_time);
"""


def upgrade() -> None:
    """Add the indexes."""
    op.execute(_INDEXES)
