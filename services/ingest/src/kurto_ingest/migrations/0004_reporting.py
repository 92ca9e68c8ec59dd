"""The state of every sensor for SQL users."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_SQL = """
"""


def upgrade() -> None:
    """Add the view ``reporting.v_sensor_status``."""
    op.execute(_SQL)
