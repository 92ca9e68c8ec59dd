"""Open alerts for SQL users."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_SQL = """
"""


def upgrade() -> None:
    """Add the view ``reporting.v_active_alerts``."""
    op.execute(_SQL)
