"""The load of each window."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

_SQL = """
-- The release before writes neither: its windows have no load.
ALTER TABLE analyzer.realtime_features ADD COLUMN load real, ADD COLUMN load_step real;
COMMENT ON COLUMN analyzer.realtime_features.load IS
    'Load at the end of the window, in the unit that the sensor declares; NULL when not known.';
COMMENT ON COLUMN analyzer.realtime_features.load_step IS
    'Width of a bin of load by the configuration of the window; NULL without a load.';
"""


def upgrade() -> None:
    """Add the columns ``load`` and ``load_step``."""
    op.execute(_SQL)
