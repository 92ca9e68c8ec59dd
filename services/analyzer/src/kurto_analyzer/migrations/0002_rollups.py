"""Features summed up over seconds and minutes."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_SQL = """
"""


def upgrade() -> None:
    """Add roll-ups."""
    op.execute(_SQL)
